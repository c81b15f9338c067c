//! Intervals against a model, on a stopped clock.
#![cfg(all(feature = "time", feature = "test-util"))]

mod support;

use std::time::Duration;

use fastwake::time::{
    self, Instant, Interval, MissedTickBehavior, interval, interval_at, sleep, timeout,
};
use proptest::prelude::*;
use support::driven::{current, multi, paused};
use support::{must_end, panic_message};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A tick that is asked for later than this has been missed.
const GRACE: u64 = 5;

/// When ticks are due, in ms since the start.
struct Model {
    behavior: MissedTickBehavior,
    period: u64,
    due: u64,
}

impl Model {
    /// Asked for at `now`: when it comes, and when it was due.
    fn tick(&mut self, now: u64) -> (u64, u64) {
        let due = self.due;
        let comes = now.max(due);
        self.due = match self.behavior {
            _ if comes <= due + GRACE => due + self.period,
            MissedTickBehavior::Burst => due + self.period,
            MissedTickBehavior::Delay => comes + self.period,
            MissedTickBehavior::Skip => due + ((comes - due) / self.period + 1) * self.period,
        };
        (comes, due)
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Tick,
    /// The task is busy for so long.
    Work(u64),
    Reset,
    ResetNow,
    ResetAfter(u64),
    ResetAt(u64),
    /// Asks for a tick for so long, and gives up.
    GiveUp(u64),
    Behave(MissedTickBehavior),
}

fn behavior() -> impl Strategy<Value = MissedTickBehavior> {
    prop_oneof![
        Just(MissedTickBehavior::Burst),
        Just(MissedTickBehavior::Delay),
        Just(MissedTickBehavior::Skip),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Tick),
        4 => (0..100_u64).prop_map(Step::Work),
        1 => Just(Step::Reset),
        1 => Just(Step::ResetNow),
        1 => (0..60_u64).prop_map(Step::ResetAfter),
        1 => (0..200_u64).prop_map(Step::ResetAt),
        1 => (0..60_u64).prop_map(Step::GiveUp),
        1 => behavior().prop_map(Step::Behave),
    ]
}

struct Run {
    start: Instant,
    ticks: Interval,
    model: Model,
}

impl Run {
    fn now(&self) -> u64 {
        let now = self.start.elapsed();
        assert_eq!(
            now.subsec_nanos() % 1_000_000,
            0,
            "the clock stands on whole ms"
        );
        now.as_millis() as u64
    }

    async fn step(&mut self, step: Step) {
        let now = self.now();
        match step {
            Step::Tick => {
                let (comes, due) = self.model.tick(now);
                let tick = self.ticks.tick().await;
                assert_eq!((self.now(), tick), (comes, self.start + ms(due)));
            }
            Step::Work(n) => time::advance(ms(n)).await,
            Step::Reset => {
                self.ticks.reset();
                self.model.due = now + self.model.period;
            }
            Step::ResetNow => {
                self.ticks.reset_immediately();
                self.model.due = now;
            }
            Step::ResetAfter(n) => {
                self.ticks.reset_after(ms(n));
                self.model.due = now + n;
            }
            Step::ResetAt(n) => {
                self.ticks
                    .reset_at(self.start + ms(now.saturating_sub(100) + n));
                self.model.due = now.saturating_sub(100) + n;
            }
            // Nothing is lost by it: the tick is there for the next one who asks.
            Step::GiveUp(n) if self.model.due > now + n => {
                assert!(timeout(ms(n), self.ticks.tick()).await.is_err());
                assert_eq!(self.now(), now + n);
            }
            Step::GiveUp(_) => {}
            Step::Behave(behavior) => {
                self.ticks.set_missed_tick_behavior(behavior);
                assert_eq!(self.ticks.missed_tick_behavior(), behavior);
                self.model.behavior = behavior;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn ticks_come_when_the_model_says(
        steps in prop::collection::vec(step(), 1..60),
        period in 1..40_u64,
        behavior in behavior(),
        first in 0..50_u64,
    ) {
        paused().block_on(async {
            let start = Instant::now();
            let mut ticks = interval_at(start + ms(first), ms(period));
            ticks.set_missed_tick_behavior(behavior);
            assert_eq!(ticks.period(), ms(period));
            let model = Model { behavior, period, due: first };
            let mut run = Run { start, ticks, model };
            for step in steps {
                run.step(step).await;
            }
        });
    }
}

#[test]
fn the_table_in_the_documentation_is_true() {
    let table = [
        (MissedTickBehavior::Burst, [0, 38, 38, 38, 40, 50]),
        (MissedTickBehavior::Delay, [0, 38, 48, 58, 68, 78]),
        (MissedTickBehavior::Skip, [0, 38, 40, 50, 60, 70]),
    ];
    for (behavior, expected) in table {
        let seen = paused().block_on(async {
            let start = Instant::now();
            let mut ticks = interval(ms(10));
            ticks.set_missed_tick_behavior(behavior);
            let mut seen = Vec::new();
            for n in 0..6 {
                if n == 1 {
                    time::advance(ms(38)).await;
                }
                ticks.tick().await;
                seen.push(start.elapsed().as_millis());
            }
            seen
        });
        assert_eq!(seen, expected, "{behavior:?}");
    }
}

#[test]
fn on_a_running_clock_no_tick_is_early() {
    must_end(|| {
        for runtime in [multi(2), current()] {
            runtime.block_on(async {
                let mut ticks = interval(Duration::from_micros(500));
                for _ in 0..100 {
                    let due = ticks.tick().await;
                    assert!(Instant::now() >= due);
                }
            });
        }
    });
}

#[test]
fn a_period_that_no_clock_reaches_ticks_once() {
    must_end(|| {
        paused().block_on(async {
            for behavior in [
                MissedTickBehavior::Burst,
                MissedTickBehavior::Delay,
                MissedTickBehavior::Skip,
            ] {
                let mut ticks = interval(Duration::MAX);
                ticks.set_missed_tick_behavior(behavior);
                time::advance(ms(100)).await;
                ticks.tick().await;
                assert!(timeout(ms(86_400_000), ticks.tick()).await.is_err());
                ticks.reset();
                assert!(timeout(ms(86_400_000), ticks.tick()).await.is_err());
                ticks.reset_after(ms(1));
                ticks.tick().await;
                sleep(ms(1)).await;
            }
        });
    });
}

#[test]
fn a_period_of_zero_is_refused() {
    let runtime = current();
    let text = panic_message(|| runtime.block_on(async { interval(Duration::ZERO) }));
    assert!(text.contains("zero"), "{text}");
}
