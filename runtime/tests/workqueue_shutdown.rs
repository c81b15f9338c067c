//! The end of a runtime with work queues.

mod support;

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use fastwake::WorkQueue;
use fastwake::runtime::Builder;
use fastwake::task::{JoinHandle, yield_now};
use support::{Count, OnDrop, current_thread, keep, multi_thread, must_end, until};

/// More than would fit on a stack, one inside the other.
const MANY: usize = 50_000;

fn assert_all_cancelled<T: Send>(handles: Vec<JoinHandle<T>>) {
    let elsewhere = current_thread();
    for handle in handles {
        assert!(
            elsewhere
                .block_on(handle)
                .is_err_and(|error| error.is_cancelled())
        );
    }
}

#[test]
fn those_that_wait_are_dropped_exactly_once() {
    must_end(|| {
        for (cpu_intensive, percpu) in [(false, false), (true, false), (false, true)] {
            let runtime = multi_thread(2);
            let queue = WorkQueue::builder("queue")
                .max_active(1)
                .cpu_intensive(cpu_intensive)
                .percpu(percpu)
                .build_on(runtime.handle())
                .unwrap();
            let dropped = Count::default();
            let task = |_| keep(dropped.on_drop());
            let mut tasks = queue.spawn_batch((0..MANY).map(task));
            for _ in 0..10 {
                let guard = dropped.on_drop();
                tasks.push(queue.spawn_blocking(move || drop(guard)));
            }
            drop(runtime);
            assert_eq!(dropped.get(), MANY + 10);
            let now = queue.metrics();
            assert_eq!((now.active, now.inactive), (0, 0));
            assert_all_cancelled(tasks);
            // And later ones at once.
            let guard = dropped.on_drop();
            let task = queue.spawn(keep(guard));
            let guard = dropped.on_drop();
            let closure = queue.spawn_blocking(move || drop(guard));
            assert_all_cancelled(vec![task, closure]);
            queue.pause();
            let guard = dropped.on_drop();
            let task = queue.spawn(keep(guard));
            let guard = dropped.on_drop();
            let closure = queue.spawn_blocking(move || drop(guard));
            assert_all_cancelled(vec![task, closure]);
            assert_eq!(dropped.get(), MANY + 14);
        }
    });
}

#[test]
fn closures_that_wait_are_dropped_although_one_does_not_end() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("queue")
            .max_active(1)
            .build_on(runtime.handle())
            .unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let running = queue.spawn_blocking(move || {
            begun.send(()).unwrap();
            goes_on.recv().unwrap();
        });
        has_begun.recv().unwrap();
        let dropped = Count::default();
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let guard = dropped.on_drop();
                queue.spawn_blocking(move || drop(guard))
            })
            .collect();
        runtime.shutdown_timeout(Duration::from_millis(1));
        assert_eq!(dropped.get(), 100);
        assert_all_cancelled(waiting);
        go_on.send(()).unwrap();
        current_thread().block_on(running).unwrap();
        until(|| queue.metrics().active == 0);
    });
}

#[test]
fn closures_that_wait_are_not_dropped_one_inside_the_other() {
    must_end(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).max_blocking_threads(1);
        let runtime = builder.build().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            let _ = goes_on.recv();
        });
        has_begun.recv().unwrap();
        let queue = WorkQueue::builder("queue").max_active(1);
        let queue = queue.build_on(runtime.handle()).unwrap();
        let dropped = Count::default();
        // The first one waits for a thread, and its end activates the next, which finds no pool.
        let tasks: Vec<_> = (0..MANY)
            .map(|_| {
                let guard = dropped.on_drop();
                queue.spawn_blocking(move || drop(guard))
            })
            .collect();
        runtime.shutdown_background();
        assert_eq!(dropped.get(), MANY);
        assert_all_cancelled(tasks);
        let now = queue.metrics();
        assert_eq!((now.active, now.inactive), (0, 0));
        drop(go_on);
    });
}

#[test]
fn what_futures_queue_when_they_are_dropped_is_dropped_too() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("queue")
            .max_active(2)
            .build_on(runtime.handle())
            .unwrap();
        let (first, second) = (Count::default(), Count::default());
        for _ in 0..1_000 {
            let (queue, first, second) = (queue.clone(), first.clone(), second.clone());
            let on_drop = OnDrop({
                let queue = queue.clone();
                move || {
                    first.add();
                    queue.spawn(keep(second.on_drop()));
                }
            });
            queue.spawn(keep(on_drop));
        }
        drop(runtime);
        assert_eq!((first.get(), second.get()), (1_000, 1_000));
    });
}

#[test]
fn a_shutdown_while_others_queue_loses_nothing() {
    must_end(|| {
        for round in 0..20 {
            let runtime = multi_thread(2);
            let queue = WorkQueue::builder("queue")
                .max_active(1 + round % 3)
                .build_on(runtime.handle())
                .unwrap();
            let (made, dropped) = (Count::default(), Count::default());
            let stop = Count::default();
            std::thread::scope(|scope| {
                for thread in 0..2 {
                    let (queue, made, dropped, stop) = (&queue, &made, &dropped, &stop);
                    scope.spawn(move || {
                        let mut i = thread;
                        while stop.get() == 0 {
                            made.add();
                            let guard = dropped.on_drop();
                            match i % 3 {
                                0 => drop(queue.spawn(keep(guard))),
                                1 => drop(queue.spawn_blocking(move || drop(guard))),
                                _ => drop(queue.spawn(async move {
                                    yield_now().await;
                                    drop(guard);
                                })),
                            }
                            i += 1;
                        }
                    });
                }
                until(|| made.get() > 50);
                drop(runtime);
                stop.add();
            });
            until(|| dropped.get() == made.get());
            let now = queue.metrics();
            assert_eq!((now.active, now.inactive), (0, 0));
        }
    });
}

#[test]
fn a_name_is_free_when_the_last_handle_and_the_last_task_are_gone() {
    must_end(|| {
        let runtime = multi_thread(2);
        let build = || WorkQueue::builder("mail").build_on(runtime.handle());
        let queue = build().unwrap();
        let other_runtime = multi_thread(1);
        assert!(
            WorkQueue::builder("mail")
                .build_on(other_runtime.handle())
                .is_ok()
        );
        let clone = queue.clone();
        drop(queue);
        assert!(build().is_err());
        let task = clone.spawn(pending::<()>());
        drop(clone);
        let error = build().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        assert!(error.to_string().contains("\"mail\""), "{error}");
        assert_eq!(runtime.metrics().queues().len(), 1);
        task.abort();
        assert!(runtime.block_on(task).is_err());
        assert_eq!(runtime.metrics().queues().len(), 0);
        build().unwrap();
    });
}

/// Stays in the wake-up until it is let go.
struct Held(Mutex<(mpsc::Sender<()>, mpsc::Receiver<()>)>);

impl Wake for Held {
    fn wake(self: Arc<Self>) {
        let held = self.0.lock().unwrap();
        held.0.send(()).unwrap();
        held.1.recv().unwrap();
    }
}

#[test]
fn a_name_is_free_although_the_worker_of_the_last_task_is_still_busy_with_its_end() {
    must_end(|| {
        let runtime = multi_thread(2);
        let build = || WorkQueue::builder("mail").build_on(runtime.handle());
        let queue = build().unwrap();
        let task = queue.spawn(pending::<()>());
        let (woken, is_woken) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel();
        let waker = Waker::from(Arc::new(Held(Mutex::new((woken, goes_on)))));
        {
            let mut flush = pin!(queue.flush());
            let mut context = Context::from_waker(&waker);
            assert!(flush.as_mut().poll(&mut context).is_pending());
            task.abort();
            is_woken.recv().unwrap();
            assert!(flush.as_mut().poll(&mut context).is_ready());
        }
        drop(queue);
        // Every task has ended, as the flush has said, and there is no handle.
        let next = build();
        go_on.send(()).unwrap();
        let next = next.unwrap();
        assert!(runtime.block_on(task).is_err());
        // The old one, when it goes at last, leaves the name to the new one.
        assert!(build().is_err());
        runtime.block_on(next.spawn(async {})).unwrap();
        assert_eq!(runtime.metrics().queues().len(), 1);
    });
}

#[test]
fn a_destructor_that_runs_while_a_task_is_woken_may_wait_for_another_queue() {
    must_end(|| {
        let other = multi_thread(1);
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).max_blocking_threads(1);
        let runtime = builder.build().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            let _ = goes_on.recv();
        });
        has_begun.recv().unwrap();
        let queue = WorkQueue::builder("queue").max_active(1);
        let queue = queue.build_on(runtime.handle()).unwrap();
        let paused = WorkQueue::builder("paused").build_on(other.handle());
        let paused = paused.unwrap();
        paused.pause();
        let (ran, has_run) = mpsc::channel();
        let waits = OnDrop(move || {
            let ran = ran.clone();
            paused.spawn(async move { ran.send(()).unwrap() });
            paused.resume();
            has_run.recv().unwrap();
        });
        // The end of the first one activates the second, which finds no pool.
        let first = queue.spawn_blocking(|| ());
        let second = queue.spawn_blocking(move || drop(waits));
        runtime.shutdown_background();
        assert_all_cancelled(vec![first, second]);
        drop(go_on);
    });
}
