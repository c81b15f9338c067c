//! Closures that compute for long: how many at once, where, and with what priority.

mod support;

use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Builder, Handle, PoolKind};
use fastwake::task::{self, spawn_cpu_intensive};
use fastwake::topology::{CpuSet, allowed_cpus};
use support::{Count, multi_thread, must_end, on_both, until};

fn one_cpu() -> CpuSet {
    CpuSet::from_iter(allowed_cpus().unwrap().first())
}

#[test]
fn the_output_and_the_panic_reach_the_handle() {
    on_both(|runtime| {
        runtime.block_on(async {
            assert_eq!(spawn_cpu_intensive(|| 6 * 7).await.unwrap(), 42);
            let error = spawn_cpu_intensive(|| panic!("on purpose"))
                .await
                .unwrap_err();
            assert_eq!(support::message(&*error.into_panic()), "on purpose");
            assert_eq!(spawn_cpu_intensive(|| 43).await.unwrap(), 43);
        });
    });
}

#[test]
fn never_more_than_one_closure_per_cpu_runs_at_once() {
    must_end(|| {
        let runtime = multi_thread(2);
        let limit = pool_limit(runtime.handle());
        assert!(limit <= allowed_cpus().unwrap().len());
        let (now, most) = (
            Count::default(),
            Arc::new(std::sync::atomic::AtomicUsize::new(0)),
        );
        runtime.block_on(async {
            let closures: Vec<_> = (0..8 * limit)
                .map(|_| {
                    let (now, most) = (now.clone(), Arc::clone(&most));
                    spawn_cpu_intensive(move || {
                        let running = now.add();
                        most.fetch_max(running, std::sync::atomic::Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(1));
                        now.sub();
                    })
                })
                .collect();
            for closure in closures {
                closure.await.unwrap();
            }
        });
        assert!(most.load(std::sync::atomic::Ordering::SeqCst) <= limit);
    });
}

fn pool_limit(handle: &Handle) -> usize {
    let metrics = handle.metrics();
    let pool = metrics
        .pools()
        .into_iter()
        .find(|pool| pool.kind == PoolKind::CpuIntensive);
    pool.expect("a pool for CPU-intensive work").workers
}

#[test]
fn as_many_closures_as_allowed_do_run_at_once() {
    on_both(|runtime| {
        must_end(move || {
            let limit = pool_limit(runtime.handle());
            let barrier = Arc::new(Barrier::new(limit));
            let closures: Vec<_> = (0..limit)
                .map(|_| {
                    let barrier = Arc::clone(&barrier);
                    runtime.spawn_cpu_intensive(move || {
                        barrier.wait();
                    })
                })
                .collect();
            runtime.block_on(async {
                for closure in closures {
                    closure.await.unwrap();
                }
            });
        });
    });
}

/// The closure that spawns computes for long: what it spawns is not to wait for it while another
/// CPU is free.
#[test]
fn a_closure_that_a_closure_spawns_does_not_wait_for_it() {
    on_both(|runtime| {
        if pool_limit(runtime.handle()) < 2 {
            return;
        }
        must_end(move || {
            let outer = runtime.spawn_cpu_intensive(|| {
                let (sender, receiver) = mpsc::channel();
                drop(spawn_cpu_intensive(move || sender.send(()).unwrap()));
                receiver.recv_timeout(Duration::from_secs(10)).is_ok()
            });
            assert!(
                runtime.block_on(outer).unwrap(),
                "the inner closure did not run"
            );
        });
    });
}

#[test]
fn a_closure_that_has_not_begun_can_be_aborted() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .cpus(one_cpu())
            .build()
            .unwrap();
        let (release, released) = mpsc::channel::<()>();
        let first = runtime.spawn_cpu_intensive(move || released.recv().unwrap());
        let dropped = Count::default();
        let kept = dropped.on_drop();
        let second = runtime.spawn_cpu_intensive(move || {
            drop(kept);
            unreachable!("it was aborted before it began");
        });
        second.abort();
        release.send(()).unwrap();
        runtime.block_on(async {
            first.await.unwrap();
            let second: Result<(), _> = second.await;
            assert!(second.unwrap_err().is_cancelled());
        });
        assert_eq!(dropped.get(), 1);
    });
}

#[test]
fn workers_stay_responsive_while_all_cpus_compute() {
    must_end(|| {
        let runtime = multi_thread(1);
        let limit = pool_limit(runtime.handle());
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let hogs: Vec<_> = (0..limit)
            .map(|_| {
                let stop = Arc::clone(&stop);
                runtime.spawn_cpu_intensive(move || {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                })
            })
            .collect();
        runtime.block_on(async {
            for _ in 0..100 {
                task::spawn(task::yield_now()).await.unwrap();
            }
        });
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        runtime.block_on(async {
            for hog in hogs {
                hog.await.unwrap();
            }
        });
    });
}

#[test]
fn a_future_may_be_cpu_intensive_too() {
    on_both(|runtime| {
        must_end(move || {
            runtime.block_on(async {
                let (sender, receiver) = mpsc::channel();
                let task = task::Builder::new()
                    .cpu_intensive(true)
                    .spawn(async move {
                        for _ in 0..10 {
                            sender.send(thread::current().id()).unwrap();
                            task::yield_now().await;
                        }
                    })
                    .unwrap();
                task.await.unwrap();
                let here = thread::current().id();
                assert!(receiver.iter().all(|thread| thread != here));
            });
        });
    });
}

#[test]
fn threads_without_work_retire() {
    must_end(|| {
        let runtime = Builder::new_current_thread()
            .thread_keep_alive(Duration::from_millis(1))
            .build()
            .unwrap();
        for _ in 0..5 {
            runtime
                .block_on(runtime.spawn_cpu_intensive(|| ()))
                .unwrap();
            let threads = || {
                let metrics = runtime.metrics();
                let pool = metrics
                    .pools()
                    .into_iter()
                    .find(|pool| pool.kind == PoolKind::CpuIntensive);
                pool.unwrap().threads
            };
            until(|| threads() == Some(0));
        }
    });
}

#[cfg(all(target_os = "linux", not(fastwake_portable)))]
mod priority {
    use super::*;

    /// The 19th field of the thread's `stat`.
    fn nice() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[test]
    fn closures_run_at_a_lower_priority_than_tasks() {
        let own = nice();
        on_both(move |runtime| {
            runtime.block_on(async {
                assert_eq!(task::spawn(async { nice() }).await.unwrap(), own);
                assert_eq!(task::spawn_blocking(nice).await.unwrap(), own);
                assert_eq!(spawn_cpu_intensive(nice).await.unwrap(), (own + 10).min(19));
            });
        });
    }

    /// A new thread inherits the priority of its maker.
    #[test]
    fn what_a_closure_spawns_elsewhere_does_not_run_at_its_priority() {
        let own = nice();
        let cpu = allowed_cpus().unwrap().first().unwrap();
        on_both(move |runtime| {
            must_end(move || {
                runtime.block_on(async {
                    let spawned = spawn_cpu_intensive(move || {
                        let bound = Handle::current().spawn_on(cpu, async { nice() }).unwrap();
                        (task::spawn_blocking(nice), bound)
                    });
                    let (blocking, bound) = spawned.await.unwrap();
                    assert_eq!(
                        blocking.await.unwrap(),
                        own,
                        "of a thread for blocking closures"
                    );
                    assert_eq!(
                        bound.await.unwrap(),
                        own,
                        "of a worker that is bound to a CPU"
                    );
                });
            });
        });
    }
}

/// Its threads are made on behalf of a closure of another runtime's.
#[test]
fn a_closure_may_build_a_runtime_and_spawn_in_another() {
    on_both(|runtime| {
        must_end(move || {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1).thread_keep_alive(Duration::MAX);
            let other = builder.build().unwrap();
            let handle = other.handle().clone();
            let closure = runtime.spawn_cpu_intensive(move || {
                let blocking = handle.spawn_blocking(|| 1);
                let computing = handle.spawn_cpu_intensive(|| 2);
                let built = multi_thread(2);
                let sum = built.block_on(async {
                    let spawned = task::spawn(async { 4 }).await.unwrap();
                    let computed = spawn_cpu_intensive(|| 8).await.unwrap();
                    spawned + computed + task::spawn_blocking(|| 16).await.unwrap()
                });
                drop(built);
                handle.block_on(async { blocking.await.unwrap() + computing.await.unwrap() + sum })
            });
            assert_eq!(runtime.block_on(closure).unwrap(), 31);
            // Neither keeps the other.
            drop(runtime);
            let computing = other.spawn_cpu_intensive(|| 3);
            assert_eq!(other.block_on(computing).unwrap(), 3);
        });
    });
}
