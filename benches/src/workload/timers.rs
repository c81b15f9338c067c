#![forbid(unsafe_code)]
//! Timers: many at once, one that ticks, and those that never fire.

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::cost::Stopwatch;
use crate::latency::Recorder;
use crate::peer::Peer;
use crate::sample::{Sample, Unit};

use super::{Setting, Workload, in_a_task};

/// Sleeps, and says how late it was.
async fn nap<P: Peer>(duration: Duration) -> Duration {
    let start = Instant::now();
    P::sleep(duration).await;
    let slept = start.elapsed();
    assert!(slept >= duration, "{slept:?} instead of {duration:?}");
    slept - duration
}

pub(super) struct Fired;

impl Workload for Fired {
    const NAME: &'static str = "timers";
    const QUESTION: &'static str = "100,000 tasks sleep for 10 to 100 ms at once: what CPU time does each cost, and how \
         late is it?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: timers finer than a millisecond are paid for by all";
    const OPERATIONS: usize = 100_000;
    const QUICK: usize = 20_000;
    const WARM_UP: bool = false;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        in_a_task(peer, async move {
            let stopwatch = Stopwatch::start();
            let nap = |n: usize| {
                let micros = 10_000 + (n as u64 * 7_919) % 90_000;
                P::spawn(nap::<P>(Duration::from_micros(micros)))
            };
            let naps: Vec<_> = (0..setting.operations).map(nap).collect();
            let mut late = Recorder::default();
            for nap in naps {
                late.record(nap.await.expect("the task does not panic"));
            }
            let cost = stopwatch.stop(setting.operations);
            let cpu = cost.cpu;
            Sample::of(cost)
                .with("cpu", Unit::Nanoseconds, cpu)
                .with_latencies("", &[0.5, 0.99], late.latencies())
        })
    }
}

pub(super) struct Cancelled;

impl Workload for Cancelled {
    const NAME: &'static str = "timers-cancelled";
    const QUESTION: &'static str = "100,000 timers are armed, and dropped before they are due, as every timeout is that is not \
         needed: what does each cost?";
    const REFUTED_BY: &'static str =
        "a ratio below 1: to arm and to cancel is not as cheap as it is said to be";
    const OPERATIONS: usize = 100_000;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        let n = setting.operations;
        in_a_task(peer, async move {
            let stopwatch = Stopwatch::start();
            let sleep = |n: usize| P::sleep(Duration::from_millis(5_000 + n as u64));
            let mut sleeps: Vec<_> = (0..n).map(|n| Box::pin(sleep(n))).collect();
            poll_fn(|context| {
                for sleep in &mut sleeps {
                    assert!(sleep.as_mut().poll(context).is_pending());
                }
                Poll::Ready(())
            })
            .await;
            drop(sleeps);
            Sample::timed(stopwatch.stop(n))
        })
    }
}

pub(super) struct Ticker;

impl Workload for Ticker {
    const NAME: &'static str = "ticker";
    const QUESTION: &'static str = "How late is a task that sleeps until the next full millisecond, on a runtime that does nothing else?";
    const REFUTED_BY: &'static str = "a ratio below 3 of the medians";
    const OPERATIONS: usize = 200;
    const QUICK: usize = 50;
    const WARM_UP: bool = false;

    fn run<P: Peer>(peer: &P, setting: Setting) -> Sample {
        in_a_task(peer, async move {
            let stopwatch = Stopwatch::start();
            let late = ticks::<P>(Duration::from_millis(1), setting.operations, || false).await;
            let cost = stopwatch.stop(setting.operations);
            Sample::of(cost).with_latencies("", &[0.5, 0.99], late.latencies())
        })
    }
}

/// How late a ticker of this period is, for so many ticks or until it is to end, once at least.
pub(super) async fn ticks<P: Peer>(
    period: Duration,
    times: usize,
    end: impl Fn() -> bool,
) -> Recorder {
    let mut late = Recorder::default();
    let mut due = Instant::now() + period;
    for _ in 0..times {
        // The peers round alike: up.
        P::sleep(due.saturating_duration_since(Instant::now())).await;
        let now = Instant::now();
        late.record(now.saturating_duration_since(due));
        // What was missed is not made up for.
        while due <= now {
            due += period;
        }
        if end() {
            break;
        }
    }
    late
}
