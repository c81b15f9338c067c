//! How many tasks of a work queue are active, whatever happens to them.

mod support;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use fastwake::WorkQueue;
use fastwake::task::{JoinHandle, yield_now};
use proptest::prelude::*;
use support::gate::Gate;
use support::{Count, keep, multi_thread, must_end, until};

/// What a task does that has been activated.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ready,
    Yields(u8),
    /// Until the end of the round.
    Waits,
    Panics,
    PanicsLater,
    Blocks,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Queue(Kind),
    QueueBatch(u8, Kind),
    Abort(usize),
    SetMaxActive(usize),
    Pause,
    Resume,
    CancelAll,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Ready),
        (1u8..5).prop_map(Kind::Yields),
        Just(Kind::Waits),
        Just(Kind::Panics),
        Just(Kind::PanicsLater),
        Just(Kind::Blocks),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => kind().prop_map(Step::Queue),
        2 => (0u8..20, kind()).prop_map(|(n, kind)| Step::QueueBatch(n, kind)),
        4 => any::<usize>().prop_map(Step::Abort),
        2 => (1usize..5).prop_map(Step::SetMaxActive),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => Just(Step::CancelAll),
    ]
}

/// Counts the tasks that are active, as they see it.
#[derive(Clone, Default)]
struct Watch {
    active: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    ended: Count,
}

struct Active(Watch);

impl Watch {
    fn begin(&self) -> Active {
        let active = self.active.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(active, SeqCst);
        Active(self.clone())
    }

    async fn task(self, kind: Kind, gate: Gate) {
        let _active = self.begin();
        match kind {
            Kind::Ready | Kind::Blocks => {}
            Kind::Yields(times) => {
                for _ in 0..times {
                    yield_now().await;
                }
            }
            Kind::Waits => gate.pass().await,
            Kind::Panics => std::panic::resume_unwind(Box::new("on purpose")),
            Kind::PanicsLater => {
                yield_now().await;
                std::panic::resume_unwind(Box::new("on purpose"))
            }
        }
    }

    fn queue(&self, queue: &WorkQueue, kind: Kind, gate: &Gate) -> JoinHandle<()> {
        let (watch, gate) = (self.clone(), gate.clone());
        match kind {
            Kind::Blocks => queue.spawn_blocking(move || {
                let _active = watch.begin();
                thread::yield_now();
            }),
            _ => queue.spawn(watch.task(kind, gate)),
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, SeqCst);
        self.0.ended.add();
    }
}

/// Nobody is about to do anything: then no slot is idle while work waits.
fn check_quiescent(queue: &WorkQueue) {
    until(|| {
        let now = queue.metrics();
        now.paused || now.inactive == 0 || now.active >= now.max_active
    });
}

fn run(steps: Vec<Step>, start: usize) {
    let runtime = multi_thread(2);
    let queue = WorkQueue::builder("limited")
        .max_active(start)
        .build_on(runtime.handle())
        .unwrap();
    let (watch, gate) = (Watch::default(), Gate::default());
    let mut handles = Vec::new();
    // What was ever allowed since the last time that all was quiet bounds what has been active.
    let mut allowed = start;
    for step in steps {
        match step {
            Step::Queue(kind) => handles.push(watch.queue(&queue, kind, &gate)),
            Step::QueueBatch(n, kind) => {
                let task = |_| watch.clone().task(kind, gate.clone());
                handles.extend(queue.spawn_batch((0..n).map(task)));
            }
            Step::Abort(which) if !handles.is_empty() => handles[which % handles.len()].abort(),
            Step::Abort(_) => {}
            Step::SetMaxActive(max_active) => {
                allowed = allowed.max(max_active);
                queue.set_max_active(max_active).unwrap();
            }
            Step::Pause => queue.pause(),
            Step::Resume => queue.resume(),
            Step::CancelAll => queue.cancel_all(),
        }
        assert!(watch.most.load(SeqCst) <= allowed);
    }
    check_quiescent(&queue);
    queue.resume();
    gate.open();
    runtime.block_on(queue.flush());
    assert!(watch.most.load(SeqCst) <= allowed);
    let end = queue.metrics();
    assert_eq!((end.active, end.inactive), (0, 0));
    assert_eq!(end.queued, handles.len() as u64);
    assert_eq!(
        end.completed + end.panicked + end.cancelled,
        handles.len() as u64
    );
    let mut outcomes = (0, 0, 0);
    for handle in handles {
        match runtime.block_on(handle) {
            Ok(()) => outcomes.0 += 1,
            Err(error) if error.is_panic() => outcomes.1 += 1,
            Err(_) => outcomes.2 += 1,
        }
    }
    assert_eq!(outcomes, (end.completed, end.panicked, end.cancelled));
    assert_eq!(watch.active.load(SeqCst), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn no_more_are_active_than_may_be_and_no_slot_is_idle_while_work_waits(
        steps in prop::collection::vec(step(), 0..80),
        start in 1usize..5,
    ) {
        must_end(move || run(steps, start));
    }
}

#[test]
fn a_task_is_active_while_it_awaits_something() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("two")
            .max_active(2)
            .build_on(runtime.handle())
            .unwrap();
        let gate = Gate::default();
        let (begun, ended) = (Count::default(), Count::default());
        for _ in 0..5 {
            let (gate, begun, ended) = (gate.clone(), begun.clone(), ended.clone());
            queue.spawn(async move {
                begun.add();
                gate.pass().await;
                ended.add();
            });
        }
        until(|| begun.get() == 2);
        let metrics = queue.metrics();
        assert_eq!(
            (metrics.active, metrics.inactive, metrics.started),
            (2, 3, 2)
        );
        gate.open();
        runtime.block_on(queue.flush());
        assert_eq!((begun.get(), ended.get()), (5, 5));
    });
}

#[test]
fn those_that_wait_are_not_polled_and_wake_nobody() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("paused")
            .build_on(runtime.handle())
            .unwrap();
        queue.pause();
        let polls = || -> u64 {
            let pools = runtime.metrics().pools();
            pools.iter().map(|pool| pool.polls + pool.picks).sum()
        };
        let before = polls();
        let ran = Count::default();
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let ran = ran.clone();
                queue.spawn(async move { ran.add() })
            })
            .collect();
        assert_eq!((ran.get(), polls() - before), (0, 0));
        assert_eq!(runtime.metrics().num_alive_tasks(), 100);
        assert_eq!(queue.metrics().inactive, 100);
        queue.resume();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        assert_eq!(ran.get(), 100);
        until(|| runtime.metrics().num_alive_tasks() == 0);
    });
}

#[test]
fn a_pause_lets_the_active_ones_go_on_and_holds_the_others_up() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("paused")
            .max_active(1)
            .build_on(runtime.handle())
            .unwrap();
        let gate = Gate::default();
        let active = queue.spawn({
            let gate = gate.clone();
            async move { gate.pass().await }
        });
        let waiting = queue.spawn(async {});
        queue.pause();
        queue.pause();
        gate.open();
        runtime.block_on(active).unwrap();
        until(|| queue.metrics().active == 0);
        assert_eq!(queue.metrics().inactive, 1);
        assert!(!waiting.is_finished());
        queue.resume();
        runtime.block_on(waiting).unwrap();
    });
}

#[test]
fn a_task_that_is_aborted_while_it_waits_ends_at_once_and_unpolled() {
    must_end(|| {
        let runtime = multi_thread(2);
        for percpu in [false, true] {
            let queue = WorkQueue::builder("stuck")
                .max_active(1)
                .percpu(percpu)
                .build_on(runtime.handle())
                .unwrap();
            let stuck = queue.spawn(pending::<()>());
            let (ran, dropped) = (Count::default(), Count::default());
            for blocking in [false, true] {
                let (ran, guard) = (ran.clone(), dropped.on_drop());
                let task = match blocking {
                    false => queue.spawn(async move {
                        ran.add();
                        keep(guard).await;
                    }),
                    true => queue.spawn_blocking(move || {
                        ran.add();
                        drop(guard);
                    }),
                };
                assert_eq!(queue.metrics().inactive, 1);
                task.abort();
                // The one before it never ends.
                assert!(runtime.block_on(task).unwrap_err().is_cancelled());
                assert_eq!(queue.metrics().inactive, 0);
            }
            assert_eq!((ran.get(), dropped.get()), (0, 2));
            let metrics = queue.metrics();
            assert_eq!(
                (metrics.active, metrics.cancelled, metrics.started),
                (1, 2, 1)
            );
            stuck.abort();
            assert!(runtime.block_on(stuck).is_err());
        }
    });
}

#[test]
fn a_higher_limit_takes_effect_at_once_and_a_lower_one_as_tasks_end() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("limit")
            .max_active(1)
            .build_on(runtime.handle())
            .unwrap();
        let gates: Vec<Gate> = (0..200).map(|_| Gate::default()).collect();
        let begun = Count::default();
        let task = |gate: &Gate| {
            let (gate, begun) = (gate.clone(), begun.clone());
            async move {
                begun.add();
                gate.pass().await;
            }
        };
        let tasks = queue.spawn_batch(gates.iter().map(task));
        until(|| begun.get() == 1);
        queue.set_max_active(150).unwrap();
        assert_eq!(queue.metrics().active, 150);
        until(|| begun.get() == 150);
        queue.set_max_active(2).unwrap();
        gates[..148].iter().for_each(Gate::open);
        until(|| queue.metrics().active == 2);
        assert_eq!((begun.get(), queue.metrics().inactive), (150, 50));
        gates[148].open();
        until(|| begun.get() == 151);
        assert_eq!(queue.metrics().active, 2);
        gates.iter().for_each(Gate::open);
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn many_threads_that_queue_abort_and_change_the_limit_lose_no_slot() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = WorkQueue::builder("busy")
            .max_active(3)
            .build_on(runtime.handle())
            .unwrap();
        let watch = Watch::default();
        thread::scope(|scope| {
            for thread in 0..4 {
                let (queue, watch) = (queue.clone(), watch.clone());
                scope.spawn(move || {
                    for i in 0..2_000_usize {
                        let kind = match (i + thread) % 4 {
                            0 => Kind::Ready,
                            1 => Kind::Yields(2),
                            2 => Kind::PanicsLater,
                            _ => Kind::Waits,
                        };
                        let gate = Gate::default();
                        if i % 3 == 0 {
                            gate.open();
                        }
                        let handle = watch.queue(&queue, kind, &gate);
                        if i % 3 != 0 {
                            handle.abort();
                            gate.open();
                        }
                        if i % 50 == 0 {
                            queue.set_max_active(1 + i % 3).unwrap();
                        }
                    }
                });
            }
        });
        runtime.block_on(queue.flush());
        assert!(watch.most.load(SeqCst) <= 3);
        let end = queue.metrics();
        assert_eq!((end.active, end.inactive, end.queued), (0, 0, 8_000));
        assert_eq!(end.completed + end.panicked + end.cancelled, 8_000);
        until(|| runtime.metrics().num_alive_tasks() == 0);
    });
}
