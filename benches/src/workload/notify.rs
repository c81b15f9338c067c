#![forbid(unsafe_code)]
//! Many tasks that wait for one event.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};

use crate::cost::Stopwatch;
use crate::peer::Peer;
use crate::sample::Sample;

use super::{Setting, Workload, in_a_task};

/// Tasks that wait.
const WAITING: usize = 1_000;

pub(super) struct Storm;

impl Workload for Storm {
    const NAME: &'static str = "notify-storm";
    const QUESTION: &'static str = "1,000 tasks wait for one event, again and again: what does it cost to wake one of \
         them, and for it to wait again?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: many wake-ups in a row from one task are not gathered as they should be";
    const OPERATIONS: usize = 40 * WAITING;
    const QUICK: usize = 20 * WAITING;

    /// tokio's `Notify` and `Semaphore` need no runtime.
    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let storms = setting.operations.div_ceil(WAITING);
        in_a_task(peer, async move {
            let event = Arc::new(Notify::new());
            let heard = Arc::new(Semaphore::new(0));
            let waiting = |_| {
                let (event, heard) = (event.clone(), heard.clone());
                P::spawn(async move {
                    for _ in 0..storms {
                        let next = event.notified();
                        // It listens from here on.
                        heard.add_permits(1);
                        next.await;
                    }
                })
            };
            let tasks: Vec<_> = (0..WAITING).map(waiting).collect();
            let everybody = WAITING as u32;
            let stopwatch = Stopwatch::start();
            for _ in 0..storms {
                let all = heard.acquire_many(everybody).await;
                all.expect("nobody closes it").forget();
                event.notify_waiters();
            }
            for task in tasks {
                task.await.expect("the task does not panic");
            }
            Sample::timed(stopwatch.stop(storms * WAITING))
        })
    }
}
