//! Cancelling all tasks of a work queue.

mod support;

use std::future::pending;
use std::sync::mpsc;

use fastwake::WorkQueue;
use fastwake::runtime::{Builder, Runtime};
use fastwake::task::{JoinHandle, yield_now};
use support::{Count, OnDrop, PATIENCE, keep, multi_thread, must_end, until};

fn queue(runtime: &Runtime, max_active: usize) -> WorkQueue {
    WorkQueue::builder("queue")
        .max_active(max_active)
        .build_on(runtime.handle())
        .unwrap()
}

fn assert_cancelled<T>(runtime: &Runtime, handles: Vec<JoinHandle<T>>) {
    for handle in handles {
        let error = runtime.block_on(handle).err().expect("it was cancelled");
        assert!(error.is_cancelled() && error.not_started_because().is_none());
    }
}

#[test]
fn those_that_are_active_and_those_that_wait_are_dropped_once() {
    must_end(|| {
        for paused in [false, true] {
            let runtime = multi_thread(2);
            let queue = queue(&runtime, 10);
            let (polled, dropped) = (Count::default(), Count::default());
            let task = |_| {
                let (polled, guard) = (polled.clone(), dropped.on_drop());
                async move {
                    polled.add();
                    keep(guard).await;
                }
            };
            let tasks = queue.spawn_batch((0..500).map(task));
            until(|| polled.get() == 10);
            if paused {
                queue.pause();
            }
            queue.cancel_all();
            assert_cancelled(&runtime, tasks);
            assert_eq!((polled.get(), dropped.get()), (10, 500));
            runtime.block_on(queue.flush());
            assert_eq!(queue.metrics().cancelled, 500);
            // What comes later is not meant.
            queue.resume();
            runtime.block_on(queue.spawn(yield_now())).unwrap();
        }
    });
}

#[test]
fn a_poll_that_is_under_way_ends_first() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 2);
        let (begun, has_begun) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let again = Count::default();
        let polled_again = again.clone();
        let task = queue.spawn(async move {
            begun.send(()).unwrap();
            goes_on.recv().unwrap();
            yield_now().await;
            polled_again.add();
        });
        has_begun.recv().unwrap();
        queue.cancel_all();
        go_on.send(()).unwrap();
        assert_cancelled(&runtime, vec![task]);
        assert_eq!(again.get(), 0);
    });
}

#[test]
fn closures_that_have_begun_go_on_and_the_others_never_begin() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 1);
        let (begun, has_begun) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let running = queue.spawn_blocking(move || {
            begun.send(()).unwrap();
            goes_on.recv().unwrap();
            "done"
        });
        let ran = Count::default();
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let ran = ran.clone();
                queue.spawn_blocking(move || ran.add())
            })
            .collect();
        has_begun.recv().unwrap();
        queue.cancel_all();
        assert_cancelled(&runtime, waiting);
        go_on.send(()).unwrap();
        assert_eq!(runtime.block_on(running).unwrap(), "done");
        assert_eq!(ran.get(), 0);
    });
}

#[test]
fn a_closure_that_is_cancelled_between_its_turn_and_its_thread_never_begins() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let queue = queue(&runtime, 2);
        let (begun, began) = mpsc::channel();
        let (let_go, held) = mpsc::channel();
        let first = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            held.recv_timeout(PATIENCE).expect("it is let go");
        });
        began.recv_timeout(PATIENCE).unwrap();
        queue.pause();
        let (polled, dropped) = (Count::default(), Count::default());
        let closure = |_| {
            let (polled, guard) = (polled.clone(), dropped.on_drop());
            queue.spawn_blocking(move || {
                drop(guard);
                polled.add()
            })
        };
        let closures: Vec<_> = (0..2).map(closure).collect();
        // Both get their turn, and wait for the thread.
        queue.resume();
        queue.cancel_all();
        let_go.send(()).unwrap();
        runtime.block_on(first).unwrap();
        assert_cancelled(&runtime, closures);
        assert_eq!((polled.get(), dropped.get()), (0, 2));
        runtime.block_on(queue.flush());
        // The thread is still there.
        runtime.block_on(queue.spawn_blocking(|| ())).unwrap();
    });
}

#[test]
fn a_queue_is_cancelled_again_and_again_while_others_queue() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 3);
        let (made, dropped) = (Count::default(), Count::default());
        let handles = std::thread::scope(|scope| {
            let spawners: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let task = |i: usize| {
                            made.add();
                            let guard = dropped.on_drop();
                            let task = async move {
                                let _guard = guard;
                                if i.is_multiple_of(2) {
                                    pending::<()>().await;
                                }
                            };
                            if i.is_multiple_of(7) {
                                // Closures among them.
                                let guard = dropped.on_drop();
                                made.add();
                                drop(queue.spawn_blocking(move || drop(guard)));
                            }
                            queue.spawn(task)
                        };
                        (0..3_000).map(task).collect::<Vec<_>>()
                    })
                })
                .collect();
            while spawners.iter().any(|spawner| !spawner.is_finished()) {
                queue.cancel_all();
            }
            let handles = spawners.into_iter().map(|spawner| spawner.join().unwrap());
            handles.flatten().collect::<Vec<_>>()
        });
        queue.cancel_all();
        runtime.block_on(queue.flush());
        assert_eq!(dropped.get(), made.get());
        for handle in handles {
            let _ = runtime.block_on(handle);
        }
        let end = queue.metrics();
        assert_eq!((end.active, end.inactive), (0, 0));
        assert_eq!(end.queued, end.completed + end.cancelled);
    });
}

#[test]
fn a_destructor_that_panics_gives_its_slot_back_and_counts_as_a_panic() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 1);
        let panics = || OnDrop(|| std::panic::resume_unwind(Box::new("on purpose")));
        let (completes, suspended, waits) = (panics(), panics(), panics());
        let completes = queue.spawn(async move {
            let _dropped_with_the_future = &completes;
            std::future::poll_fn(|_| std::task::Poll::Ready(())).await;
        });
        let suspended = queue.spawn(keep(suspended));
        let waits = queue.spawn(keep(waits));
        until(|| queue.metrics().started == 2);
        queue.cancel_all();
        for task in [completes, suspended, waits] {
            assert!(runtime.block_on(task).is_err_and(|error| error.is_panic()));
        }
        runtime.block_on(queue.spawn(async {})).unwrap();
        let now = queue.metrics();
        assert_eq!((now.active, now.inactive), (0, 0));
        assert_eq!((now.panicked, now.completed, now.cancelled), (3, 1, 0));
    });
}
