#![forbid(unsafe_code)]
//! Closures on the threads for blocking work. Where they are empty, what is left is the way there.

use std::thread;
use std::time::Duration;

use crate::cost::Stopwatch;
use crate::peer::Peer;
use crate::sample::Sample;

use super::latch::Latch;
use super::{Setting, Workload};

pub(super) struct FromOutside;

impl Workload for FromOutside {
    const NAME: &'static str = "blocking-outside";
    const QUESTION: &'static str =
        "How many blocking closures a second get done that one outside thread submits?";
    const REFUTED_BY: &'static str = "a ratio below 1, or more than one futex wake in five closures: threads are woken for \
         what those that run would have done sooner";
    const OPERATIONS: usize = 10_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        let latch = Latch::new(n);
        let stopwatch = Stopwatch::start();
        for _ in 0..n {
            drop(peer.spawn_blocking_from_outside(move || latch.count_down()));
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
