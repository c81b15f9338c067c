#![forbid(unsafe_code)]
//! What tasks do to their own worker: spawn, and yield.

use crate::cost::Stopwatch;
use crate::peer::Peer;
use crate::sample::Sample;

use super::latch::Latch;
use super::{Setting, Workload, in_a_task};

pub(super) struct SpawnJoined;

impl Workload for SpawnJoined {
    const NAME: &'static str = "spawn-worker";
    const QUESTION: &'static str =
        "What does a tiny task cost, spawned by a task that then awaits all of them?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: the lock around the pool's state is felt where it is not even taken";
    const OPERATIONS: usize = 10_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        spawn_joined(peer, setting.operations)
    }
}

/// As [`SpawnJoined`], with more tasks than any cache holds.
pub(super) struct SpawnMillion;

impl Workload for SpawnMillion {
    const NAME: &'static str = "spawn-worker-million";
    const QUESTION: &'static str = "The same with 1,000,000 of them?";
    const REFUTED_BY: &'static str = "a ratio below 1, or below that of spawn-worker by much: where queues overflow, the design pays";
    const OPERATIONS: usize = 1_000_000;
    const QUICK: usize = 200_000;
    const WARM_UP: bool = false;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        spawn_joined(peer, setting.operations)
    }
}

fn spawn_joined<P: Peer>(peer: &P, n: usize) -> Sample {
    in_a_task(peer, async move {
        let stopwatch = Stopwatch::start();
        let tasks: Vec<_> = (0..n).map(|i| P::spawn(async move { i })).collect();
        for (i, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.expect("the task does not panic"), i);
        }
        Sample::timed(stopwatch.stop(n))
    })
}

pub(super) struct SpawnChain;

impl Workload for SpawnChain {
    const NAME: &'static str = "spawn-chain";
    const QUESTION: &'static str =
        "How long from one task to the next, if each spawns its successor and ends?";
    const REFUTED_BY: &'static str = "a ratio below 1, or CPU time above tokio's: a second worker is woken for work that the \
         first does next";
    const OPERATIONS: usize = 400_000;
    const QUICK: usize = 200_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let latch = Latch::new(1);
        let stopwatch = Stopwatch::start();
        drop(peer.spawn_from_outside(async move { link::<P>(setting.operations, latch) }));
        latch.wait();
        Sample::timed(stopwatch.stop(setting.operations))
    }
}

fn link<P: Peer>(left: usize, latch: &'static Latch) {
    if left == 0 {
        return latch.count_down();
    }
    drop(P::spawn(async move { link::<P>(left - 1, latch) }));
}

pub(super) struct Yield;

/// Enough that each worker has some, few enough that they fit in its queue.
const YIELDERS: usize = 100;

impl Workload for Yield {
    const NAME: &'static str = "yield";
    const QUESTION: &'static str = "What does a yield cost, among 100 tasks that do nothing else?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: a turn of the worker's loop has grown too long";
    const OPERATIONS: usize = 1_000_000;
    const QUICK: usize = 500_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let each = setting.operations.div_ceil(YIELDERS);
        in_a_task(peer, async move {
            let stopwatch = Stopwatch::start();
            let yielder = |_| {
                P::spawn(async move {
                    for _ in 0..each {
                        P::yield_now().await;
                    }
                })
            };
            let tasks: Vec<_> = (0..YIELDERS).map(yielder).collect();
            for task in tasks {
                task.await.expect("the task does not panic");
            }
            Sample::timed(stopwatch.stop(each * YIELDERS))
        })
    }
}
