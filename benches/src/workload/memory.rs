#![forbid(unsafe_code)]
//! What tasks and connections take while they wait.

use std::future::pending;

use crate::cost::Stopwatch;
use crate::heap;
use crate::peer::Peer;
use crate::sample::{Sample, Unit};

use super::echo::connections;
use super::latch::Latch;
use super::{Setting, Workload, in_a_task};

pub(super) struct Tasks;

impl Workload for Tasks {
    const NAME: &'static str = "memory-task";
    const QUESTION: &'static str =
        "What memory does a task take that waits, with a future of 64 bytes?";
    const REFUTED_BY: &'static str = "a ratio below 1: the task's header has grown";
    const OPERATIONS: usize = 100_000;
    const WARM_UP: bool = false;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        let begun = Latch::new(n);
        let before = heap::resident();
        let stopwatch = Stopwatch::start();
        for n in 0..n {
            drop(peer.spawn_from_outside(async move {
                let kept = [n; 5];
                begun.count_down();
                pending::<()>().await;
                std::hint::black_box(kept);
            }));
        }
        begun.wait();
        let cost = stopwatch.stop(n);
        let bytes = heap::resident().saturating_sub(before) as f64 / n as f64;
        Sample::of(cost).with("bytes", Unit::Bytes, bytes)
    }
}

pub(super) struct Connections;

impl Workload for Connections {
    const NAME: &'static str = "memory-connection";
    const QUESTION: &'static str = "What memory of the process does a TCP connection take, both ends and the task that waits for it?";
    const REFUTED_BY: &'static str = "a ratio below 1: a source of events takes more than tokio's";
    const OPERATIONS: usize = 400;
    const WARM_UP: bool = false;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        in_a_task(peer, async move {
            let before = heap::resident();
            let stopwatch = Stopwatch::start();
            let streams = connections::<P>(n, 64).await;
            let cost = stopwatch.stop(n);
            let bytes = heap::resident().saturating_sub(before) as f64 / n as f64;
            drop(streams);
            Sample::of(cost).with("bytes", Unit::Bytes, bytes)
        })
    }
}
