//! What a join handle tells, when, and to whom.

// A handle that a task gives as its output is awaited by somebody else, on purpose.
#![allow(clippy::async_yields_async)]

mod support;

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::{sync::Arc, thread};

use fastwake::task::{self, JoinHandle, spawn, yield_now};
use support::{Count, OnDrop, keep, multi_thread, must_end, on_both, panic_message};

struct Wakes(Count);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.add();
    }
}

fn counting_waker() -> (Waker, Count) {
    let count = Count::default();
    (Arc::new(Wakes(count.clone())).into(), count)
}

#[test]
fn the_output_comes_out_whatever_the_order() {
    on_both(|runtime| {
        runtime.block_on(async {
            assert_eq!(spawn(async { "early" }).await.unwrap(), "early");
            let done = spawn(async { String::from("done") });
            while !done.is_finished() {
                yield_now().await;
            }
            assert_eq!(done.await.unwrap(), "done");
            // In the reverse order of the spawns.
            let tasks: Vec<_> = (0..100).map(|i| spawn(async move { vec![i; i] })).collect();
            for (i, task) in tasks.into_iter().enumerate().rev() {
                assert_eq!(task.await.unwrap(), vec![i; i]);
            }
        });
    });
}

#[test]
fn a_panic_reaches_the_handle_with_its_payload() {
    on_both(|runtime| {
        runtime.block_on(async {
            let task = spawn(async { std::panic::panic_any(7_u8) });
            let id = task.id();
            let error: task::JoinError = task.await.unwrap_err();
            assert!(error.is_panic() && !error.is_cancelled());
            assert_eq!(error.id(), id);
            assert_eq!(error.to_string(), format!("task {id} panicked"));
            assert_eq!(error.into_panic().downcast_ref(), Some(&7_u8));
            let error = spawn(async { panic!("{}", "text") }).await.unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with(r#"panicked with message "text""#),
                "{error}"
            );
            assert_eq!(spawn(async { 1 }).await.unwrap(), 1);
        });
    });
}

#[test]
fn an_abort_before_the_first_poll_prevents_it() {
    for runtime in [multi_thread(1), support::current_thread()] {
        must_end(move || {
            let (polled, dropped) = (Count::default(), Count::default());
            let (poll, kept) = (polled.clone(), dropped.on_drop());
            // The only thread for tasks is busy until the abort has been asked for.
            let outer = runtime.spawn(async move {
                let task = spawn(async move {
                    poll.add();
                    keep(kept).await;
                });
                task.abort();
                task.await
            });
            assert!(runtime.block_on(outer).unwrap().unwrap_err().is_cancelled());
            assert_eq!((polled.get(), dropped.get()), (0, 1));
        });
    }
}

#[test]
fn a_suspended_task_is_dropped_by_an_abort_and_inside_its_task() {
    on_both(|runtime| {
        must_end(move || {
            runtime.block_on(async {
                let (sender, receiver) = mpsc::channel();
                let (begun, has_begun) = mpsc::channel();
                let task = spawn(async move {
                    let _kept = OnDrop(move || sender.send(task::try_id()).unwrap());
                    begun.send(()).unwrap();
                    pending::<()>().await;
                });
                while has_begun.try_recv().is_err() {
                    yield_now().await;
                }
                assert!(!task.is_finished());
                let abort = task.abort_handle();
                assert_eq!(abort.id(), task.id());
                abort.clone().abort();
                let id = task.id();
                let error = task.await.unwrap_err();
                assert!(error.is_cancelled() && error.id() == id);
                assert_eq!(error.to_string(), format!("task {id} was cancelled"));
                assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [Some(id)]);
                assert!(abort.is_finished());
                abort.abort();
            });
        });
    });
}

#[test]
fn an_abort_after_the_completion_changes_nothing() {
    on_both(|runtime| {
        runtime.block_on(async {
            let task = spawn(async { 5 });
            while !task.is_finished() {
                yield_now().await;
            }
            task.abort();
            task.abort_handle().abort();
            assert_eq!(task.await.unwrap(), 5);
        });
    });
}

#[test]
fn a_task_that_aborts_itself_ends_at_its_next_suspension() {
    on_both(|runtime| {
        must_end(move || {
            runtime.block_on(async {
                let (sender, receiver) = mpsc::channel::<task::AbortHandle>();
                let task = spawn(async move {
                    let abort = loop {
                        match receiver.try_recv() {
                            Ok(abort) => break abort,
                            Err(_) => yield_now().await,
                        }
                    };
                    abort.abort();
                    let first = 1;
                    yield_now().await;
                    first
                });
                sender.send(task.abort_handle()).unwrap();
                assert!(task.await.unwrap_err().is_cancelled());
            });
        });
    });
}

#[test]
fn a_dropped_handle_detaches_the_task_and_its_output_is_dropped() {
    on_both(|runtime| {
        must_end(move || {
            let dropped = Count::default();
            runtime.block_on(async {
                // Before the completion.
                let output = dropped.on_drop();
                drop(spawn(async move {
                    yield_now().await;
                    output
                }));
                while dropped.get() < 1 {
                    yield_now().await;
                }
                // After it.
                let output = dropped.on_drop();
                let task = spawn(async move { output });
                while !task.is_finished() {
                    yield_now().await;
                }
                assert_eq!(dropped.get(), 1);
                drop(task);
                assert_eq!(dropped.get(), 2);
            });
        });
    });
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_woken() {
    on_both(|runtime| {
        must_end(move || {
            let (release, released) = mpsc::channel::<()>();
            let mut handle = pin!(runtime.spawn_blocking(move || released.recv().unwrap()));
            let (first, first_wakes) = counting_waker();
            let (second, second_wakes) = counting_waker();
            for waker in [&first, &first, &second, &first, &second, &second] {
                assert!(
                    handle
                        .as_mut()
                        .poll(&mut Context::from_waker(waker))
                        .is_pending()
                );
            }
            release.send(()).unwrap();
            support::until(|| second_wakes.get() == 1);
            assert!(
                handle
                    .as_mut()
                    .poll(&mut Context::from_waker(&first))
                    .is_ready()
            );
            assert_eq!((first_wakes.get(), second_wakes.get()), (0, 1));
            drop((first, second));
        });
    });
}

#[test]
fn a_waker_is_not_kept_by_a_task_whose_handle_is_gone() {
    on_both(|runtime| {
        let count = Count::default();
        let counted = Arc::new(Wakes(count));
        let waker: Waker = Arc::clone(&counted).into();
        let task = runtime.spawn(pending::<()>());
        {
            let mut handle = pin!(task);
            assert!(
                handle
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            assert_eq!(Arc::strong_count(&counted), 3);
        }
        assert_eq!(Arc::strong_count(&counted), 2);
    });
}

#[test]
fn a_handle_may_be_polled_in_turn_by_many_tasks() {
    on_both(|runtime| {
        must_end(move || {
            let answer = runtime.block_on(async {
                let (release, released) = mpsc::channel::<()>();
                let mut task = task::spawn_blocking(move || released.recv().map(|()| 42).unwrap());
                for _ in 0..50 {
                    task = spawn(async move {
                        poll_fn(|context| {
                            assert!(pin!(&mut task).poll(context).is_pending());
                            Poll::Ready(())
                        })
                        .await;
                        task
                    })
                    .await
                    .unwrap();
                }
                release.send(()).unwrap();
                spawn(task).await.unwrap().unwrap()
            });
            assert_eq!(answer, 42);
        });
    });
}

#[test]
fn a_handle_polled_again_after_its_output_panics() {
    on_both(|runtime| {
        runtime.block_on(async {
            let mut task = spawn(async { 1 });
            assert_eq!((&mut task).await.unwrap(), 1);
            assert!(task.is_finished());
            let waker = Waker::noop();
            let again = || {
                let _ = pin!(&mut task).poll(&mut Context::from_waker(waker));
            };
            assert_eq!(
                panic_message(again),
                "`JoinHandle` polled after it gave its output"
            );
            drop(task);
        });
    });
}

#[test]
fn handles_that_race_with_their_tasks_lose_nothing() {
    must_end(|| {
        let runtime = multi_thread(2);
        let dropped = Count::default();
        for round in 0..3000 {
            let output = dropped.on_drop();
            let task: JoinHandle<_> = runtime.spawn(async move { output });
            match round % 4 {
                0 => drop(task),
                1 => drop(runtime.block_on(task).unwrap()),
                2 => task.abort(),
                _ => {
                    let abort = task.abort_handle();
                    let aborter = thread::spawn(move || abort.abort());
                    drop(runtime.block_on(task));
                    aborter.join().unwrap();
                }
            }
        }
        support::until(|| dropped.get() == 3000);
    });
}

#[test]
fn ids_are_unique_and_known_inside_the_task() {
    on_both(|runtime| {
        must_end(move || {
            assert!(task::try_id().is_none());
            let text = panic_message(|| task::id());
            assert!(text.contains("`task::id` is for tasks"), "{text}");
            let ids = runtime.block_on(async {
                assert!(
                    task::try_id().is_none(),
                    "the future of `block_on` is no task"
                );
                let mut ids = std::collections::HashSet::new();
                for _ in 0..300 {
                    let tasks = [spawn(async { task::id() }), task::spawn_blocking(task::id)];
                    for task in tasks {
                        let id = task.id();
                        assert_eq!(id, task.await.unwrap());
                        ids.insert(id);
                    }
                }
                ids
            });
            assert_eq!(ids.len(), 600);
        });
    });
}

#[test]
fn a_name_is_told_in_the_error() {
    on_both(|runtime| {
        runtime.block_on(async {
            let builder = task::Builder::new().name("resize");
            let task = builder.spawn(async { panic!("on purpose") }).unwrap();
            let id = task.id();
            let error = task.await.unwrap_err();
            let text = format!(r#"task {id} (resize) panicked with message "on purpose""#);
            assert_eq!(error.to_string(), text);
            let debug = format!(r#"JoinError::Panic({id:?} (resize), "on purpose", ...)"#);
            assert_eq!(format!("{error:?}"), debug);
            let unnamed = spawn(std::future::pending::<()>());
            unnamed.abort();
            let debug = format!("JoinError::Cancelled({:?})", unnamed.id());
            assert_eq!(format!("{:?}", unnamed.await.unwrap_err()), debug);
            for cpu_intensive in [false, true] {
                let builder = task::Builder::new()
                    .name("hash")
                    .cpu_intensive(cpu_intensive);
                let task = builder.spawn_blocking(|| panic!("on purpose")).unwrap();
                let error = task.await.unwrap_err();
                assert!(error.to_string().contains(" (hash) "), "{error}");
            }
            let task = builder.spawn(pending::<()>()).unwrap();
            task.abort();
            let error = task.await.unwrap_err();
            assert!(
                error.to_string().ends_with("(resize) was cancelled"),
                "{error}"
            );
        });
    });
}

#[test]
fn a_yield_lets_the_others_go_first() {
    // One worker, or none: the order is that of the queue.
    for runtime in [multi_thread(1), support::current_thread()] {
        must_end(move || {
            let order = Arc::new(std::sync::Mutex::new(Vec::new()));
            let tasks: Vec<_> = (0..3)
                .map(|i| {
                    let order = Arc::clone(&order);
                    async move {
                        for round in 0..10 {
                            order.lock().unwrap().push((round, i));
                            yield_now().await;
                        }
                    }
                })
                .collect();
            let tasks = runtime.handle().spawn_batch(tasks);
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
            let order = order.lock().unwrap();
            for round in order.chunks(3) {
                let mut tasks: Vec<_> = round.iter().map(|(_, i)| *i).collect();
                tasks.sort_unstable();
                assert_eq!(tasks, [0, 1, 2], "{order:?}");
            }
        });
    }
}

#[test]
fn an_error_that_is_no_panic_is_given_back() {
    on_both(|runtime| {
        runtime.block_on(async {
            let task = spawn(pending::<()>());
            task.abort();
            let error = task.await.unwrap_err().try_into_panic().unwrap_err();
            assert!(error.is_cancelled());
            let text = panic_message(|| error.into_panic());
            assert!(text.contains("is not a panic"), "{text}");
        });
    });
}
