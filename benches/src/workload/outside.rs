#![forbid(unsafe_code)]
//! Spawning from threads that are none of the runtime's.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::cost::{Halted, Stopwatch};
use crate::peer::Peer;
use crate::sample::Sample;

use super::latch::Latch;
use super::{Setting, Workload};

/// Spawns `n` tasks that count the latch down and nothing else.
fn spawn_counters<P: Peer>(peer: &P, n: usize, latch: &'static Latch) {
    for _ in 0..n {
        drop(peer.spawn_from_outside(async move { latch.count_down() }));
    }
}

/// From the first spawn of the calling thread to the end of the last task.
fn spawn_and_wait<P: Peer>(peer: &P, n: usize) -> Halted {
    let latch = Latch::new(n);
    let stopwatch = Stopwatch::start();
    spawn_counters(peer, n, latch);
    latch.wait();
    stopwatch.halt()
}

pub(super) struct SpawnIdle;

impl Workload for SpawnIdle {
    const NAME: &'static str = "spawn-outside";
    const QUESTION: &'static str =
        "What does a tiny task cost that one outside thread spawns into an idle runtime?";
    const REFUTED_BY: &'static str = "a ratio below 1, or more futex wakes than tokio's: waking after the lock, and only the \
         head of the idle list, does not pay where it should pay most";
    const OPERATIONS: usize = 100_000;
    const QUICK: usize = 50_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        Sample::timed(spawn_and_wait(peer, n).cost(n))
    }
}

pub(super) struct SpawnBusy;

impl Workload for SpawnBusy {
    const NAME: &'static str = "spawn-outside-busy";
    const QUESTION: &'static str =
        "The same, while two tasks for each worker do nothing but yield?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: work from outside waits too long behind what keeps the workers busy";
    const OPERATIONS: usize = 100_000;
    const QUICK: usize = 50_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        // Leaked for the same reason as the latch.
        let stop: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
        let begun = Latch::new(2 * setting.workers);
        let yielder = || {
            peer.spawn_from_outside(async move {
                begun.count_down();
                while !stop.load(Relaxed) {
                    P::yield_now().await;
                }
            })
        };
        let yielders: Vec<_> = (0..2 * setting.workers).map(|_| yielder()).collect();
        begun.wait();
        let halted = spawn_and_wait(peer, setting.operations);
        stop.store(true, Relaxed);
        for yielder in yielders {
            peer.block_on(yielder).expect("the task does not panic");
        }
        Sample::timed(halted.cost(setting.operations))
    }
}

pub(super) struct SpawnBatch;

impl Workload for SpawnBatch {
    const NAME: &'static str = "spawn-batch";
    const QUESTION: &'static str = "100,000 tasks from one outside thread in one go: fastwake's spawn_batch against tokio's \
         loop of spawns, for tokio has no batch?";
    const REFUTED_BY: &'static str =
        "a ratio no better than that of spawn-outside: the function need not exist";
    const OPERATIONS: usize = 100_000;
    const QUICK: usize = 50_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        let latch = Latch::new(n);
        let stopwatch = Stopwatch::start();
        let counters = (0..n).map(|_| async move { latch.count_down() });
        drop(peer.spawn_many_from_outside(counters));
        latch.wait();
        Sample::timed(stopwatch.stop(n))
    }
}
