//! What the pools do with their tasks: who runs, who is woken, and what is counted.

mod support;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Instant;

use fastwake::runtime::{Builder, PoolKind, PoolMetrics, Runtime};
use fastwake::task::{self, spawn, yield_now};
use fastwake::topology::{AffinityScope, allowed_cpus};
use support::{
    Count, PATIENCE, current_thread, multi_thread, must_end, on_both, panic_message, until,
};

fn one_pool(workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(workers)
        .affinity_scope(AffinityScope::System)
        .build()
        .unwrap()
}

fn unbound(runtime: &Runtime) -> PoolMetrics {
    let metrics = runtime.metrics();
    let mut pools = metrics
        .pools()
        .into_iter()
        .filter(|pool| pool.kind == PoolKind::Unbound);
    pools.next().expect("a pool").clone()
}

fn until_idle(runtime: &Runtime) {
    until(|| {
        let pool = unbound(runtime);
        pool.idle_workers == Some(pool.workers) && pool.running_workers == Some(0)
    });
}

#[test]
fn a_batch_keeps_the_order_of_its_futures() {
    on_both(|runtime| {
        must_end(move || {
            for n in [0, 1, 2, 300, 100_000] {
                let tasks = runtime
                    .handle()
                    .spawn_batch((0..n).map(|i| async move { i }));
                assert_eq!(tasks.len(), n);
                runtime.block_on(async {
                    for (i, task) in tasks.into_iter().enumerate() {
                        assert_eq!(task.await.unwrap(), i);
                    }
                });
            }
        });
    });
}

#[test]
fn a_batch_whose_iterator_panics_cancels_what_was_made() {
    on_both(|runtime| {
        must_end(move || {
            let (dropped, ran) = (Count::default(), Count::default());
            let futures = (0..10).map(|i| {
                assert!(i < 7, "on purpose");
                let (kept, ran) = (dropped.on_drop(), ran.clone());
                async move {
                    ran.add();
                    drop(kept);
                }
            });
            let text = panic_message(|| runtime.handle().spawn_batch(futures));
            assert_eq!(text, "on purpose");
            assert_eq!((dropped.get(), ran.get()), (7, 0));
            assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
        });
    });
}

#[test]
fn a_batch_may_be_spawned_from_a_task_and_by_an_iterator_that_spawns() {
    on_both(|runtime| {
        must_end(move || {
            let sum = runtime.spawn(async {
                let futures = (0..1000_usize).map(|i| {
                    let inner = spawn(async move { i });
                    async move { inner.await.unwrap() }
                });
                let mut sum = 0;
                for task in fastwake::runtime::Handle::current().spawn_batch(futures) {
                    sum += task.await.unwrap();
                }
                sum
            });
            assert_eq!(runtime.block_on(sum).unwrap(), 499_500);
        });
    });
}

#[test]
fn one_spawn_into_an_idle_pool_is_one_pick_and_one_wake() {
    must_end(|| {
        for workers in [1, 2, 4] {
            let runtime = one_pool(workers);
            // A worker counts its park on the way from the idle list to its sleep.
            until(|| unbound(&runtime).parks == workers as u64);
            for _ in 0..20 {
                let before = unbound(&runtime);
                runtime.block_on(runtime.spawn(async {})).unwrap();
                until(|| unbound(&runtime).parks > before.parks);
                let after = unbound(&runtime);
                assert_eq!(after.picks - before.picks, 1);
                assert_eq!(after.wakes - before.wakes, 1);
                assert_eq!(
                    after.wakes_without_system_call,
                    before.wakes_without_system_call
                );
                assert_eq!(after.chain_kicks, before.chain_kicks);
                assert_eq!(after.parks - before.parks, 1);
            }
        }
    });
}

#[test]
fn an_idle_runtime_wakes_nobody() {
    must_end(|| {
        let runtime = one_pool(2);
        until(|| unbound(&runtime).parks == 2);
        let before = unbound(&runtime);
        thread::sleep(std::time::Duration::from_millis(50));
        let after = unbound(&runtime);
        assert_eq!((before.wakes, before.parks), (after.wakes, after.parks));
    });
}

#[test]
fn what_is_started_is_completed_and_counted_once() {
    on_both(|runtime| {
        must_end(move || {
            let tasks: Vec<_> = (0..500)
                .map(|i| {
                    runtime.spawn(async move {
                        match i % 3 {
                            0 => {}
                            1 => yield_now().await,
                            _ => panic!("on purpose"),
                        }
                    })
                })
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    let _ = task.await;
                }
            });
            let sums = || {
                let metrics = runtime.metrics();
                let pools = metrics.pools().into_iter();
                pools.fold((0, 0, 0), |(a, b, c), pool| {
                    (
                        a + pool.tasks_started,
                        b + pool.tasks_completed,
                        c + pool.polls,
                    )
                })
            };
            // 167 tasks are polled twice. The last count follows the output.
            until(|| sums() == (500, 500, 667));
            let metrics = runtime.metrics();
            assert_eq!(
                (metrics.num_suspended_tasks(), metrics.global_queue_depth()),
                (0, 0)
            );
        });
    });
}

/// Keeps a task awake for as long as the flag is down.
async fn busy(stop: Arc<AtomicBool>) {
    while !stop.load(SeqCst) {
        yield_now().await;
    }
}

#[test]
fn a_task_from_outside_gets_its_turn_beside_tasks_that_yield() {
    must_end(|| {
        for workers in [1, 2] {
            let runtime = one_pool(workers);
            let stop = Arc::new(AtomicBool::new(false));
            let tasks: Vec<_> = (0..10)
                .map(|_| runtime.spawn(busy(Arc::clone(&stop))))
                .collect();
            for _ in 0..50 {
                runtime.block_on(runtime.spawn(yield_now())).unwrap();
            }
            stop.store(true, SeqCst);
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
        }
    });
}

/// One half of a pair of tasks that only wake each other.
fn ping_pong(runtime: &Runtime, stop: &Arc<AtomicBool>) {
    type Side = Arc<Mutex<(bool, Option<Waker>)>>;
    let sides: [Side; 2] = Default::default();
    sides[0].lock().unwrap().0 = true;
    for i in 0..2 {
        let (own, other) = (Arc::clone(&sides[i]), Arc::clone(&sides[1 - i]));
        let stop = Arc::clone(stop);
        runtime.spawn(std::future::poll_fn(move |context| {
            if stop.load(SeqCst) {
                return Poll::Ready(());
            }
            let mut side = own.lock().unwrap();
            side.1 = Some(context.waker().clone());
            if std::mem::take(&mut side.0) {
                drop(side);
                let mut side = other.lock().unwrap();
                side.0 = true;
                let waker = side.1.take();
                drop(side);
                waker.into_iter().for_each(Waker::wake);
            }
            Poll::Pending
        }));
    }
}

#[test]
fn a_pair_that_wakes_each_other_does_not_starve_the_others() {
    must_end(|| {
        for runtime in [one_pool(1), one_pool(2), current_thread()] {
            let stop = Arc::new(AtomicBool::new(false));
            ping_pong(&runtime, &stop);
            ping_pong(&runtime, &stop);
            let local = runtime.spawn(async {
                // Tasks of a task go to the worker's own queue.
                for _ in 0..100 {
                    spawn(yield_now()).await.unwrap();
                }
            });
            runtime.block_on(local).unwrap();
            for _ in 0..100 {
                runtime.block_on(runtime.spawn(yield_now())).unwrap();
            }
            stop.store(true, SeqCst);
        }
    });
}

#[test]
fn tasks_that_one_worker_spawns_run_on_others_too() {
    must_end(|| {
        let runtime = one_pool(4);
        let spawner = runtime.spawn(async {
            let running = Count::default();
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    let running = running.clone();
                    spawn(async move {
                        running.add();
                        // Each keeps its worker until all four have one.
                        let start = Instant::now();
                        while running.get() < 4 && start.elapsed() < PATIENCE {
                            thread::yield_now();
                        }
                        running.get()
                    })
                })
                .collect();
            let mut least = usize::MAX;
            for task in tasks {
                least = least.min(task.await.unwrap());
            }
            least
        });
        assert_eq!(runtime.block_on(spawner).unwrap(), 4);
        assert!(unbound(&runtime).steals_in_pod > 0);
    });
}

#[test]
fn a_queue_that_overflows_loses_nothing() {
    must_end(|| {
        let runtime = one_pool(1);
        let done = Count::default();
        let count = done.clone();
        let spawner = runtime.spawn(async move {
            for _ in 0..5000 {
                let count = count.clone();
                spawn(async move { count.add() });
            }
        });
        runtime.block_on(spawner).unwrap();
        until(|| done.get() == 5000);
        assert!(unbound(&runtime).overflows > 0);
    });
}

#[test]
fn spawn_on_refuses_a_foreign_cpu_and_drops_the_future() {
    on_both(|runtime| {
        let dropped = Count::default();
        let foreign = allowed_cpus().unwrap().last().unwrap() + 1;
        for cpu in [foreign, 1_000_000, usize::MAX] {
            let kept = dropped.on_drop();
            let error = runtime
                .handle()
                .spawn_on(cpu, async move { drop(kept) })
                .unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
            let text = error.to_string();
            assert!(
                text.starts_with(&format!("CPU {cpu} is not among those")),
                "{text}"
            );
        }
        assert_eq!(dropped.get(), 3);
    });
}

#[test]
fn a_pool_of_one_cpu_is_made_once_and_counts_apart() {
    must_end(|| {
        let runtime = multi_thread(1);
        let cpu = allowed_cpus().unwrap().first().unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let handle = runtime.handle().clone();
                thread::spawn(move || {
                    for _ in 0..50 {
                        let task = handle.spawn_on(cpu, async { task::id() }).unwrap();
                        let id = task.id();
                        assert_eq!(handle.block_on(task).unwrap(), id);
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let metrics = runtime.metrics();
        let pools = metrics
            .pools()
            .into_iter()
            .filter(|pool| pool.kind == PoolKind::PerCpu);
        let started: Vec<_> = pools
            .map(|pool| (pool.workers, pool.tasks_started))
            .collect();
        assert_eq!(started, [(1, 200)]);
    });
}

#[test]
fn a_steady_stream_into_two_workers_is_worth_few_wakes() {
    must_end(|| {
        let runtime = one_pool(2);
        until_idle(&runtime);
        let (sender, receiver) = mpsc::channel();
        for _ in 0..10_000 {
            let sender = sender.clone();
            runtime.spawn(async move { sender.send(()).unwrap() });
        }
        drop(sender);
        assert_eq!(receiver.iter().count(), 10_000);
        until_idle(&runtime);
        let pool = unbound(&runtime);
        // One wake for each spawn would be the naive way; how many fewer depends on the machine.
        assert!(pool.wakes < 5_000, "{pool:?}");
        assert!(pool.picks >= pool.wakes);
    });
}
