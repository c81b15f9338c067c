#![forbid(unsafe_code)]
//! To start a runtime and to end it.

use crate::cost::Stopwatch;
use crate::peer::Peer;
use crate::sample::Sample;

use super::{Setting, Workload};

pub(super) struct StartStop;

impl Workload for StartStop {
    const NAME: &'static str = "start-stop";
    const QUESTION: &'static str =
        "How long does it take to build a runtime, run one task in it, and drop it?";
    const REFUTED_BY: &'static str = "a ratio below 1: topology, pools and drivers are paid for by every test that \
         builds a runtime";
    const OPERATIONS: usize = 50;
    const QUICK: usize = 20;
    const WARM_UP: bool = false;

    fn run<P: Peer>(_: &P, setting: Setting) -> Sample {
        let stopwatch = Stopwatch::start();
        for n in 0..setting.operations {
            let peer = P::build(setting.workers);
            let task = peer.spawn_from_outside(async move { n });
            assert_eq!(peer.block_on(task).expect("the task does not panic"), n);
        }
        Sample::timed(stopwatch.stop(setting.operations))
    }
}
