//! Sets of tasks.

mod support;

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use fastwake::task::{JoinSet, yield_now};
use support::{Count, keep, multi_thread, must_end, on_both, panic_message, until};

#[test]
fn each_task_is_given_once_and_in_the_order_of_completion() {
    on_both(|runtime| {
        must_end(move || {
            runtime.block_on(async {
                let mut set = JoinSet::new();
                let mut gates = Vec::new();
                for i in 0..10 {
                    let (sender, receiver) = mpsc::channel::<()>();
                    gates.push(sender);
                    set.spawn(async move {
                        while receiver.try_recv().is_err() {
                            yield_now().await;
                        }
                        i
                    });
                }
                assert_eq!((set.len(), set.is_empty()), (10, false));
                assert!(set.try_join_next().is_none());
                for i in [3, 1, 4, 0, 5, 9, 2, 6, 8, 7] {
                    gates[i].send(()).unwrap();
                    assert_eq!(set.join_next().await.unwrap().unwrap(), i);
                }
                assert!(set.is_empty() && set.join_next().await.is_none());
                assert!(set.try_join_next().is_none());
            });
        });
    });
}

#[test]
fn ids_come_with_the_outputs_and_with_the_errors() {
    on_both(|runtime| {
        must_end(move || {
            runtime.block_on(async {
                let mut set = JoinSet::new();
                let good = set.spawn(async { 5 }).id();
                assert_eq!(set.join_next_with_id().await.unwrap().unwrap(), (good, 5));
                let bad = set.spawn(async { panic!("on purpose") }).id();
                let error = set.join_next_with_id().await.unwrap().unwrap_err();
                assert!(error.is_panic() && error.id() == bad);
                let aborted = set.spawn(pending());
                aborted.abort();
                let error = set.join_next_with_id().await.unwrap().unwrap_err();
                assert!(error.is_cancelled() && error.id() == aborted.id());
            });
        });
    });
}

#[test]
fn a_dropped_set_aborts_its_tasks_and_a_detached_one_does_not() {
    on_both(|runtime| {
        must_end(move || {
            let (dropped, done) = (Count::default(), Count::default());
            runtime.block_on(async {
                let mut set = JoinSet::new();
                for _ in 0..20 {
                    set.spawn(keep(dropped.on_drop()));
                }
                yield_now().await;
                drop(set);
                while dropped.get() < 20 {
                    yield_now().await;
                }
                let mut set = JoinSet::new();
                for _ in 0..20 {
                    let done = done.clone();
                    set.spawn(async move {
                        yield_now().await;
                        done.add();
                    });
                }
                set.detach_all();
                assert!(set.is_empty());
                drop(set);
                while done.get() < 20 {
                    yield_now().await;
                }
            });
        });
    });
}

#[test]
fn all_doors_lead_into_the_same_set() {
    must_end(|| {
        let (own, other) = (multi_thread(2), multi_thread(1));
        own.block_on(async {
            let mut set = JoinSet::new();
            for i in 0..100 {
                match i % 5 {
                    0 => set.spawn(async move { i }),
                    1 => set.spawn_on(async move { i }, other.handle()),
                    2 => set.spawn_blocking(move || i),
                    3 => set.spawn_blocking_on(move || i, other.handle()),
                    _ => set.spawn_cpu_intensive(move || i),
                };
            }
            let mut all = Vec::new();
            while let Some(output) = set.join_next().await {
                all.push(output.unwrap());
            }
            all.sort_unstable();
            assert!(all.into_iter().eq(0..100));
        });
    });
}

#[test]
fn tasks_of_a_runtime_that_ends_are_given_as_cancelled() {
    must_end(|| {
        let (own, other) = (multi_thread(1), multi_thread(1));
        let mut set = JoinSet::new();
        for _ in 0..10 {
            set.spawn_on(pending::<()>(), other.handle());
        }
        drop(other);
        own.block_on(async {
            while let Some(result) = set.join_next().await {
                assert!(result.unwrap_err().is_cancelled());
            }
        });
    });
}

#[test]
fn join_all_gives_all_outputs_or_the_panic() {
    on_both(|runtime| {
        must_end(move || {
            let mut outputs = runtime.block_on(async {
                let set: JoinSet<_> = (0..50).map(|i| async move { i }).collect();
                set.join_all().await
            });
            outputs.sort_unstable();
            assert!(outputs.into_iter().eq(0..50));
            let dropped = Count::default();
            let text = panic_message(|| {
                runtime.block_on(async {
                    let mut set = JoinSet::new();
                    set.spawn(keep(dropped.on_drop()));
                    set.spawn(async { panic!("on purpose") });
                    set.join_all().await
                })
            });
            assert_eq!(text, "on purpose");
            drop(runtime);
            assert_eq!(dropped.get(), 1);
        });
    });
}

#[test]
fn a_shutdown_waits_until_all_have_been_dropped() {
    on_both(|runtime| {
        must_end(move || {
            let dropped = Count::default();
            runtime.block_on(async {
                let mut set = JoinSet::new();
                set.extend((0..20).map(|_| keep(dropped.on_drop())));
                set.shutdown().await;
                assert!(set.is_empty());
                assert_eq!(dropped.get(), 20);
                // The set can be used again.
                set.spawn(async {});
                set.abort_all();
                assert_eq!(set.len(), 1);
                let _ = set.join_next().await.unwrap();
            });
        });
    });
}

#[test]
fn a_join_that_is_given_up_takes_nothing() {
    on_both(|runtime| {
        must_end(move || {
            runtime.block_on(async {
                let mut set = JoinSet::new();
                for i in 0..50 {
                    set.spawn(async move {
                        yield_now().await;
                        i
                    });
                    let mut context = Context::from_waker(Waker::noop());
                    // A ready one has been taken, and counts.
                    let taken = pin!(set.join_next()).poll(&mut context).is_ready();
                    assert_eq!(set.len() + usize::from(taken), 1);
                    if !taken {
                        assert_eq!(set.join_next().await.unwrap().unwrap(), i);
                    }
                }
            });
        });
    });
}

/// A task that waits for its set is told of tasks that are added by somebody else.
#[test]
fn a_set_that_is_polled_by_hand_wakes_for_what_is_added_later() {
    on_both(|runtime| {
        must_end(move || {
            let set = std::sync::Mutex::new(JoinSet::new());
            runtime.block_on(async {
                set.lock().unwrap().spawn(pending::<i32>());
                let mut polls = 0;
                let next = std::future::poll_fn(|context| {
                    polls += 1;
                    let mut set = set.lock().unwrap();
                    let polled = set.poll_join_next(context);
                    if polls == 1 {
                        assert!(polled.is_pending());
                        set.spawn(async { 9 });
                    }
                    polled
                });
                assert_eq!(next.await.unwrap().unwrap(), 9);
                let set = &mut *set.lock().unwrap();
                let mut context = Context::from_waker(Waker::noop());
                assert!(matches!(
                    set.poll_join_next_with_id(&mut context),
                    Poll::Pending
                ));
            });
        });
    });
}

#[test]
fn many_tasks_go_through_a_set_and_are_freed() {
    on_both(|runtime| {
        must_end(move || {
            let dropped = Count::default();
            runtime.block_on(async {
                let mut set = JoinSet::new();
                for round in 0..2000 {
                    let output = dropped.on_drop();
                    set.spawn(async move { output });
                    if round % 3 == 0 {
                        drop(set.join_next().await);
                    }
                }
                drop(set);
            });
            until(|| {
                dropped.get() == 2000 || {
                    runtime.block_on(yield_now());
                    false
                }
            });
        });
    });
}

async fn until_async(condition: impl Fn() -> bool) {
    yield_now().await;
    while !condition() {
        yield_now().await;
    }
}

#[test]
fn a_poll_that_takes_many_outputs_yields_and_a_try_does_not() {
    must_end(|| {
        let runtime = support::current_thread();
        runtime.block_on(async {
            // All have completed before the first is taken.
            let filled = || async {
                let handle = fastwake::runtime::Handle::current();
                let set: JoinSet<usize> = (0..300).map(|i| async move { i }).collect();
                until_async(|| {
                    handle.metrics().pools()[0]
                        .tasks_completed
                        .is_multiple_of(300)
                })
                .await;
                set
            };
            let mut set = filled().await;
            let taken = std::iter::from_fn(|| set.try_join_next()).count();
            assert_eq!(taken, 300, "a try spends no budget");

            let mut set = filled().await;
            for polls in 0.. {
                let mut taken = 0;
                let empty = std::future::poll_fn(|context| {
                    loop {
                        match set.poll_join_next(context) {
                            Poll::Ready(Some(_)) => taken += 1,
                            Poll::Ready(None) => return Poll::Ready(true),
                            Poll::Pending => return Poll::Ready(false),
                        }
                    }
                })
                .await;
                assert!(taken <= 128, "{taken} outputs in one poll");
                if empty {
                    assert!(polls >= 2);
                    break;
                }
                yield_now().await;
            }
        });
    });
}
