//! An ordered work queue runs one task at a time, in the order of submission.
//!
//! `FASTWAKE_STRESS_TASKS` says how many tasks are queued (1,000,000 is the full run).

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use fastwake::WorkQueue;
use fastwake::task::yield_now;
use fastwake::topology::{AffinityScope, CpuSet, allowed_cpus};
use support::{Count, multi_thread, must_end};

fn tasks() -> usize {
    let number = std::env::var("FASTWAKE_STRESS_TASKS").ok();
    number.map_or(30_000, |number| number.parse().expect("a number of tasks"))
}

#[test]
fn an_ordered_queue_keeps_its_order_while_it_is_moved_about() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("journal")
            .ordered(true)
            .build_on(runtime.handle())
            .unwrap();
        assert_eq!(queue.metrics().max_active, 1);
        let done = AtomicBool::new(false);
        let (next, inside) = (Arc::new(AtomicUsize::new(0)), Count::default());
        thread::scope(|scope| {
            scope.spawn(|| {
                let first: CpuSet = allowed_cpus().unwrap().iter().take(1).collect();
                let all = allowed_cpus().unwrap();
                for scope in AffinityScope::ALL.into_iter().cycle() {
                    if done.load(SeqCst) {
                        return;
                    }
                    queue.set_affinity_scope(scope).unwrap();
                    queue.set_cpus(all.clone()).unwrap();
                    queue.set_cpus(first.clone()).unwrap();
                    thread::yield_now();
                }
            });
            for number in 0..tasks() {
                let (next, inside) = (Arc::clone(&next), inside.clone());
                let task = move || {
                    assert_eq!(inside.add(), 1, "one at a time");
                    assert_eq!(next.fetch_add(1, SeqCst), number);
                    inside.clone()
                };
                match number % 16 {
                    0 => drop(queue.spawn_blocking(move || task().sub())),
                    1..4 => drop(queue.spawn(async move {
                        let inside = task();
                        yield_now().await;
                        inside.sub();
                    })),
                    _ => drop(queue.spawn(async move { task().sub() })),
                }
            }
            runtime.block_on(queue.flush());
            done.store(true, SeqCst);
        });
        assert_eq!(next.load(SeqCst), tasks());
        assert_eq!(queue.metrics().completed, tasks() as u64);
    });
}

#[test]
fn tasks_of_an_ordered_queue_that_end_early_leave_the_others_in_order() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("journal")
            .ordered(true)
            .build_on(runtime.handle())
            .unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = |number: usize| {
            let seen = Arc::clone(&seen);
            async move {
                if number % 5 == 1 {
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
                yield_now().await;
                seen.lock().unwrap().push(number);
            }
        };
        let handles = queue.spawn_batch((0..2_000).map(task));
        for handle in handles.iter().step_by(3) {
            handle.abort();
        }
        runtime.block_on(queue.flush());
        let seen = seen.lock().unwrap();
        assert!(seen.is_sorted() && seen.len() < 2_000);
        assert!((0..2_000).all(|n| n % 3 == 0 || n % 5 == 1 || seen.binary_search(&n).is_ok()));
    });
}

#[test]
fn each_thread_finds_its_own_tasks_in_order() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("journal")
            .ordered(true)
            .build_on(runtime.handle())
            .unwrap();
        let last = Arc::new(Mutex::new([0; 4]));
        thread::scope(|scope| {
            for thread in 0..4 {
                let (queue, last) = (&queue, &last);
                scope.spawn(move || {
                    for number in 1..=1_000 {
                        let last = Arc::clone(last);
                        queue.spawn(async move {
                            let mut last = last.lock().unwrap();
                            assert_eq!(last[thread] + 1, number);
                            last[thread] = number;
                        });
                    }
                });
            }
        });
        runtime.block_on(queue.flush());
        assert_eq!(*last.lock().unwrap(), [1_000; 4]);
        assert_eq!(queue.metrics().panicked, 0);
    });
}
