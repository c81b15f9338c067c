#![forbid(unsafe_code)]
//! Tasks that wake each other. The channel is that of `futures`, or smol's: neither needs its runtime.

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};

use crate::cost::Stopwatch;
use crate::peer::Peer;
use crate::sample::Sample;

use super::{Setting, Workload, in_a_task};

/// Sends back what comes, until nothing more can come.
async fn echo(to: UnboundedSender<usize>, mut from: UnboundedReceiver<usize>) {
    while let Ok(number) = from.recv().await {
        // The other side has gone: so does this one.
        if to.unbounded_send(number).is_err() {
            return;
        }
    }
}

/// Sends one message at a time, and waits for the answer.
async fn ask<P: Peer>(times: usize) {
    let (to, questions) = unbounded();
    let (answers, mut from) = unbounded();
    let echo = P::spawn(echo(answers, questions));
    for i in 0..times {
        to.unbounded_send(i)
            .expect("the echo listens as long as it is asked");
        assert_eq!(from.recv().await, Ok(i));
    }
    drop(to);
    echo.await.expect("the task does not panic");
}

/// From the first question to the last answer, with `pairs` pairs of tasks at once.
fn ping_pong<P: Peer>(peer: &P, pairs: usize, operations: usize) -> Sample {
    let each = operations.div_ceil(pairs);
    in_a_task(peer, async move {
        let stopwatch = Stopwatch::start();
        let askers: Vec<_> = (0..pairs).map(|_| P::spawn(ask::<P>(each))).collect();
        for asker in askers {
            asker.await.expect("the task does not panic");
        }
        Sample::timed(stopwatch.stop(pairs * each))
    })
}

pub(super) struct PingPong;

impl Workload for PingPong {
    const NAME: &'static str = "ping-pong";
    const QUESTION: &'static str = "How long does a message there and back take between two tasks?";
    const REFUTED_BY: &'static str = "a ratio below 1, or CPU time above tokio's: the answer does not stay on the worker that \
         has it in its cache";
    const OPERATIONS: usize = 200_000;
    const QUICK: usize = 100_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        ping_pong(peer, 1, setting.operations)
    }
}

pub(super) struct PingPongPairs;

impl Workload for PingPongPairs {
    const NAME: &'static str = "ping-pong-64";
    const QUESTION: &'static str = "The same, with 64 pairs at once?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: waking a task from a task costs too much when the workers are busy";
    const OPERATIONS: usize = 64 * 5_000;
    const QUICK: usize = 64 * 2_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        ping_pong(peer, 64, setting.operations)
    }
}

/// So many tasks send, one receives.
const SENDERS: usize = 8;

pub(super) struct FanIn;

impl Workload for FanIn {
    const NAME: &'static str = "fan-in";
    const QUESTION: &'static str = "What does a message cost that one of 8 tasks sends to a ninth, through a channel of 100 places?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: tasks that wake each other by turns are put where they wait longer";
    const OPERATIONS: usize = 400_000;
    const QUICK: usize = 200_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let each = setting.operations.div_ceil(SENDERS);
        in_a_task(peer, async move {
            let (to, from) = smol::channel::bounded(100);
            let stopwatch = Stopwatch::start();
            let sender = |_| {
                let to = to.clone();
                P::spawn(async move {
                    for n in 0..each {
                        to.send(n).await.expect("somebody receives");
                    }
                })
            };
            let senders: Vec<_> = (0..SENDERS).map(sender).collect();
            for _ in 0..SENDERS * each {
                from.recv().await.expect("somebody sends");
            }
            for sender in senders {
                sender.await.expect("the task does not panic");
            }
            Sample::timed(stopwatch.stop(SENDERS * each))
        })
    }
}
