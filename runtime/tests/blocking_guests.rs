//! The thread of a blocking closure goes on with the task that awaits it, where that saves a wake-up.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use fastwake::runtime::{Builder, Handle, Runtime};
use fastwake::sync::oneshot;
use fastwake::task::{JoinHandle, block_in_place, spawn_blocking, yield_now};
use support::{Count, multi_thread, must_end, until};

/// Spawns a task that awaits a closure, which does not end before all workers sleep; then the task goes
/// on with what `then` makes of the closure's thread.
fn after_a_closure<F, T>(
    runtime: &Runtime,
    then: impl FnOnce(ThreadId) -> F + Send + 'static,
) -> JoinHandle<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (asleep, is_asleep) = mpsc::channel::<()>();
    let task = runtime.spawn(async move {
        let closure = spawn_blocking(move || {
            is_asleep.recv().unwrap();
            thread::current().id()
        });
        let there = closure.await.unwrap();
        then(there).await
    });
    until(|| {
        let pool = &runtime.metrics().pools()[0];
        pool.suspended_tasks == 1 && pool.running_workers == Some(0)
    });
    asleep.send(()).unwrap();
    task
}

async fn is_here(there: ThreadId) -> bool {
    thread::current().id() == there
}

#[test]
fn the_task_goes_on_on_the_thread_of_its_closure() {
    must_end(|| {
        for workers in [1, 2] {
            let runtime = multi_thread(workers);
            let here = after_a_closure(&runtime, is_here);
            assert!(runtime.block_on(here).unwrap());
            until(|| runtime.metrics().pools()[0].running_workers == Some(0));
        }
    });
}

#[test]
fn it_does_not_where_workers_are_bound_or_there_is_no_room() {
    must_end(|| {
        for builder in [
            Builder::new_multi_thread().affinity_strict(true),
            Builder::new_multi_thread().max_spare_workers(0),
        ] {
            let runtime = builder.worker_threads(1).build().unwrap();
            let here = after_a_closure(&runtime, is_here);
            assert!(!runtime.block_on(here).unwrap());
        }
    });
}

/// Its thread would keep a closure that waits for it, and workers sleep.
#[test]
fn it_does_not_while_closures_wait_for_the_last_seat() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (waits, is_waiting) = mpsc::channel::<()>();
        let task = runtime.spawn(async move {
            let closure = spawn_blocking(move || {
                is_waiting.recv().unwrap();
                thread::current().id()
            });
            is_here(closure.await.unwrap()).await
        });
        until(|| {
            let pool = &runtime.metrics().pools()[0];
            pool.suspended_tasks == 1 && pool.running_workers == Some(0)
        });
        let next = runtime.spawn_blocking(|| ());
        waits.send(()).unwrap();
        assert!(!runtime.block_on(task).unwrap());
        runtime.block_on(next).unwrap();
    });
}

#[test]
fn what_its_poll_leaves_behind_is_run_by_the_workers() {
    must_end(|| {
        let runtime = multi_thread(1);
        let task = after_a_closure(&runtime, async |_| {
            let tasks: Vec<_> = (0..1_000)
                .map(|n| fastwake::spawn(async move { n }))
                .collect();
            yield_now().await;
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            sum
        });
        assert_eq!(runtime.block_on(task).unwrap(), 499_500);
    });
}

#[test]
fn its_poll_is_a_task_s() {
    must_end(|| {
        let runtime = multi_thread(1);
        let task = after_a_closure(&runtime, async |there| {
            assert!(is_here(there).await);
            assert!(fastwake::task::try_id().is_some());
            let block_on = AssertUnwindSafe(|| Handle::current().block_on(async {}));
            assert!(
                catch_unwind(block_on).is_err(),
                "a task may not block its worker"
            );
            // Another takes the worker's place.
            let other = fastwake::spawn(async { 7 });
            block_in_place(|| Handle::current().block_on(other)).unwrap()
        });
        assert_eq!(runtime.block_on(task).unwrap(), 7);
    });
}

#[test]
fn a_poll_that_blocks_unawares_keeps_neither_tasks_nor_closures() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .long_poll_threshold(Duration::from_millis(2))
            .build()
            .unwrap();
        let task = after_a_closure(&runtime, async |there| {
            assert!(is_here(there).await);
            let (sender, receiver) = mpsc::channel();
            let from_task = sender.clone();
            fastwake::spawn(async move { from_task.send(1).unwrap() });
            spawn_blocking(move || sender.send(2).unwrap());
            receiver.recv().unwrap() + receiver.recv().unwrap()
        });
        assert_eq!(runtime.block_on(task).unwrap(), 3);
        until(|| runtime.metrics().pools()[0].running_workers == Some(0));
        assert_eq!(runtime.block_on(runtime.spawn(async { 4 })).unwrap(), 4);
    });
}

/// A task that waits for a closure in its poll, in two ways, finds a thread for it although there may be one
/// only: its own is not one of the blocking pool's meanwhile.
#[test]
fn a_poll_that_waits_for_a_closure_gets_it_also_with_one_blocking_thread() {
    must_end(|| {
        for is_announced in [true, false] {
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .max_blocking_threads(1)
                .build()
                .unwrap();
            let task = after_a_closure(&runtime, async move |there| {
                assert!(is_here(there).await);
                let (sender, receiver) = mpsc::channel();
                let closure = spawn_blocking(move || {
                    sender.send(1).unwrap();
                    2
                });
                match is_announced {
                    true => block_in_place(|| Handle::current().block_on(closure)).unwrap(),
                    false => receiver.recv().unwrap() + closure.await.unwrap(),
                }
            });
            let sum = if is_announced { 2 } else { 3 };
            assert_eq!(runtime.block_on(task).unwrap(), sum);
            // The threads that are there now are as many as there may be.
            until(|| runtime.metrics().blocking().threads <= 1);
            let closures: Vec<_> = (0..4).map(|n| runtime.spawn_blocking(move || n)).collect();
            for (n, closure) in closures.into_iter().enumerate() {
                assert_eq!(runtime.block_on(closure).unwrap(), n);
            }
        }
    });
}

#[test]
fn a_task_of_another_runtime_is_polled_there() {
    must_end(|| {
        let (home, other) = (multi_thread(1), multi_thread(1));
        let blocking = other.handle().clone();
        let (asleep, is_asleep) = mpsc::channel::<()>();
        let task = home.spawn(async move {
            let there = blocking
                .spawn_blocking(move || {
                    is_asleep.recv().unwrap();
                    thread::current().id()
                })
                .await
                .unwrap();
            (is_here(there).await, Handle::current().id())
        });
        until(|| home.metrics().pools()[0].running_workers == Some(0));
        asleep.send(()).unwrap();
        let (was_there, id) = home.block_on(task).unwrap();
        assert!(!was_there);
        assert_eq!(id, home.handle().id());
    });
}

/// Who awaits the closure, and panics when it is told so.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("as it is meant to");
    }
}

#[test]
fn after_a_waker_that_panics_a_closure_s_wake_ups_are_not_held_back() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (go, may_go) = mpsc::channel::<()>();
        let mut closure = runtime.spawn_blocking(move || may_go.recv().unwrap());
        let waker = Waker::from(Arc::new(Panics));
        let poll = Pin::new(&mut closure).poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
        go.send(()).unwrap();
        until(|| closure.is_finished());
        // It waits for a task that it has made ready.
        let (ask, is_asked) = oneshot::channel::<mpsc::Sender<u32>>();
        let task = runtime.spawn(async move { is_asked.await.unwrap().send(5).unwrap() });
        until(|| runtime.metrics().pools()[0].suspended_tasks == 1);
        let closure = runtime.spawn_blocking(move || {
            let (sender, answer) = mpsc::channel();
            ask.send(sender).unwrap();
            answer.recv().unwrap()
        });
        assert_eq!(runtime.block_on(closure).unwrap(), 5);
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn a_shutdown_during_its_poll_drops_the_task_afterwards() {
    must_end(|| {
        let runtime = multi_thread(1);
        let (begun, has_begun) = mpsc::channel();
        let (end, is_to_end) = mpsc::channel::<()>();
        let dropped = Count::default();
        let on_drop = dropped.on_drop();
        after_a_closure(&runtime, async move |there| {
            let _on_drop = on_drop;
            begun.send(is_here(there).await).unwrap();
            is_to_end.recv().unwrap();
            std::future::pending::<()>().await;
        });
        assert!(has_begun.recv().unwrap());
        runtime.shutdown_background();
        assert_eq!(dropped.get(), 0);
        end.send(()).unwrap();
        until(|| dropped.get() == 1);
    });
}

/// Tasks that await closures by turns, on any thread, all end; and so does the runtime.
#[test]
fn many_tasks_that_await_closures_end() {
    must_end(|| {
        for workers in [1, 2, 4] {
            let runtime = multi_thread(workers);
            let tasks: Vec<_> = (0..16)
                .map(|_| {
                    runtime.spawn(async {
                        let mut sum = 0;
                        for n in 0..500_u64 {
                            sum += spawn_blocking(move || n).await.unwrap();
                            if n % 50 == 0 {
                                yield_now().await;
                            }
                        }
                        sum
                    })
                })
                .collect();
            for task in tasks {
                assert_eq!(runtime.block_on(task).unwrap(), 124_750);
            }
            until(|| runtime.metrics().pools()[0].running_workers == Some(0));
        }
    });
}
