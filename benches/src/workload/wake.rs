#![forbid(unsafe_code)]
//! How soon an idle runtime begins, and how soon anything could.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::cost::Stopwatch;
use crate::latency::Recorder;
use crate::peer::Peer;
use crate::sample::Sample;

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
        let (report, reports) = mpsc::channel();
        let mut latencies = Recorder::default();
        let stopwatch = Stopwatch::start();
        for _ in 0..setting.operations {
            thread::sleep(PAUSE);
            let report = report.clone();
            let spawned = Instant::now();
            drop(peer.spawn_from_outside(async move {
                let latency = spawned.elapsed();
                // The receiver waits for it.
                let _ = report.send(latency);
            }));
            latencies.record(reports.recv().expect("the task reports"));
        }
        let cost = stopwatch.stop(setting.operations);
        Sample::of(cost).with_latencies("", &[0.5, 0.99], latencies.latencies())
    }
}
