#![forbid(unsafe_code)]
//! How soon an idle runtime begins.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::cost::{Cost, Stopwatch};
use crate::peer::Peer;
use crate::spread::Spread;

use super::{Setting, Workload};

/// Between two wake-ups: long enough that the worker has gone to sleep again.
const PAUSE: Duration = Duration::from_micros(300);

pub(super) struct WakeLatency;

impl Workload for WakeLatency {
    const NAME: &'static str = "wake-latency";
    const QUESTION: &'static str =
        "From the spawn by an outside thread to the first poll on an idle runtime: the median?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: the worker that is picked, or the way to it, is the slower one";
    const OPERATIONS: usize = 100;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Cost {
        let (report, reports) = mpsc::channel();
        let stopwatch = Stopwatch::start();
        let latencies = (0..setting.operations).map(|_| {
            thread::sleep(PAUSE);
            let report = report.clone();
            let spawned = Instant::now();
            drop(peer.spawn_from_outside(async move {
                let latency = spawned.elapsed();
                // The receiver waits for it.
                let _ = report.send(latency);
            }));
            let latency: Duration = reports.recv().expect("the task reports");
            latency.as_nanos() as f64
        });
        let wall = Spread::of(latencies).median;
        Cost {
            wall,
            ..stopwatch.stop(setting.operations)
        }
    }
}
