#![forbid(unsafe_code)]
//! TCP beside work that computes, more and more of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crate::cost::Stopwatch;
use crate::peer::Peer;
use crate::sample::{Sample, Unit};

use super::echo::Echo as Load;
use super::mixed::compute;
use super::{Setting, Workload};

/// How long a piece of the work computes.
const PIECE: Duration = Duration::from_millis(2);

/// Ends those who submit, also if what they are beside panics.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// 16 connections, while `SHARE` per cent of the time of as many threads as there are workers is
/// asked for by work that computes.
pub(super) struct Echo<const SHARE: u64>;

impl<const SHARE: u64> Workload for Echo<SHARE> {
    const NAME: &'static str = match SHARE {
        0 => "mixed-io-0",
        25 => "mixed-io-25",
        50 => "mixed-io-50",
        75 => "mixed-io-75",
        100 => "mixed-io-100",
        _ => panic!("a row that has no name"),
    };
    const QUESTION: &'static str = "A message there and back on one of 16 TCP connections, while a share of the CPUs (in per \
         cent, the row's number) computes where such work belongs: how long at most, but for one in a hundred?";
    const REFUTED_BY: &'static str = "a ratio below 1: what computes keeps what answers; or a throughput of what computes below \
         nine tenths of tokio's";
    const OPERATIONS: usize = 4_000;
    const QUICK: usize = 2_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let end = Ending(Arc::new(AtomicBool::new(false)));
        let pieces = AtomicUsize::new(0);
        let stopwatch = Stopwatch::start();
        let sample = thread::scope(|scope| {
            for _ in 0..setting.workers {
                let (end, pieces) = (end.0.clone(), &pieces);
                scope.spawn(move || {
                    while SHARE > 0 && !end.load(Relaxed) {
                        let piece = peer.spawn_heavy_from_outside(|| compute(PIECE));
                        peer.block_on(piece).expect("the closure does not panic");
                        pieces.fetch_add(1, Relaxed);
                        thread::sleep(PIECE * (100 - SHARE as u32) / SHARE as u32);
                    }
                });
            }
            let _end = end;
            Load::<16, 64>::run(peer, setting)
        });
        let cost = stopwatch.stop(setting.operations);
        let latencies = sample.latencies.expect("it has them");
        let time = cost.wall * setting.operations as f64;
        let sample = Sample::of(cost).with_latencies("", &[0.5, 0.99], latencies);
        if SHARE == 0 {
            return sample;
        }
        let pieces = pieces.into_inner().max(1) as f64;
        sample.with("work time", Unit::Nanoseconds, time / pieces)
    }
}
