//! The threads for blocking closures: how many there are, in which order they take closures, and
//! when they go.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Builder, Runtime};
use fastwake::task::{JoinHandle, spawn_blocking};
use support::{Count, current_thread, multi_thread, must_end, on_both, until};

fn join_all<T: Send + 'static>(runtime: &Runtime, closures: Vec<JoinHandle<T>>) -> Vec<T> {
    runtime.block_on(async {
        let mut outputs = Vec::new();
        for closure in closures {
            outputs.push(closure.await.unwrap());
        }
        outputs
    })
}

#[test]
fn the_output_and_the_panic_reach_the_handle() {
    on_both(|runtime| {
        runtime.block_on(async {
            assert_eq!(spawn_blocking(|| 6 * 7).await.unwrap(), 42);
            let error = spawn_blocking(|| panic!("on purpose")).await.unwrap_err();
            assert_eq!(support::message(&*error.into_panic()), "on purpose");
            assert_eq!(spawn_blocking(|| 43).await.unwrap(), 43);
        });
    });
}

#[test]
fn one_thread_takes_closures_in_the_order_of_their_spawns() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let closures = (0..1000)
            .map(|i| {
                let order = Arc::clone(&order);
                runtime.spawn_blocking(move || order.lock().unwrap().push(i))
            })
            .collect();
        join_all(&runtime, closures);
        assert!(order.lock().unwrap().iter().copied().eq(0..1000));
        assert_eq!(runtime.metrics().blocking().threads_made, 1);
    });
}

#[test]
fn never_more_closures_run_at_once_than_there_may_be_threads() {
    must_end(|| {
        for limit in [1, 3, 8] {
            let runtime = Builder::new_current_thread()
                .max_blocking_threads(limit)
                .build()
                .unwrap();
            let (now, most) = (Count::default(), Arc::new(AtomicUsize::new(0)));
            let closures = (0..20 * limit)
                .map(|_| {
                    let (now, most) = (now.clone(), Arc::clone(&most));
                    runtime.spawn_blocking(move || {
                        most.fetch_max(now.add(), SeqCst);
                        thread::sleep(Duration::from_micros(500));
                        now.sub();
                    })
                })
                .collect();
            join_all(&runtime, closures);
            assert!(most.load(SeqCst) <= limit);
        }
    });
}

#[test]
fn closures_that_wait_for_each_other_all_get_a_thread() {
    on_both(|runtime| {
        must_end(move || {
            // Each waits for the one that is spawned next, the last for nobody.
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..64).map(|_| mpsc::channel()).unzip();
            let mut waits: Vec<Option<mpsc::Receiver<()>>> =
                receivers.into_iter().skip(1).map(Some).collect();
            waits.push(None);
            let handles = senders
                .into_iter()
                .zip(waits)
                .map(|(sender, wait)| {
                    runtime.spawn_blocking(move || {
                        wait.into_iter().for_each(|next| next.recv().unwrap());
                        let _ = sender.send(());
                    })
                })
                .collect();
            join_all(&runtime, handles);
        });
    });
}

#[test]
fn as_many_closures_as_threads_are_allowed_block_at_the_same_time() {
    must_end(|| {
        let runtime = current_thread();
        let all_are_here = Arc::new(Barrier::new(512));
        let closures = (0..512).map(|_| {
            let all_are_here = Arc::clone(&all_are_here);
            runtime.spawn_blocking(move || {
                all_are_here.wait();
            })
        });
        let closures = closures.collect();
        join_all(&runtime, closures);
        assert_eq!(runtime.metrics().blocking().threads_made, 512);
    });
}

#[test]
fn short_closures_need_few_threads() {
    must_end(|| {
        let runtime = multi_thread(1);
        let closures = (0..10_000)
            .map(|i| runtime.spawn_blocking(move || i))
            .collect();
        assert!(join_all(&runtime, closures).into_iter().eq(0..10_000));
        let metrics = runtime.metrics().blocking();
        assert_eq!(
            (metrics.tasks_queued, metrics.tasks_started),
            (10_000, 10_000)
        );
        assert_eq!(metrics.queue_depth, 0);
    });
}

#[test]
fn threads_without_work_retire() {
    must_end(|| {
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(1)
            .thread_keep_alive(Duration::from_millis(1));
        let runtime = builder.build().unwrap();
        for _ in 0..20 {
            let closures = (0..10)
                .map(|_| runtime.spawn_blocking(thread::yield_now))
                .collect();
            join_all(&runtime, closures);
            until(|| runtime.metrics().blocking().threads == 0);
        }
    });
}

#[test]
fn a_closure_is_not_lost_to_a_thread_that_retires() {
    must_end(|| {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.thread_keep_alive(Duration::ZERO).build().unwrap();
        for i in 0..2000 {
            assert_eq!(
                runtime.block_on(runtime.spawn_blocking(move || i)).unwrap(),
                i
            );
        }
    });
}

#[test]
fn a_closure_that_has_not_begun_can_be_aborted() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let first = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            released.recv().unwrap();
            7
        });
        has_begun.recv().unwrap();
        let ran = Count::default();
        let count = ran.clone();
        let second = runtime.spawn_blocking(move || count.add());
        second.abort();
        // One that has begun is not interrupted.
        first.abort();
        release.send(()).unwrap();
        runtime.block_on(async {
            assert_eq!(first.await.unwrap(), 7);
            assert!(second.await.unwrap_err().is_cancelled());
        });
        assert_eq!(ran.get(), 0);
    });
}

#[test]
fn a_shutdown_cancels_what_has_not_begun_and_waits_for_what_has() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (begun, has_begun) = mpsc::channel();
        let done = Count::default();
        let count = done.clone();
        let first = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            thread::sleep(Duration::from_millis(20));
            count.add();
        });
        has_begun.recv().unwrap();
        let dropped = Count::default();
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let (kept, count) = (dropped.on_drop(), done.clone());
                runtime.spawn_blocking(move || {
                    drop(kept);
                    count.add()
                })
            })
            .collect();
        drop(runtime);
        assert_eq!((done.get(), dropped.get()), (1, 100));
        let other = current_thread();
        other.block_on(async {
            first.await.unwrap();
            for task in waiting {
                assert!(task.await.unwrap_err().is_cancelled());
            }
        });
    });
}

#[test]
fn blocking_inside_a_closure_is_allowed() {
    on_both(|runtime| {
        must_end(move || {
            let handle = runtime.handle().clone();
            let closure = runtime.spawn_blocking(move || {
                let inner = handle.block_on(async { fastwake::spawn(async { 20 }).await.unwrap() });
                inner + current_thread().block_on(async { 22 })
            });
            assert_eq!(runtime.block_on(closure).unwrap(), 42);
        });
    });
}

/// The limit is a bound, not an order: it costs nothing.
#[test]
fn a_limit_beyond_all_needs_is_cheap() {
    const TEST: &str = "a_limit_beyond_all_needs_is_cheap";
    if !support::is_rerun(TEST) {
        // In a process of its own, whose memory is bounded.
        return support::rerun_passes(TEST, bound_memory);
    }
    must_end(|| {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.max_blocking_threads(usize::MAX).build().unwrap();
        assert_eq!(runtime.block_on(runtime.spawn_blocking(|| 1)).unwrap(), 1);
    });
}

#[cfg(not(unix))]
fn bound_memory(_command: &mut std::process::Command) {}

#[cfg(unix)]
fn bound_memory(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: only a call that is allowed between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let limit = libc::rlimit {
                rlim_cur: 8 << 30,
                rlim_max: 8 << 30,
            };
            match libc::setrlimit(libc::RLIMIT_AS, &limit) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            }
        })
    };
}

/// A new thread inherits the CPUs of its maker.
#[cfg(all(target_os = "linux", not(fastwake_portable)))]
#[test]
fn a_closure_that_a_pinned_task_spawns_may_use_all_cpus() {
    use fastwake::topology::allowed_cpus;
    must_end(|| {
        for runtime in [multi_thread(1), current_thread()] {
            let cpu = allowed_cpus().unwrap().first().unwrap();
            let pinned = runtime.handle().spawn_on(cpu, async {
                spawn_blocking(|| allowed_cpus().unwrap()).await.unwrap()
            });
            let cpus = runtime.block_on(pinned.unwrap()).unwrap();
            assert_eq!(cpus, allowed_cpus().unwrap());
        }
    });
}
