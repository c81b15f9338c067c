//! Polls that last: others go on, their worker's place is taken and given back, and somebody hears of it.

mod support;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use fastwake::runtime::dump::WorkerState;
use fastwake::runtime::{
    Builder, LongPoll, PoolKind, PoolMetrics, Runtime, Substitute, ThreadState,
};
use fastwake::task;

use support::{PATIENCE, multi_thread, must_end, panic_message, until};

fn pods(runtime: &Runtime) -> Vec<PoolMetrics> {
    let pools = runtime.metrics().pools();
    pools
        .into_iter()
        .filter(|pool| pool.kind == PoolKind::Unbound)
        .collect()
}

fn sum(runtime: &Runtime, of: impl Fn(&PoolMetrics) -> u64) -> u64 {
    pods(runtime).iter().map(of).sum()
}

fn threads(runtime: &Runtime) -> usize {
    pods(runtime).iter().filter_map(|pool| pool.threads).sum()
}

fn compute(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

/// A poll that ends when the sender of the channel says so.
async fn waits(receiver: mpsc::Receiver<()>) {
    receiver.recv_timeout(PATIENCE).expect("it is let go");
}

#[test]
fn what_waits_behind_a_poll_that_waits_for_it_is_run() {
    must_end(|| {
        for workers in [1, 2] {
            let runtime = multi_thread(workers);
            let (sender, receiver) = mpsc::channel();
            runtime.block_on(async move {
                task::spawn(async move {
                    // The one goes to the LIFO slot, the other to the local queue.
                    let others = [1, 2].map(|_| {
                        let sender = sender.clone();
                        task::spawn(async move { sender.send(()).unwrap() })
                    });
                    for _ in &others {
                        receiver.recv_timeout(PATIENCE).unwrap();
                    }
                })
                .await
                .unwrap();
            });
        }
    });
}

#[test]
fn what_comes_from_outside_is_run_while_every_worker_is_in_a_long_poll() {
    must_end(|| {
        let runtime = multi_thread(2);
        let held: Vec<_> = (0..8)
            .map(|_| {
                let (let_go, receiver) = mpsc::channel();
                (let_go, runtime.spawn(waits(receiver)))
            })
            .collect();
        for n in 0..100 {
            assert_eq!(
                runtime.block_on(runtime.spawn(async move { n })).unwrap(),
                n
            );
        }
        for (let_go, handle) in held {
            let_go.send(()).unwrap();
            runtime.block_on(handle).unwrap();
        }
    });
}

#[test]
fn what_a_long_poll_itself_spawns_is_run_before_its_end() {
    must_end(|| {
        let runtime = multi_thread(1);
        let long = runtime.spawn(async {
            for n in 0..20 {
                let (sender, receiver) = mpsc::channel();
                task::spawn(async move { sender.send(n).unwrap() });
                assert_eq!(receiver.recv_timeout(PATIENCE), Ok(n));
            }
        });
        runtime.block_on(long).unwrap();
    });
}

#[cfg(feature = "time")]
#[test]
fn timers_go_on_beside_a_poll_that_computes() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (let_go, held) = mpsc::channel();
        let computes = runtime.spawn(async move {
            while held.try_recv().is_err() {
                std::hint::spin_loop();
            }
        });
        runtime
            .block_on(runtime.spawn(async {
                for _ in 0..10 {
                    fastwake::time::sleep(Duration::from_millis(1)).await;
                }
            }))
            .unwrap();
        let_go.send(()).unwrap();
        runtime.block_on(computes).unwrap();
    });
}

/// Tasks that compute for long, again and again, leave the workers to the others.
#[test]
fn tasks_on_probation_are_all_run_and_so_are_the_others() {
    must_end(|| {
        let runtime = multi_thread(2);
        let hogs: Vec<_> = (0..6)
            .map(|_| {
                runtime.spawn(async {
                    for _ in 0..5 {
                        compute(Duration::from_millis(25));
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        let others: Vec<_> = (0..1000)
            .map(|n| {
                runtime.spawn(async move {
                    task::yield_now().await;
                    n
                })
            })
            .collect();
        runtime.block_on(async {
            for (n, other) in others.into_iter().enumerate() {
                assert_eq!(other.await.unwrap(), n);
            }
            for hog in hogs {
                hog.await.unwrap();
            }
        });
        assert!(sum(&runtime, |pool| pool.long_polls) > 0);
    });
}

#[test]
fn tasks_on_probation_do_not_wait_for_one_that_is_stuck() {
    must_end(|| {
        let runtime = multi_thread(1);
        let (let_go, held) = mpsc::channel();
        // Its first poll puts it on probation, the second does not end.
        let stuck = runtime.spawn(async move {
            compute(Duration::from_millis(60));
            task::yield_now().await;
            held.recv_timeout(PATIENCE).expect("it is let go");
        });
        // While nothing waits, nobody watches.
        let waits = runtime.spawn(async {});
        until(|| sum(&runtime, |pool| pool.long_polls) >= 1);
        runtime.block_on(waits).unwrap();
        let other = runtime.spawn(async {
            for _ in 0..3 {
                compute(Duration::from_millis(60));
                task::yield_now().await;
            }
        });
        runtime.block_on(other).unwrap();
        let_go.send(()).unwrap();
        runtime.block_on(stuck).unwrap();
    });
}

#[test]
fn the_surplus_is_given_up_when_long_polls_end_and_spares_retire() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_keep_alive(Duration::from_millis(50))
            .build()
            .unwrap();
        let held: Vec<_> = (0..6)
            .map(|_| {
                let (let_go, receiver) = mpsc::channel();
                (let_go, runtime.spawn(waits(receiver)))
            })
            .collect();
        until(|| threads(&runtime) >= 6);
        for (let_go, handle) in held {
            let_go.send(()).unwrap();
            runtime.block_on(handle).unwrap();
        }
        // All are idle, and those beyond the two that stay have gone.
        until(|| threads(&runtime) == 2);
        until(|| {
            pods(&runtime)
                .iter()
                .all(|pool| pool.running_workers == Some(0))
        });
        assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
    });
}

#[test]
fn no_more_run_than_may_after_long_polls_have_ended() {
    must_end(|| {
        let runtime = multi_thread(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let held: Vec<_> = (0..4)
            .map(|_| {
                let (let_go, receiver) = mpsc::channel();
                (let_go, runtime.spawn(waits(receiver)))
            })
            .collect();
        runtime.block_on(runtime.spawn(async {})).unwrap();
        for (let_go, handle) in held {
            let_go.send(()).unwrap();
            runtime.block_on(handle).unwrap();
        }
        until(|| {
            pods(&runtime)
                .iter()
                .all(|pool| pool.running_workers == Some(0))
        });
        let tasks: Vec<_> = (0..200)
            .map(|_| {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                runtime.spawn(async move {
                    for _ in 0..20 {
                        most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                        compute(Duration::from_micros(20));
                        running.fetch_sub(1, SeqCst);
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        // A third may run only if one of these polls took as long as a long one, which is counted.
        let surplus = most.load(SeqCst).saturating_sub(2);
        let long = sum(&runtime, |pool| pool.long_polls).saturating_sub(4);
        assert!(
            surplus as u64 <= long,
            "{surplus} too many, {long} long polls"
        );
    });
}

fn reporting(workers: usize) -> (Runtime, Arc<Mutex<Vec<LongPoll>>>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&reports);
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers)
        .on_long_poll(move |poll| told.lock().unwrap().push(poll.clone()))
        .build()
        .unwrap();
    (runtime, reports)
}

#[test]
fn a_report_names_the_task_and_what_its_thread_does() {
    must_end(|| {
        let (runtime, reports) = reporting(1);
        let (let_go, receiver) = mpsc::channel();
        let line = line!() + 4;
        let entered = runtime.enter();
        let blocked = task::Builder::new()
            .name("careless")
            .spawn(waits(receiver))
            .unwrap();
        drop(entered);
        until(|| !reports.lock().unwrap().is_empty());
        {
            let reports = reports.lock().unwrap();
            let report = &reports[0];
            assert_eq!(report.task_id, blocked.id());
            assert_eq!(report.task_name.as_deref(), Some("careless"));
            assert!(report.spawned_at.file().ends_with("runtime_long_poll.rs"));
            assert_eq!(report.spawned_at.line(), line);
            assert!(report.elapsed >= Duration::from_millis(10));
            assert_eq!(
                (report.worker, report.pool_kind),
                (Some(0), PoolKind::Unbound)
            );
            assert_eq!((report.hits, report.substitute), (1, Substitute::NotNeeded));
            if cfg!(all(target_os = "linux", not(fastwake_portable))) {
                assert_eq!(report.state, ThreadState::Blocked);
            }
        }
        let_go.send(()).unwrap();
        runtime.block_on(blocked).unwrap();
    });
}

#[test]
fn a_repeat_offender_is_reported_at_powers_of_two_and_counted_each_time() {
    must_end(|| {
        let (runtime, reports) = reporting(1);
        for _ in 0..9 {
            let before = sum(&runtime, |pool| pool.long_polls);
            let (let_go, receiver) = mpsc::channel();
            let long = runtime.spawn(waits(receiver));
            let other = runtime.spawn(async {});
            until(|| sum(&runtime, |pool| pool.long_polls) > before);
            let_go.send(()).unwrap();
            runtime.block_on(async { (long.await.unwrap(), other.await.unwrap()) });
        }
        let of_waits = |poll: &&LongPoll| poll.hits > 0;
        let hits: Vec<u64> = reports
            .lock()
            .unwrap()
            .iter()
            .filter(of_waits)
            .map(|poll| poll.hits)
            .collect();
        assert!(hits.starts_with(&[1, 2, 4, 8]), "{hits:?}");
        assert!(sum(&runtime, |pool| pool.long_polls) >= 9);
    });
}

#[test]
fn at_the_bound_work_waits_and_the_report_says_so() {
    must_end(|| {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&reports);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_spare_workers(1)
            .on_long_poll(move |poll| told.lock().unwrap().push(poll.substitute))
            .build()
            .unwrap();
        let held = [1, 2].map(|_| {
            let (let_go, receiver) = mpsc::channel();
            (let_go, runtime.spawn(waits(receiver)))
        });
        let third = runtime.spawn(async {});
        until(|| sum(&runtime, |pool| pool.long_polls) == 2);
        until(|| reports.lock().unwrap().last() == Some(&Substitute::AtBound));
        assert!(!third.is_finished());
        for (let_go, _) in &held {
            let_go.send(()).unwrap();
        }
        runtime.block_on(third).unwrap();
        for (_, handle) in held {
            runtime.block_on(handle).unwrap();
        }
    });
}

#[test]
fn a_hook_that_panics_stops_nothing() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_long_poll(|_| panic!("of the hook"))
            .build()
            .unwrap();
        for _ in 0..2 {
            let (let_go, receiver) = mpsc::channel();
            let long = runtime.spawn(waits(receiver));
            runtime.block_on(runtime.spawn(async {})).unwrap();
            let_go.send(()).unwrap();
            runtime.block_on(long).unwrap();
        }
    });
}

#[test]
fn a_stalled_pool_is_reported_with_its_workers() {
    must_end(|| {
        let (sender, stalls) = mpsc::channel();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_spare_workers(0)
            .stall_threshold(Duration::from_secs(1))
            .on_stall(move |stall| sender.send(stall.clone()).unwrap())
            .build()
            .unwrap();
        let (let_go, receiver) = mpsc::channel();
        let stuck = runtime.spawn(waits(receiver));
        let other = runtime.spawn(async {});
        let stall = stalls.recv_timeout(PATIENCE).unwrap();
        assert!(stall.elapsed >= Duration::from_secs(1));
        assert_eq!(stall.pool.metrics.kind, PoolKind::Unbound);
        assert_eq!(stall.pool.worklist, Some(1));
        assert_eq!(stall.pool.workers.len(), 1);
        let worker = &stall.pool.workers[0];
        assert_eq!((worker.slot, worker.state), (0, WorkerState::Relieved));
        assert_eq!(worker.task, Some(stuck.id()));
        assert!(sum(&runtime, |pool| pool.stalls) >= 1);
        let_go.send(()).unwrap();
        runtime.block_on(async { (stuck.await.unwrap(), other.await.unwrap()) });
    });
}

/// How long the tests of this kind last: a second, or as long as the environment says.
fn for_a_while() -> Duration {
    let seconds = std::env::var("FASTWAKE_STRESS_SECONDS");
    Duration::from_secs(seconds.map_or(1, |seconds| {
        seconds
            .parse()
            .expect("FASTWAKE_STRESS_SECONDS is a number")
    }))
}

#[test]
fn a_pool_that_is_busy_with_short_polls_makes_no_spare() {
    must_end(|| {
        let runtime = multi_thread(2);
        let end = Instant::now() + for_a_while();
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                runtime.spawn(async move {
                    while Instant::now() < end {
                        compute(Duration::from_micros(50));
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        // Elsewhere a thread that waits for a CPU for long looks like one that is blocked.
        if cfg!(all(target_os = "linux", not(fastwake_portable))) {
            assert_eq!(sum(&runtime, |pool| pool.long_polls), 0);
            assert_eq!(threads(&runtime), 2);
        }
    });
}

#[test]
fn polls_around_the_threshold_make_no_thread_each() {
    must_end(|| {
        let runtime = multi_thread(2);
        let end = Instant::now() + for_a_while();
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                runtime.spawn(async move {
                    for n in 0.. {
                        if Instant::now() >= end {
                            return;
                        }
                        compute(Duration::from_millis(if n % 2 == 0 { 9 } else { 11 }));
                        task::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        // Two for those that compute, and two for the rest, which is nothing here; one more may be on
        // its way when a poll ends.
        let threads = threads(&runtime);
        assert!(threads <= 6, "{threads} threads");
        let made = sum(&runtime, |pool| pool.retired) as usize + threads;
        assert!(made <= 8, "{made} threads made");
    });
}

#[test]
fn a_shutdown_comes_through_beside_long_polls_and_drops_what_waits() {
    must_end(|| {
        struct Counts(Arc<AtomicUsize>);
        impl Drop for Counts {
            fn drop(&mut self) {
                self.0.fetch_add(1, SeqCst);
            }
        }
        let dropped = Arc::new(AtomicUsize::new(0));
        let runtime = multi_thread(2);
        for _ in 0..20 {
            let counts = Counts(Arc::clone(&dropped));
            runtime.spawn(async move {
                let _counts = counts;
                loop {
                    compute(Duration::from_millis(15));
                    task::yield_now().await;
                }
            });
        }
        until(|| sum(&runtime, |pool| pool.long_polls) >= 4);
        drop(runtime);
        assert_eq!(dropped.load(SeqCst), 20);
    });
}

#[test]
fn block_in_place_in_a_long_poll_and_on_probation_is_as_everywhere() {
    must_end(|| {
        let runtime = multi_thread(1);
        let twice = runtime.spawn(async {
            for _ in 0..3 {
                compute(Duration::from_millis(30));
                let (sender, receiver) = mpsc::channel();
                task::spawn(async move { sender.send(()).unwrap() });
                task::block_in_place(|| receiver.recv_timeout(PATIENCE).unwrap());
                compute(Duration::from_millis(30));
                task::yield_now().await;
            }
        });
        runtime.block_on(twice).unwrap();
        until(|| {
            pods(&runtime)
                .iter()
                .all(|pool| pool.running_workers == Some(0))
        });
    });
}

#[test]
fn a_task_of_one_cpus_pool_holds_nobody_up_there() {
    must_end(|| {
        let runtime = multi_thread(1);
        let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
        let both = Arc::new(Barrier::new(2));
        let tasks = [1, 2].map(|_| {
            let both = Arc::clone(&both);
            runtime
                .handle()
                .spawn_on(cpu, async move { both.wait() })
                .unwrap()
        });
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn thresholds_out_of_range_are_refused_by_name() {
    let message = panic_message(|| {
        Builder::new_multi_thread().long_poll_threshold(Duration::from_micros(999));
    });
    assert!(
        message.contains("long_poll_threshold is 999µs"),
        "{message}"
    );
    assert!(message.contains("at least 1ms"), "{message}");
    let message = panic_message(|| {
        Builder::new_multi_thread().stall_threshold(Duration::ZERO);
    });
    assert!(message.contains("stall_threshold is 0ns"), "{message}");
    let message = panic_message(|| {
        Builder::new_multi_thread().max_spare_workers(8193);
    });
    assert!(message.contains("max_spare_workers is 8193"), "{message}");
    assert!(message.contains("at most 8192"), "{message}");
}

#[test]
fn the_long_poll_of_a_task_that_is_alone_is_counted() {
    must_end(|| {
        // One that finds its worker not there yet, and one that finds it asleep.
        for pause in [Duration::ZERO, Duration::from_millis(100)] {
            let runtime = multi_thread(2);
            thread::sleep(pause);
            let (let_go, held) = mpsc::channel::<()>();
            let long = runtime.spawn(async move { held.recv_timeout(PATIENCE).unwrap() });
            until(|| sum(&runtime, |pool| pool.long_polls) == 1);
            let_go.send(()).unwrap();
            runtime.block_on(long).unwrap();
        }
    });
}

#[test]
fn a_threshold_that_is_never_reached_switches_the_detection_off() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .long_poll_threshold(Duration::MAX)
            .build()
            .unwrap();
        let long = runtime.spawn(async { thread::sleep(Duration::from_millis(100)) });
        let other = runtime.spawn(async {});
        runtime.block_on(async { (long.await.unwrap(), other.await.unwrap()) });
        assert_eq!(sum(&runtime, |pool| pool.long_polls), 0);
        assert_eq!(threads(&runtime), 1);
    });
}
