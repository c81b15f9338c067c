//! `block_in_place`: the others go on.

mod support;

use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use fastwake::runtime::Builder;
use fastwake::task::{self, block_in_place, spawn};
use support::{Count, current_thread, multi_thread, must_end, panic_message, until};

#[test]
fn a_worker_that_blocks_lets_its_queued_tasks_go_on() {
    must_end(|| {
        let runtime = multi_thread(1);
        let sum = runtime.spawn(async {
            // Queued behind this task, on the only worker.
            let (before, early) = mpsc::channel();
            let (after, late) = mpsc::channel();
            for i in 0..10 {
                let before = before.clone();
                spawn(async move { before.send(i).unwrap() });
            }
            drop(before);
            block_in_place(|| {
                let sum: i32 = early.iter().sum();
                // Spawned while it is blocked.
                for i in 0..10 {
                    let after = after.clone();
                    spawn(async move { after.send(i).unwrap() });
                }
                drop(after);
                sum + late.iter().sum::<i32>()
            })
        });
        assert_eq!(runtime.block_on(sum).unwrap(), 90);
    });
}

#[test]
fn work_from_outside_goes_on_while_the_only_worker_blocks() {
    must_end(|| {
        let runtime = multi_thread(1);
        let (begun, has_begun) = mpsc::channel();
        let (sender, receiver) = mpsc::channel();
        let blocked = runtime.spawn(async move {
            begun.send(()).unwrap();
            block_in_place(|| receiver.recv().unwrap())
        });
        has_begun.recv().unwrap();
        for _ in 0..100 {
            runtime.block_on(runtime.spawn(task::yield_now())).unwrap();
        }
        runtime.spawn(async move { sender.send(7).unwrap() });
        assert_eq!(runtime.block_on(blocked).unwrap(), 7);
    });
}

#[test]
fn many_workers_block_at_once_and_wait_for_each_other() {
    must_end(|| {
        let runtime = multi_thread(2);
        let barrier = Arc::new(Barrier::new(50));
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let barrier = Arc::clone(&barrier);
                runtime.spawn(async move {
                    block_in_place(|| barrier.wait());
                })
            })
            .collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn no_more_workers_run_than_may_after_they_have_blocked() {
    must_end(|| {
        let runtime = multi_thread(2);
        let barrier = Arc::new(Barrier::new(20));
        let now = Count::default();
        let (sender, receiver) = mpsc::channel();
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (barrier, now, sender) = (Arc::clone(&barrier), now.clone(), sender.clone());
                runtime.spawn(async move {
                    block_in_place(|| barrier.wait());
                    // Each goes idle, or is one of those that may run, before its next poll.
                    for _ in 0..20 {
                        task::yield_now().await;
                        sender.send(now.add()).unwrap();
                        std::thread::sleep(Duration::from_micros(50));
                        now.sub();
                    }
                })
            })
            .collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        drop(sender);
        assert!(receiver.iter().max().unwrap() <= 2);
    });
}

#[test]
fn spares_retire() {
    must_end(|| {
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(1)
            .thread_keep_alive(Duration::from_millis(1));
        let runtime = builder.build().unwrap();
        for round in 1..=10 {
            let barrier = Arc::new(Barrier::new(8));
            for _ in 0..8 {
                let barrier = Arc::clone(&barrier);
                runtime.spawn(async move {
                    block_in_place(|| barrier.wait());
                });
            }
            until(|| runtime.metrics().pools()[0].tasks_completed == 8 * round);
            until(|| runtime.metrics().pools()[0].threads == Some(1));
        }
        assert!(runtime.metrics().pools()[0].retired > 0);
    });
}

#[test]
fn it_nests_and_may_borrow() {
    must_end(|| {
        let runtime = multi_thread(1);
        let task = runtime.spawn(async {
            let mut text = String::from("a");
            let length = block_in_place(|| {
                text.push('b');
                block_in_place(|| text.push('c'));
                let inner = spawn(async { 'd' });
                text.push(fastwake::runtime::Handle::current().block_on(async {
                    block_in_place(|| ());
                    inner.await.unwrap()
                }));
                text.len()
            });
            (text, length)
        });
        assert_eq!(runtime.block_on(task).unwrap(), (String::from("abcd"), 4));
    });
}

#[test]
fn a_panic_inside_leaves_the_worker_as_it_was() {
    must_end(|| {
        let runtime = multi_thread(1);
        for _ in 0..20 {
            let task = runtime.spawn(async { block_in_place(|| panic!("on purpose")) });
            let error = runtime.block_on(task).unwrap_err();
            assert_eq!(support::message(&*error.into_panic()), "on purpose");
        }
        runtime.block_on(runtime.spawn(task::yield_now())).unwrap();
        until(|| runtime.metrics().pools()[0].running_workers == Some(0));
    });
}

#[test]
fn it_is_a_plain_call_where_no_worker_is() {
    assert_eq!(block_in_place(|| 1), 1);
    let runtime = multi_thread(1);
    assert_eq!(runtime.block_on(async { block_in_place(|| 2) }), 2);
    assert_eq!(
        runtime
            .block_on(runtime.spawn_blocking(|| block_in_place(|| 3)))
            .unwrap(),
        3
    );
    let computing = runtime.spawn_cpu_intensive(|| block_in_place(|| 4));
    assert_eq!(runtime.block_on(computing).unwrap(), 4);
}

#[test]
fn it_panics_in_a_current_thread_runtime() {
    let runtime = current_thread();
    runtime.block_on(async {
        let expected = "can call blocking only when running on the multi-threaded runtime";
        assert!(panic_message(|| block_in_place(|| ())).contains(expected));
        let error = spawn(async { block_in_place(|| ()) }).await.unwrap_err();
        assert!(support::message(&*error.into_panic()).contains(expected));
        // On its other threads nobody has to take anybody's place.
        assert_eq!(
            task::spawn_blocking(|| block_in_place(|| 5)).await.unwrap(),
            5
        );
    });
}

#[test]
fn more_may_block_at_once_than_there_are_spares() {
    must_end(|| {
        // Some have to wait for others, which must not be for ever.
        let runtime = multi_thread(1);
        let done = Count::default();
        let tasks: Vec<_> = (0..400)
            .map(|_| {
                let done = done.clone();
                runtime.spawn(async move {
                    block_in_place(|| std::thread::sleep(Duration::from_millis(20)));
                    done.add();
                })
            })
            .collect();
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(done.get(), 400);
    });
}
