//! Waiting for the tasks of a work queue: flush and drain.

// A handle that a task gives as its output is awaited by somebody else, on purpose.
#![allow(clippy::async_yields_async)]

mod support;

use std::future::{Future, pending};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::thread;

use fastwake::WorkQueue;
use fastwake::runtime::Runtime;
use fastwake::task::yield_now;
use proptest::prelude::*;
use support::gate::Gate;
use support::{Count, multi_thread, must_end, panic_message, until};

fn queue(runtime: &Runtime, max_active: usize) -> WorkQueue {
    WorkQueue::builder("queue")
        .max_active(max_active)
        .build_on(runtime.handle())
        .unwrap()
}

fn poll_once(future: Pin<&mut impl Future>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    future.poll(&mut context).is_ready()
}

/// A tree of tasks: each queues as many as its children, one level down.
fn grow(queue: &WorkQueue, levels: usize, width: usize, ended: &Count) {
    let (own, ended) = (queue.clone(), ended.clone());
    queue.spawn(async move {
        yield_now().await;
        if levels > 0 {
            (0..width).for_each(|_| grow(&own, levels - 1, width, &ended));
        }
        ended.add();
    });
}

fn size(levels: usize, width: usize) -> usize {
    (0..=levels as u32).map(|level| width.pow(level)).sum()
}

#[test]
fn a_flush_waits_for_all_before_it_and_for_nothing_after() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 4);
        let (before, after) = (Gate::default(), Gate::default());
        let task = |gate: &Gate| {
            let gate = gate.clone();
            async move { gate.pass().await }
        };
        let first = queue.spawn(task(&before));
        {
            let mut flush = pin!(queue.flush());
            assert!(!poll_once(flush.as_mut()));
            let later = queue.spawn(task(&after));
            let mut second = pin!(queue.flush());
            assert!(!poll_once(second.as_mut()));
            before.open();
            runtime.block_on(flush);
            assert!(!later.is_finished());
            assert!(!poll_once(second.as_mut()));
            after.open();
            runtime.block_on(second);
        }
        runtime.block_on(first).unwrap();
        // Nothing is left to wait for.
        assert!(poll_once(pin!(queue.flush())));
        assert!(poll_once(pin!(queue.drain())));
    });
}

#[test]
fn a_flush_waits_for_those_that_wait_their_turn() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 1);
        let ended = Count::default();
        queue.pause();
        for _ in 0..10 {
            let ended = ended.clone();
            queue.spawn(async move {
                yield_now().await;
                ended.add();
            });
        }
        let mut flush = pin!(queue.flush());
        assert!(!poll_once(flush.as_mut()));
        queue.resume();
        runtime.block_on(flush);
        assert_eq!(ended.get(), 10);
    });
}

#[test]
fn a_flush_that_is_given_up_disturbs_nobody() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 4);
        let gate = Gate::default();
        let held = gate.clone();
        queue.spawn(async move { held.pass().await });
        let mut kept = pin!(queue.flush());
        assert!(!poll_once(kept.as_mut()));
        for _ in 0..1_000 {
            let task = queue.spawn(async {});
            assert!(!poll_once(pin!(queue.flush())));
            runtime.block_on(task).unwrap();
        }
        gate.open();
        runtime.block_on(kept);
        runtime.block_on(queue.flush());
    });
}

/// Some threads queue tasks that queue tasks, others flush, each in a runtime of its own accord.
fn flush_against_the_model(trees: Vec<(usize, usize)>, max_active: usize) {
    let runtime = multi_thread(2);
    let queue = queue(&runtime, max_active);
    thread::scope(|scope| {
        for trees in trees.chunks(trees.len().div_ceil(2).max(1)) {
            let (queue, runtime) = (&queue, &runtime);
            scope.spawn(move || {
                for &(levels, width) in trees {
                    // Those of this thread that are queued before the flush have ended after it;
                    // what they have queued meanwhile need not have.
                    let (flat, tree) = (Count::default(), Count::default());
                    for _ in 0..width {
                        grow(queue, 0, 0, &flat);
                    }
                    grow(queue, levels, width, &tree);
                    runtime.block_on(queue.flush());
                    assert_eq!(flat.get(), width);
                    assert!(tree.get() >= 1);
                    // Each flush is for one level at least.
                    for level in 1..=levels {
                        runtime.block_on(queue.flush());
                        assert!(tree.get() >= size(level, width));
                    }
                }
            });
        }
    });
}

fn drain_against_the_model(trees: &[(usize, usize)], max_active: usize) {
    let runtime = multi_thread(2);
    let queue = queue(&runtime, max_active);
    let ended = Count::default();
    for &(levels, width) in trees {
        grow(&queue, levels, width, &ended);
    }
    let stop = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        // Somebody who has no part in it asks all the time.
        let (outside, stopped) = (queue.clone(), Arc::clone(&stop));
        let asker = scope.spawn(move || {
            let mut let_in = 0;
            while stopped.load(SeqCst) == 0 {
                let_in += usize::from(outside.try_spawn(async {}).is_ok());
            }
            let_in
        });
        runtime.block_on(queue.drain());
        let expected: usize = trees
            .iter()
            .map(|&(levels, width)| size(levels, width))
            .sum();
        assert_eq!(ended.get(), expected);
        let now = queue.metrics();
        assert_eq!((now.active, now.inactive), (0, 0));
        stop.store(1, SeqCst);
        let let_in = asker.join().unwrap();
        assert_eq!(queue.metrics().queued as usize, expected + let_in);
        assert_eq!(now.queued, queue.metrics().queued, "it was drained");
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn what_a_flush_has_waited_for_has_ended(
        trees in prop::collection::vec((0usize..4, 1usize..4), 1..8),
        max_active in 1usize..5,
    ) {
        must_end(move || flush_against_the_model(trees, max_active));
    }

    #[test]
    fn a_drain_waits_for_what_the_queues_own_tasks_queue_and_refuses_all_else(
        trees in prop::collection::vec((0usize..5, 1usize..4), 0..5),
        max_active in 1usize..5,
    ) {
        must_end(move || drain_against_the_model(&trees, max_active));
    }
}

#[test]
fn a_queue_used_after_drain_says_so() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 4);
        runtime.block_on(queue.spawn(async {})).unwrap();
        runtime.block_on(queue.drain());
        let dropped = Count::default();
        let guard = dropped.on_drop();
        let batch = queue.spawn_batch([async move { drop(guard) }]);
        let mut refused = vec![queue.spawn(async {}), queue.spawn_blocking(|| ())];
        refused.extend(batch);
        assert_eq!(dropped.get(), 1);
        for handle in refused {
            let error = runtime.block_on(handle).unwrap_err();
            assert!(error.is_cancelled() && !error.is_panic());
            let reason = error.not_started_because().expect("a reason");
            assert_eq!(reason.kind(), io::ErrorKind::BrokenPipe);
            let text = error.to_string();
            assert!(
                text.contains("was not started: the work queue \"queue\" has been drained"),
                "{text}"
            );
        }
        let error = queue.try_spawn(async {}).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        let cpu = queue.metrics().cpus.first().unwrap();
        assert!(queue.spawn_on(cpu, async {}).is_err());
        let metrics = queue.metrics();
        assert!(metrics.draining);
        assert_eq!((metrics.queued, metrics.refused), (1, 5));
        // Again, and from elsewhere.
        runtime.block_on(queue.clone().drain());
    });
}

#[test]
fn a_drain_that_is_given_up_has_closed_the_queue() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 4);
        let stuck = queue.spawn(pending::<()>());
        assert!(!poll_once(pin!(queue.drain())));
        assert!(queue.try_spawn(async {}).is_err());
        stuck.abort();
        runtime.block_on(queue.drain());
    });
}

#[test]
fn only_the_queues_own_tasks_are_let_in_while_it_is_drained() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 4);
        let other = WorkQueue::builder("other")
            .build_on(runtime.handle())
            .unwrap();
        let (gate, own) = (Gate::default(), queue.clone());
        let held = gate.clone();
        let task = queue.spawn(async move {
            held.pass().await;
            // Its own, in a poll, in a blocking closure of the queue, and in the destructor of a task.
            let own_again = own.clone();
            let blocking = own.spawn_blocking(move || own_again.try_spawn(async {}).is_ok());
            // Not its own, although it has made it.
            let own_again = own.clone();
            let outside = fastwake::spawn(async move { own_again.try_spawn(async {}).is_ok() });
            let own_again = own.clone();
            let of_other = other.spawn(async move { own_again.try_spawn(async {}).is_ok() });
            (
                blocking.await.unwrap(),
                outside.await.unwrap(),
                of_other.await.unwrap(),
            )
        });
        let mut drain = pin!(queue.drain());
        assert!(!poll_once(drain.as_mut()));
        gate.open();
        runtime.block_on(drain);
        assert_eq!(runtime.block_on(task).unwrap(), (true, false, false));
    });
}

#[test]
fn a_task_that_would_wait_for_itself_panics() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 4);
        let own = queue.clone();
        let flushes = queue.spawn(async move { own.flush().await });
        let own = queue.clone();
        let drains = queue.spawn(async move { own.drain().await });
        for (task, method) in [(flushes, "flush"), (drains, "drain")] {
            let error = runtime.block_on(task).unwrap_err();
            let text = panic_message(|| std::panic::resume_unwind(error.into_panic()));
            assert!(
                text.starts_with(&format!("`{method}` in a task of the work queue \"queue\"")),
                "{text}"
            );
        }
        // Another queue's tasks may, and the panics have left nothing behind.
        let other = WorkQueue::builder("other")
            .build_on(runtime.handle())
            .unwrap();
        let task = other.spawn(async move {
            queue.flush().await;
            queue.drain().await;
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn whoever_waits_is_woken_however_the_last_task_ends() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 1);
        let stuck = queue.spawn(pending::<()>());
        let waits = queue.spawn(async {});
        let flusher = runtime.spawn({
            let queue = queue.clone();
            async move { queue.flush().await }
        });
        // Aborted while it waits, then while it is suspended.
        until(|| queue.metrics().started == 1);
        waits.abort();
        assert!(runtime.block_on(waits).is_err());
        assert!(!flusher.is_finished());
        stuck.abort();
        runtime.block_on(flusher).unwrap();
        let panics = queue.spawn(async { std::panic::resume_unwind(Box::new("on purpose")) });
        runtime.block_on(queue.flush());
        assert!(
            runtime
                .block_on(panics)
                .is_err_and(|error: fastwake::task::JoinError| error.is_panic())
        );
    });
}

/// Panics when it is woken.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new("on purpose"));
    }
}

#[test]
fn a_waker_that_panics_takes_nobody_elses_wake_up_with_it() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = queue(&runtime, 4);
        let gate = Gate::default();
        let held = gate.clone();
        queue.spawn(async move { held.pass().await });
        let mut first = pin!(queue.flush());
        let panics = Waker::from(Arc::new(Panics));
        assert!(
            first
                .as_mut()
                .poll(&mut Context::from_waker(&panics))
                .is_pending()
        );
        let (asleep, polled) = (Count::default(), queue.clone());
        let counted = asleep.clone();
        let second = runtime.spawn(async move {
            let mut flush = pin!(polled.flush());
            std::future::poll_fn(|context| {
                let polled = flush.as_mut().poll(context);
                counted.add();
                polled
            })
            .await;
        });
        until(|| asleep.get() > 0);
        gate.open();
        runtime.block_on(second).unwrap();
        assert!(poll_once(first));
    });
}
