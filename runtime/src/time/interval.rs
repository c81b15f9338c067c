#![forbid(unsafe_code)]
//! Ticks at equal distances.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::driver::Timer;
use crate::runtime::Handle;

use super::{Instant, unless_shut_down};

/// A tick that is later than this has been missed; tokio's.
const MISSED_AFTER: Duration = Duration::from_millis(5);

/// Ticks every `period`, the first time at once.
///
/// The period is kept from tick to tick, whatever is done in between; what happens when that takes
/// longer is [for you to choose](Interval::set_missed_tick_behavior).
///
/// # Panics
///
/// If `period` is zero; as [`sleep`](super::sleep()).
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use fastwake::time::{Duration, interval};
///
/// let mut ticks = interval(Duration::from_millis(1));
/// let first = ticks.tick().await;
/// assert_eq!(ticks.tick().await - first, Duration::from_millis(1));
/// # }
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, the first time at `start`; as [`interval`].
///
/// # Panics
///
/// As [`interval`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use fastwake::time::{Duration, Instant, interval_at};
///
/// let start = Instant::now() + Duration::from_millis(3);
/// let mut ticks = interval_at(start, Duration::from_millis(1));
/// assert_eq!(ticks.tick().await, start);
/// # }
/// ```
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "the period is zero; it must be longer");
    Interval {
        timer: Timer::new(Handle::time_driver(), start.into_std()),
        period,
        behavior: MissedTickBehavior::default(),
    }
}

/// What an [`Interval`] does when ticks have been missed, because nobody asked for them in time.
///
/// With a period of 10 ms, ticks due at 0, 10, 20, …, and the second asked for at 38 ms:
///
/// | behaviour | ticks at, ms |
/// |---|---|
/// | `Burst` | 0, 38, 38, 38, 40, 50 |
/// | `Delay` | 0, 38, 48, 58, 68 |
/// | `Skip` | 0, 38, 40, 50, 60 |
///
/// # Examples
///
/// ```
/// use fastwake::time::{Duration, MissedTickBehavior, interval, sleep};
///
/// # #[fastwake::main]
/// # async fn main() {
/// let period = Duration::from_millis(20);
/// let mut ticks = interval(period);
/// ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
///
/// let first = ticks.tick().await;
/// // Too long for the next one, which comes late, and for those after it, which do not come.
/// sleep(5 * period / 2).await;
/// let second = ticks.tick().await;
/// assert_eq!(second - first, period);
/// assert!(ticks.tick().await - second >= 2 * period);
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Makes up for them, as fast as it is asked. The default.
    #[default]
    Burst,
    /// Begins anew: the next tick is one period from now.
    Delay,
    /// Leaves them out: the next tick is the next one that was to come.
    Skip,
}

impl MissedTickBehavior {
    fn next(self, due: Instant, now: Instant, period: Duration) -> Option<Instant> {
        match self {
            Self::Burst => due.checked_add(period),
            Self::Delay => now.checked_add(period),
            Self::Skip => {
                let beyond = (now - due).as_nanos() % period.as_nanos();
                // Less than the period, which is below 2^94 ns.
                let beyond = Duration::new(
                    (beyond / 1_000_000_000) as u64,
                    (beyond % 1_000_000_000) as u32,
                );
                now.checked_add(period - beyond)
            }
        }
    }
}

/// Ticks; from [`interval`] and [`interval_at`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use fastwake::time::{Duration, Interval, interval};
///
/// /// Lets something happen at most once in a period.
/// struct Limit(Interval);
///
/// impl Limit {
///     async fn admit(&mut self) {
///         self.0.tick().await;
///     }
/// }
///
/// let mut limit = Limit(interval(Duration::from_millis(1)));
/// for request in ["a", "b", "c"] {
///     limit.admit().await;
///     println!("{request} is sent");
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Interval {
    timer: Timer,
    period: Duration,
    behavior: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick, and says when it was due.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the tick is still there for the next one.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, interval};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut ticks = interval(Duration::from_millis(2));
    /// for round in 1..=3 {
    ///     ticks.tick().await;
    ///     println!("round {round}");
    /// }
    /// # }
    /// ```
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|context| self.poll_tick(context)).await
    }

    /// As [`tick`](Self::tick), for a poll function.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() {
    /// use std::future::poll_fn;
    /// use fastwake::time::{Duration, interval};
    ///
    /// let mut ticks = interval(Duration::from_millis(1));
    /// let first = poll_fn(|context| ticks.poll_tick(context)).await;
    /// let second = poll_fn(|context| ticks.poll_tick(context)).await;
    /// assert_eq!(second - first, Duration::from_millis(1));
    /// # }
    /// ```
    pub fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<Instant> {
        ready!(unless_shut_down(self.timer.poll_elapsed(context)));
        let due = Instant::from_std(self.timer.deadline());
        let now = Instant::now();
        let behavior = if now > due + MISSED_AFTER {
            self.behavior
        } else {
            MissedTickBehavior::Burst
        };
        let next = behavior.next(due, now, self.period);
        self.set(next.unwrap_or_else(Instant::far_future));
        Poll::Ready(due)
    }

    fn set(&mut self, next: Instant) {
        self.timer.reset(next.into_std());
    }

    /// Begins anew: the next tick is one period from now.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant, interval};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut ticks = interval(Duration::from_millis(2));
    /// ticks.tick().await;
    /// let begin = Instant::now();
    /// ticks.reset();
    /// assert!(ticks.tick().await >= begin + Duration::from_millis(2));
    /// # }
    /// ```
    pub fn reset(&mut self) {
        self.set(Instant::after(self.period));
    }

    /// The next tick is now.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, interval};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut flushes = interval(Duration::from_secs(3_600));
    /// let first = flushes.tick().await;
    /// // There is so much already that it is better flushed now than in an hour.
    /// flushes.reset_immediately();
    /// assert!(flushes.tick().await - first < Duration::from_secs(3_600));
    /// # }
    /// ```
    pub fn reset_immediately(&mut self) {
        self.set(Instant::now());
    }

    /// The next tick is `after` from now.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant, interval};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut ticks = interval(Duration::from_secs(60));
    /// let first = ticks.tick().await;
    /// // Once sooner, and then each minute again.
    /// ticks.reset_after(Duration::from_millis(2));
    /// assert!(ticks.tick().await >= first + Duration::from_millis(2));
    /// # }
    /// ```
    pub fn reset_after(&mut self, after: Duration) {
        self.set(Instant::after(after));
    }

    /// The next tick is at `deadline`.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, interval};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut ticks = interval(Duration::from_secs(60));
    /// let first = ticks.tick().await;
    /// let early = first + Duration::from_millis(2);
    /// ticks.reset_at(early);
    /// assert_eq!(ticks.tick().await, early);
    /// # }
    /// ```
    pub fn reset_at(&mut self, deadline: Instant) {
        self.set(deadline);
    }

    /// What is done about missed ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, MissedTickBehavior, interval};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let ticks = interval(Duration::from_secs(1));
    /// assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Burst);
    /// # }
    /// ```
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.behavior
    }

    /// Says what to do about missed ticks.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, MissedTickBehavior, interval, sleep};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let period = Duration::from_millis(20);
    /// let mut ticks = interval(period);
    /// ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ///
    /// let first = ticks.tick().await;
    /// sleep(3 * period).await;
    /// // The one that was missed comes late, and the next one a whole period after it.
    /// ticks.tick().await;
    /// assert!(ticks.tick().await >= first + 4 * period);
    /// # }
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.behavior = behavior;
    }

    /// The time from one tick to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, interval};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let ticks = interval(Duration::from_secs(60));
    /// assert_eq!(ticks.period(), Duration::from_secs(60));
    /// # }
    /// ```
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}
