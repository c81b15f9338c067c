//! The monitor's corners: it is always there when something waits for it, and nothing that it or a worker
//! puts aside is forgotten.

mod support;

use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use fastwake::runtime::{Builder, PoolKind, PoolMetrics, Runtime};
#[cfg(feature = "sync")]
use fastwake::sync::oneshot;
use fastwake::task;

use support::{PATIENCE, multi_thread, must_end, until};

/// Beyond every threshold.
const LONG: Duration = Duration::from_millis(60);

fn pod(runtime: &Runtime) -> PoolMetrics {
    let mut pools = runtime.metrics().pools().into_iter();
    pools
        .find(|pool| pool.kind == PoolKind::Unbound)
        .expect("a multi-thread runtime has a pod")
}

fn compute(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

#[test]
fn a_task_whose_probation_is_over_does_not_wait_for_one_that_stays_on_it() {
    must_end(|| {
        // Nobody wakes up by himself to find the task.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_keep_alive(2 * PATIENCE)
            .build()
            .unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&done);
        let hog = runtime.spawn(async move {
            let end = Instant::now() + PATIENCE;
            while !seen.load(SeqCst) {
                assert!(Instant::now() < end, "the other task is starved");
                compute(LONG / 2);
                task::yield_now().await;
            }
        });
        until(|| pod(&runtime).long_polls >= 1);
        let other = runtime.spawn(async move {
            thread::sleep(LONG);
            for _ in 0..20 {
                task::yield_now().await;
            }
            done.store(true, SeqCst);
        });
        runtime.block_on(other).unwrap();
        runtime.block_on(hog).unwrap();
    });
}

#[cfg(feature = "sync")]
#[test]
fn who_waits_for_a_seat_is_not_forgotten_when_there_may_be_no_more_threads() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_spare_workers(2)
            .build()
            .unwrap();
        let (gates, entrances): (Vec<_>, Vec<_>) = (0..4).map(|_| oneshot::channel::<()>()).unzip();
        let mut entrances = entrances.into_iter();
        let waiting = Arc::new(AtomicUsize::new(0));
        // Each is put on probation by its first poll, and goes on when it is let in.
        let mut on_probation = |second: Box<dyn FnOnce() + Send>| {
            let (entrance, waiting) = (entrances.next().unwrap(), Arc::clone(&waiting));
            runtime.spawn(async move {
                thread::sleep(LONG);
                waiting.fetch_add(1, SeqCst);
                entrance.await.unwrap();
                second();
            })
        };
        let mut gates = gates.into_iter();
        let first = gates.next().unwrap();
        let (let_go, held): (Vec<_>, Vec<_>) = (0..2).map(|_| mpsc::channel::<()>()).unzip();
        let mut held = held.into_iter();
        let (held_a, held_b) = (held.next().unwrap(), held.next().unwrap());
        let tasks = [
            on_probation(Box::new(move || {
                gates.for_each(|gate| gate.send(()).unwrap());
                held_a.recv_timeout(PATIENCE).expect("the last lets it go");
            })),
            on_probation(Box::new(move || {
                held_b.recv_timeout(PATIENCE).expect("the last lets it go");
            })),
            on_probation(Box::new(|| {})),
            on_probation(Box::new(move || {
                let_go.iter().for_each(|held| held.send(()).unwrap());
            })),
        ];
        until(|| pod(&runtime).long_polls >= 4 && waiting.load(SeqCst) == 4);
        // The last of them is about to be suspended.
        thread::sleep(LONG);
        first.send(()).unwrap();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_batch_that_comes_while_every_worker_is_in_a_long_poll_is_run() {
    must_end(|| {
        let runtime = multi_thread(1);
        // What comes before the thread has to wait, and so has somebody watch.
        until(|| {
            let pod = pod(&runtime);
            (pod.threads, pod.running_workers) == (Some(1), Some(0))
        });
        let (begun, began) = mpsc::channel();
        let (let_go, held) = mpsc::channel();
        let long = runtime.spawn(async move {
            begun.send(()).unwrap();
            held.recv_timeout(PATIENCE).expect("the batch lets it go");
        });
        began.recv_timeout(PATIENCE).unwrap();
        let batch = [async move { let_go.send(()).unwrap() }];
        for task in runtime.handle().spawn_batch(batch) {
            runtime.block_on(task).unwrap();
        }
        runtime.block_on(long).unwrap();
    });
}

#[test]
fn a_hook_may_drop_the_runtime() {
    must_end(|| {
        let held = Arc::new(Mutex::new(None::<Runtime>));
        let (dropped, ended) = mpsc::channel();
        let in_hook = Arc::clone(&held);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_long_poll(move |_| {
                let runtime = in_hook.lock().unwrap().take();
                if let Some(runtime) = runtime {
                    drop(runtime);
                    dropped.send(()).unwrap();
                }
            })
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        *held.lock().unwrap() = Some(runtime);
        let _long = handle.spawn(async { thread::sleep(2 * LONG) });
        let _other = handle.spawn(async {});
        ended.recv_timeout(PATIENCE).expect("the hook comes back");
    });
}

#[test]
fn a_pool_whose_workers_are_all_blocked_is_reported_though_nobody_has_run_for_long() {
    must_end(|| {
        let (sender, stalls) = mpsc::channel();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_spare_workers(0)
            .stall_threshold(Duration::from_secs(1))
            .on_stall(move |stall| sender.send(stall.elapsed).unwrap())
            .build()
            .unwrap();
        // Somebody watches from here on.
        let both = runtime.spawn(async { task::spawn(async {}).await.unwrap() });
        runtime.block_on(both).unwrap();
        let (begun, began) = mpsc::channel();
        let (let_go, held) = mpsc::channel();
        let blocked = runtime.spawn(async move {
            task::block_in_place(|| {
                begun.send(()).unwrap();
                held.recv_timeout(2 * PATIENCE).expect("it is let go");
            });
        });
        began.recv_timeout(PATIENCE).unwrap();
        thread::sleep(Duration::from_millis(1500));
        let submitted = Instant::now();
        let waits = runtime.spawn(async {});
        let stalled = stalls.recv_timeout(PATIENCE).expect("a report");
        let waited = submitted.elapsed();
        assert!(stalled <= waited, "{stalled:?} of {waited:?}");
        let_go.send(()).unwrap();
        runtime.block_on(async { (blocked.await.unwrap(), waits.await.unwrap()) });
    });
}

#[test]
fn what_a_long_poll_spawns_after_the_monitor_has_gone_to_sleep_is_not_forgotten() {
    must_end(|| {
        let (sender, stalls) = mpsc::channel();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_spare_workers(0)
            .stall_threshold(Duration::from_secs(1))
            .on_stall(move |stall| sender.send(stall.pool.worklist).unwrap())
            .build()
            .unwrap();
        let (let_go, held) = mpsc::channel();
        let long = runtime.spawn(async move {
            // Its thread is blocked and nobody else runs: there is nothing to watch.
            thread::sleep(10 * LONG);
            let waits = task::spawn(async {});
            held.recv_timeout(2 * PATIENCE).expect("it is let go");
            waits.await.unwrap();
        });
        let worklist = stalls.recv_timeout(PATIENCE).expect("a report");
        assert_eq!(worklist, Some(1), "where anybody would find it");
        let_go.send(()).unwrap();
        runtime.block_on(long).unwrap();
    });
}

#[test]
fn a_hook_may_wait_for_a_task_of_the_runtime() {
    must_end(|| {
        let (sender, handles) = mpsc::channel::<fastwake::runtime::Handle>();
        let (heard, answers) = mpsc::channel();
        let handles = Mutex::new(handles);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_long_poll(move |_| {
                if let Ok(handle) = handles.lock().unwrap().try_recv() {
                    let answer = handle.block_on(handle.spawn(async { 42 }));
                    heard.send(answer.unwrap()).unwrap();
                }
            })
            .build()
            .unwrap();
        sender.send(runtime.handle().clone()).unwrap();
        let (let_go, held) = mpsc::channel::<()>();
        let long = runtime.spawn(async move { held.recv_timeout(PATIENCE).unwrap() });
        let other = runtime.spawn(async {});
        assert_eq!(answers.recv_timeout(PATIENCE), Ok(42));
        let_go.send(()).unwrap();
        runtime.block_on(async { (long.await.unwrap(), other.await.unwrap()) });
    });
}

#[test]
fn who_is_on_probation_starves_nobody_when_there_may_be_no_more_threads() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_spare_workers(1)
            .build()
            .unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&done);
        let hog = runtime.spawn(async move {
            let end = Instant::now() + PATIENCE;
            while !seen.load(SeqCst) {
                assert!(Instant::now() < end, "the others are starved");
                compute(LONG / 2);
                task::yield_now().await;
            }
        });
        // The first poll is one as any other.
        until(|| pod(&runtime).long_polls >= 3);
        let (begun, began) = mpsc::channel();
        let (let_go, held) = mpsc::channel();
        let stuck = runtime.spawn(async move {
            begun.send(()).unwrap();
            held.recv_timeout(PATIENCE).expect("the other lets it go");
        });
        began.recv_timeout(PATIENCE).unwrap();
        let other = runtime.spawn(async move { let_go.send(()).unwrap() });
        runtime.block_on(async { (stuck.await.unwrap(), other.await.unwrap()) });
        done.store(true, SeqCst);
        runtime.block_on(hog).unwrap();
    });
}
