//! `block_on`, the current runtime, and where blocking is allowed.

// A handle that a task gives as its output is awaited by somebody else, on purpose.
#![allow(clippy::async_yields_async)]

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use fastwake::runtime::{Handle, Runtime};
use fastwake::task::{self, block_in_place, spawn, spawn_blocking, spawn_cpu_intensive, yield_now};
use support::{Count, current_thread, message, multi_thread, must_end, on_both, panic_message};

const INSIDE: &str = "Cannot start a runtime from within a runtime";

#[test]
fn a_future_that_is_not_send_and_borrows_runs_where_it_is() {
    on_both(|runtime| {
        let here = thread::current().id();
        let count = Rc::new(Cell::new(0));
        let text = String::from("borrowed");
        let length = runtime.block_on(async {
            for _ in 0..10 {
                count.set(count.get() + 1);
                spawn(yield_now()).await.unwrap();
                assert_eq!(thread::current().id(), here);
            }
            text.len()
        });
        assert_eq!((count.get(), length), (10, 8));
    });
}

#[test]
fn block_on_inside_a_runtime_panics_and_the_runtime_goes_on() {
    on_both(|runtime| {
        must_end(move || {
            for other in [multi_thread(1), current_thread()] {
                runtime.block_on(async {
                    // In a `block_on`, through every door.
                    for attempt in 0..3 {
                        let text = panic_message(|| match attempt {
                            0 => runtime.block_on(async {}),
                            1 => Handle::current().block_on(async {}),
                            _ => other.block_on(async {}),
                        });
                        assert!(
                            text.starts_with(INSIDE) && text.contains("`.await`"),
                            "{text}"
                        );
                    }
                });
                let handle = other.handle().clone();
                let task = runtime.spawn(async move { handle.block_on(async {}) });
                let error = runtime.block_on(task).unwrap_err();
                assert!(message(&*error.into_panic()).starts_with(INSIDE));
                assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
            }
        });
    });
}

#[test]
fn block_on_is_allowed_where_blocking_is() {
    on_both(|runtime| {
        must_end(move || {
            fn nested() -> u32 {
                Handle::current().block_on(async { spawn(async { 40 }).await.unwrap() })
                    + current_thread().block_on(async { spawn(async { 1 }).await.unwrap() })
                    + multi_thread(1).block_on(async { spawn(async { 1 }).await.unwrap() })
            }
            let is_multi_thread =
                runtime.handle().runtime_flavor() == fastwake::runtime::RuntimeFlavor::MultiThread;
            runtime.block_on(async {
                assert_eq!(spawn_blocking(nested).await.unwrap(), 42);
                assert_eq!(spawn_cpu_intensive(nested).await.unwrap(), 42);
                if is_multi_thread {
                    assert_eq!(block_in_place(nested), 42);
                    assert_eq!(spawn(async { block_in_place(nested) }).await.unwrap(), 42);
                }
            });
        });
    });
}

#[test]
fn a_panic_comes_out_of_block_on_and_the_runtime_goes_on() {
    on_both(|runtime| {
        must_end(move || {
            let waiting = runtime.spawn(yield_now());
            let text = panic_message(|| {
                runtime.block_on(async {
                    yield_now().await;
                    panic!("on purpose")
                })
            });
            assert_eq!(text, "on purpose");
            assert!(Handle::try_current().is_err());
            runtime.block_on(waiting).unwrap();
        });
    });
}

#[test]
fn there_is_no_current_runtime_outside() {
    let error = Handle::try_current().unwrap_err();
    assert!(error.is_missing_context() && !error.is_thread_local_destroyed());
    assert!(error.to_string().starts_with("there is no reactor running"));
    let attempts: [fn(); 5] = [
        || drop(Handle::current()),
        || drop(spawn(async {})),
        || drop(spawn_blocking(|| ())),
        || drop(spawn_cpu_intensive(|| ())),
        || drop(task::Builder::new().spawn(async {})),
    ];
    for attempt in attempts {
        let text = panic_message(attempt);
        assert!(text.starts_with("there is no reactor running"), "{text}");
    }
}

#[test]
fn guards_make_their_runtime_the_current_one_and_nest() {
    let named = |name: &str| {
        let mut builder = fastwake::runtime::Builder::new_current_thread();
        builder.name(name).build().unwrap()
    };
    let (a, b) = (named("a"), named("b"));
    let current = || {
        Handle::try_current()
            .ok()
            .and_then(|handle| handle.name().map(str::to_owned))
    };
    let in_a = a.enter();
    assert_eq!(current().as_deref(), Some("a"));
    let in_b = b.handle().enter();
    assert_eq!(current().as_deref(), Some("b"));
    a.block_on(async { assert_eq!(current().as_deref(), Some("a")) });
    drop(in_b);
    assert_eq!(current().as_deref(), Some("a"));
    drop(in_a);
    assert_eq!(current(), None);
    let (in_a, in_b) = (a.enter(), b.enter());
    let text = panic_message(|| drop(in_a));
    assert!(text.contains("reverse order"), "{text}");
    drop(in_b);
}

#[test]
fn the_current_runtime_of_a_task_is_its_own() {
    must_end(|| {
        let mut builder = fastwake::runtime::Builder::new_multi_thread();
        let a = builder.worker_threads(1).name("a").build().unwrap();
        let b = builder.name("b").build().unwrap();
        let name = || Handle::current().name().map(str::to_owned);
        a.block_on(async {
            assert_eq!(
                b.spawn(async move { name() }).await.unwrap().as_deref(),
                Some("b")
            );
            assert_eq!(b.spawn_blocking(name).await.unwrap().as_deref(), Some("b"));
            assert_eq!(
                b.spawn_cpu_intensive(name).await.unwrap().as_deref(),
                Some("b")
            );
            let entered = spawn({
                let b = b.handle().clone();
                async move {
                    let _in_b = b.enter();
                    spawn(async move { name() })
                }
            });
            assert_eq!(entered.await.unwrap().await.unwrap().as_deref(), Some("b"));
        });
    });
}

#[test]
fn several_threads_are_in_block_on_and_hand_the_tasks_over() {
    must_end(|| {
        for _ in 0..50 {
            let runtime = Arc::new(current_thread());
            let barrier = Arc::new(Barrier::new(4));
            let done = Count::default();
            let threads: Vec<_> = (0..4)
                .map(|i| {
                    let (runtime, barrier) = (Arc::clone(&runtime), Arc::clone(&barrier));
                    let done = done.clone();
                    thread::spawn(move || {
                        barrier.wait();
                        runtime.block_on(async {
                            for _ in 0..20 {
                                // Some leave early, with the tasks of the others still to run.
                                let tasks = (0..=i).map(|_| spawn(yield_now()));
                                for task in tasks.collect::<Vec<_>>() {
                                    task.await.unwrap();
                                }
                                done.add();
                            }
                        });
                    })
                })
                .collect();
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            assert_eq!(done.get(), 80);
        }
    });
}

#[test]
fn the_tasks_go_on_with_another_thread_when_the_one_that_ran_them_leaves() {
    must_end(|| {
        let runtime = Arc::new(current_thread());
        let (sender, receiver) = mpsc::channel::<()>();
        let leave = Arc::new(AtomicBool::new(false));
        let (may_leave, first) = (Arc::clone(&leave), Arc::clone(&runtime));
        let first = thread::spawn(move || {
            first.block_on(async {
                while !may_leave.load(SeqCst) {
                    yield_now().await;
                }
            });
        });
        let second = Arc::clone(&runtime);
        let second = thread::spawn(move || {
            second.block_on(async {
                // Its task may begin on the first thread and must end on this one.
                let task = spawn(async move {
                    while receiver.try_recv().is_err() {
                        yield_now().await;
                    }
                });
                leave.store(true, SeqCst);
                task.await.unwrap();
            });
        });
        first.join().unwrap();
        sender.send(()).unwrap();
        second.join().unwrap();
    });
}

#[test]
fn a_thread_that_panics_in_block_on_hands_the_tasks_over() {
    must_end(|| {
        let runtime = Arc::new(current_thread());
        let barrier = Arc::new(Barrier::new(2));
        let (own, first) = (Arc::clone(&barrier), Arc::clone(&runtime));
        let first = thread::spawn(move || {
            first.block_on(async {
                own.wait();
                for _ in 0..100 {
                    yield_now().await;
                }
                panic!("on purpose");
            });
        });
        barrier.wait();
        runtime.block_on(async {
            for _ in 0..1000 {
                spawn(yield_now()).await.unwrap();
            }
        });
        assert!(first.join().is_err());
    });
}

#[test]
fn tasks_spawned_before_block_on_run_in_it() {
    let runtime: Runtime = current_thread();
    let ran = Count::default();
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let ran = ran.clone();
            runtime.spawn(async move { ran.add() })
        })
        .collect();
    assert_eq!(
        ran.get(),
        0,
        "a current-thread runtime runs nothing outside `block_on`"
    );
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(ran.get(), 10);
}
