#![forbid(unsafe_code)]
//! Closures on the threads for blocking work. Where they are empty, what is left is the way there.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use crate::cost::Stopwatch;
use crate::peer::Peer;
use crate::sample::{Sample, Unit};

use super::latch::Latch;
use super::mixed::compute;
use super::wake::until_start;
use super::{Setting, Workload};

/// `N` outside threads submit.
pub(super) struct FromOutside<const N: usize>;

impl<const N: usize> Workload for FromOutside<N> {
    const NAME: &'static str = match N {
        1 => "blocking-outside",
        16 => "blocking-outside-16",
        _ => panic!("a row that has no name"),
    };
    const QUESTION: &'static str =
        "How many blocking closures a second get done that outside threads submit?";
    const REFUTED_BY: &'static str = "a ratio below 1, or more than one futex wake in five closures: threads are woken for \
         what those that run would have done sooner";
    const OPERATIONS: usize = 10_000;
    /// With 16 it is about a runtime's first such burst, which makes the threads.
    const WARM_UP: bool = N == 1;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let each = setting.operations.div_ceil(N);
        let latch = Latch::new(N * each);
        let gate = Barrier::new(N + 1);
        let before = threads();
        let submit = || {
            gate.wait();
            for _ in 0..each {
                drop(peer.spawn_blocking_from_outside(move || latch.count_down()));
            }
        };
        thread::scope(|scope| {
            for _ in 0..N {
                scope.spawn(submit);
            }
            // By then the others are there, or nearly.
            thread::sleep(super::SETTLING);
            let stopwatch = Stopwatch::start();
            gate.wait();
            latch.wait();
            Sample::timed(stopwatch.stop(N * each))
        })
        // The submitters have gone.
        .beside(
            "threads made",
            Unit::Count,
            threads().saturating_sub(before) as f64,
        )
    }
}

/// Threads of the process; 0 if the system does not say.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

pub(super) struct StartLatency;

impl Workload for StartLatency {
    const NAME: &'static str = "blocking-latency";
    const QUESTION: &'static str = "From the submission by an outside thread to the start of a blocking closure, with nothing else to do: how long?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: the thread that is picked, or the way to it, is the slower one";
    const OPERATIONS: usize = 300;
    const QUICK: usize = 100;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        until_start(setting.operations, |start| {
            drop(peer.spawn_blocking_from_outside(move || start.report()));
        })
    }
}

pub(super) struct Computing;

impl Workload for Computing {
    const NAME: &'static str = "computing";
    const QUESTION: &'static str = "Closures that compute for 1 ms each, submitted at once where such belong (tokio: its \
         threads for blocking work): how long for each?";
    const REFUTED_BY: &'static str = "a ratio below 1: to keep such work apart costs throughput";
    const OPERATIONS: usize = 64;
    const QUICK: usize = 32;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        let latch = Latch::new(n);
        let stopwatch = Stopwatch::start();
        for _ in 0..n {
            drop(peer.spawn_heavy_from_outside(move || {
                compute(Duration::from_millis(1));
                latch.count_down();
            }));
        }
        latch.wait();
        Sample::timed(stopwatch.stop(n))
    }
}

pub(super) struct FromTasks;

const SUBMITTERS: usize = 8;

impl Workload for FromTasks {
    const NAME: &'static str = "blocking-tasks-8";
    const QUESTION: &'static str =
        "How many get done for 8 tasks, each of which awaits one before it submits the next?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: saving wakes has cost the closures their promptness";
    const OPERATIONS: usize = 4_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let each = setting.operations.div_ceil(SUBMITTERS);
        let root = peer.spawn_from_outside(async move {
            let stopwatch = Stopwatch::start();
            let submitter = |_| {
                P::spawn(async move {
                    for i in 0..each {
                        let closure = P::spawn_blocking(move || i);
                        assert_eq!(closure.await.expect("the closure does not panic"), i);
                    }
                })
            };
            let submitters: Vec<_> = (0..SUBMITTERS).map(submitter).collect();
            for submitter in submitters {
                submitter.await.expect("the task does not panic");
            }
            Sample::timed(stopwatch.stop(SUBMITTERS * each))
        });
        peer.block_on(root).expect("the task does not panic")
    }
}

pub(super) struct Waiting;

/// As long as a read from a fast disk.
const WAIT: Duration = Duration::from_micros(100);

impl Workload for Waiting {
    const NAME: &'static str = "blocking-wait";
    const QUESTION: &'static str = "How many get done if each sleeps for 100 µs, as if it waited for a disk, and one outside \
         thread submits all of them at once?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: the pool is slow to see that its threads wait, and makes too few";
    const OPERATIONS: usize = 2_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        let latch = Latch::new(n);
        let stopwatch = Stopwatch::start();
        for _ in 0..n {
            drop(peer.spawn_blocking_from_outside(move || {
                thread::sleep(WAIT);
                latch.count_down();
            }));
        }
        latch.wait();
        Sample::timed(stopwatch.stop(n))
    }
}
