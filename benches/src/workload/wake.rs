#![forbid(unsafe_code)]
//! How soon an idle runtime begins, and how soon anything could.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::cost::Stopwatch;
use crate::latency::Recorder;
use crate::peer::Peer;
use crate::sample::{Sample, Unit};

use super::{Setting, Workload};

/// Between two wake-ups: long enough that the worker has gone to sleep again.
const PAUSE: Duration = Duration::from_micros(300);

pub(super) struct WakeLatency;

impl Workload for WakeLatency {
    const NAME: &'static str = "wake-latency";
    const QUESTION: &'static str =
        "From the spawn by an outside thread to the first poll on an idle runtime: how long?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: the worker that is picked, or the way to it, is the slower one";
    const OPERATIONS: usize = 300;
    const QUICK: usize = 100;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let spawn = |start: Start| drop(peer.spawn_from_outside(async move { start.report() }));
        let sample = until_start(setting.operations, spawn);
        sample.beside("floor p50", Unit::Nanoseconds, floor(setting.operations))
    }
}

/// What is submitted: it says how long it took until it began.
pub(super) struct Start {
    submitted: Instant,
    report: mpsc::Sender<Duration>,
}

impl Start {
    pub(super) fn report(self) {
        let latency = self.submitted.elapsed();
        // The receiver waits for it.
        let _ = self.report.send(latency);
    }
}

/// Submits so many, each when the one before has begun and whoever ran it sleeps again.
pub(super) fn until_start(times: usize, submit: impl Fn(Start)) -> Sample {
    let (report, reports) = mpsc::channel();
    let mut latencies = Recorder::default();
    let stopwatch = Stopwatch::start();
    for _ in 0..times {
        thread::sleep(PAUSE);
        let report = report.clone();
        let submitted = Instant::now();
        submit(Start { submitted, report });
        latencies.record(reports.recv().expect("what is submitted reports"));
    }
    Sample::of(stopwatch.stop(times)).with_latencies("", &[0.5, 0.99], latencies.latencies())
}

/// The median of a thread's way out of a futex, from just before the wake-up: nothing that sleeps on
/// one can be sooner.
fn floor(times: usize) -> f64 {
    let origin = Instant::now();
    let sent = AtomicU64::new(0);
    let mut latencies = Recorder::default();
    thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let sleeper = scope.spawn({
            let sent = &sent;
            move || {
                let mut seen = 0;
                for _ in 0..times {
                    // ORDERING: the number is all that is passed on.
                    while sent.load(Relaxed) == seen {
                        thread::park();
                    }
                    let now = origin.elapsed();
                    seen = sent.load(Relaxed);
                    // The receiver waits for it.
                    let _ = report.send(now.saturating_sub(Duration::from_nanos(seen)));
                }
            }
        });
        for _ in 0..times {
            thread::sleep(PAUSE);
            sent.store(origin.elapsed().as_nanos() as u64, Relaxed);
            sleeper.thread().unpark();
            latencies.record(reports.recv().expect("the sleeper reports"));
        }
    });
    latencies.latencies().at(0.5)
}
