#![forbid(unsafe_code)]
//! Several outside threads at once: what they get done together, and how long each spawn keeps the
//! thread that calls it.

use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

use crate::cost::Stopwatch;
use crate::latency::Recorder;
use crate::peer::Peer;
use crate::sample::Sample;

use super::latch::Latch;
use super::{Setting, Workload};

/// The quantiles of a spawn's duration that are compared.
const QUANTILES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// Spawns one task that counts the latch down, and notes how long the call took.
fn spawn_stamped<P: Peer>(peer: &P, latch: &'static Latch, enqueues: &mut Recorder) {
    let start = Instant::now();
    drop(peer.spawn_from_outside(async move { latch.count_down() }));
    enqueues.record(start.elapsed());
}

/// Runs `produce` on so many threads, from a gate on, until all of them have ended and `wait` has.
fn produce(
    producers: usize,
    produce: impl Fn(&mut Recorder) + Sync,
    wait: impl FnOnce(),
    operations: usize,
) -> Sample {
    let gate = Barrier::new(producers + 1);
    thread::scope(|scope| {
        let producer = || {
            let mut enqueues = Recorder::default();
            gate.wait();
            produce(&mut enqueues);
            enqueues
        };
        let threads: Vec<_> = (0..producers).map(|_| scope.spawn(producer)).collect();
        // By then the others are there, or nearly.
        thread::sleep(super::SETTLING);
        let stopwatch = Stopwatch::start();
        gate.wait();
        let end = |thread: ScopedJoinHandle<'_, Recorder>| thread.join();
        let enqueues: Vec<_> = threads.into_iter().map(end).collect();
        wait();
        let cost = stopwatch.stop(operations);
        let mut all = Recorder::default();
        for enqueues in enqueues {
            all.merge(&enqueues.expect("a producer does not panic"));
        }
        Sample::timed(cost).with_latencies("enqueue ", &QUANTILES, all.latencies())
    })
}

/// `N` threads that spawn as fast as they can.
pub(super) struct Producers<const N: usize>;

impl<const N: usize> Workload for Producers<N> {
    const NAME: &'static str = match N {
        1 => "producers-1",
        2 => "producers-2",
        4 => "producers-4",
        8 => "producers-8",
        16 => "producers-16",
        _ => panic!("a row that has no name"),
    };
    const QUESTION: &'static str = "Outside threads spawn as fast as they can, and each spawn is timed: what does a task \
         cost, and how long does a spawn keep its caller?";
    const REFUTED_BY: &'static str = "a ratio below 1: the pool's one lock, or the wake-ups of those who hold it no more, \
         keep the producers";
    const OPERATIONS: usize = 120_000;
    const QUICK: usize = 60_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let each = setting.operations.div_ceil(N);
        let latch = Latch::new(N * each);
        let spawn_all = |enqueues: &mut Recorder| {
            for _ in 0..each {
                spawn_stamped(peer, latch, enqueues);
            }
        };
        produce(N, spawn_all, || latch.wait(), N * each)
    }
}

/// Eight threads that spawn a batch, one by one, and wait for it before the next.
pub(super) struct Batches;

const PRODUCERS: usize = 8;
const BATCH: usize = 100;

impl Workload for Batches {
    const NAME: &'static str = "batch-8";
    const QUESTION: &'static str = "8 outside threads, each of which spawns 100 tasks one by one and waits for them before \
         the next 100: what does a task cost, and how long does a spawn keep its caller?";
    const REFUTED_BY: &'static str = "a ratio below 1: the wake-ups that follow each pause cost more, or are more, than \
         tokio's";
    const OPERATIONS: usize = 120_000;
    const QUICK: usize = 60_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let batches = setting.operations.div_ceil(PRODUCERS * BATCH);
        let spawn_all = |enqueues: &mut Recorder| {
            for _ in 0..batches {
                let latch = Latch::new(BATCH);
                for _ in 0..BATCH {
                    spawn_stamped(peer, latch, enqueues);
                }
                latch.wait();
            }
        };
        produce(PRODUCERS, spawn_all, || {}, PRODUCERS * batches * BATCH)
    }
}
