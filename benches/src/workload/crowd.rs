#![forbid(unsafe_code)]
//! Many outside threads at once that each wait for a blocking closure to start.

use std::sync::{Barrier, mpsc};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::cost::Stopwatch;
use crate::latency::Recorder;
use crate::peer::Peer;
use crate::sample::Sample;

use super::{Setting, Workload};

const SUBMITTERS: usize = 16;
/// Between two submissions of a thread: long enough that some of the pool's threads wait again.
const PAUSE: Duration = Duration::from_micros(300);

pub(super) struct StartLatency;

impl Workload for StartLatency {
    const NAME: &'static str = "blocking-latency-16";
    const QUESTION: &'static str = "From the submission to the start of a blocking closure, if 16 outside threads submit one each, \
         wait for it, and pause: how long?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: whoever submits waits for the others' submissions, or for their threads";
    const OPERATIONS: usize = 3_200;
    const QUICK: usize = 1_600;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let each = setting.operations.div_ceil(SUBMITTERS);
        let gate = Barrier::new(SUBMITTERS + 1);
        thread::scope(|scope| {
            let submitter = || {
                let mut latencies = Recorder::default();
                let (report, reports) = mpsc::channel();
                gate.wait();
                for _ in 0..each {
                    thread::sleep(PAUSE);
                    let report = report.clone();
                    let submitted = Instant::now();
                    drop(peer.spawn_blocking_from_outside(move || {
                        // The receiver waits for it.
                        let _ = report.send(submitted.elapsed());
                    }));
                    latencies.record(reports.recv().expect("the closure reports"));
                }
                latencies
            };
            let threads: Vec<_> = (0..SUBMITTERS).map(|_| scope.spawn(submitter)).collect();
            // By then the others are there, or nearly.
            thread::sleep(super::SETTLING);
            let stopwatch = Stopwatch::start();
            gate.wait();
            let end = |thread: ScopedJoinHandle<'_, Recorder>| thread.join();
            let ended: Vec<_> = threads.into_iter().map(end).collect();
            let cost = stopwatch.stop(SUBMITTERS * each);
            let mut all = Recorder::default();
            for latencies in ended {
                all.merge(&latencies.expect("a submitter does not panic"));
            }
            Sample::of(cost).with_latencies("", &[0.5, 0.99], all.latencies())
        })
    }
}
