#![forbid(unsafe_code)]
//! A moment on the runtime's clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

/// As far as any timer is ever set: beyond it, a sleep has no end.
const FAR: Duration = Duration::from_secs(86_400 * 365 * 30);

/// A moment on the runtime's clock; as [`std::time::Instant`], but for a clock that a test can
/// stop (`time::pause`).
///
/// # Examples
///
/// ```
/// use fastwake::time::{Duration, Instant};
///
/// let start = Instant::now();
/// let later = start + Duration::from_secs(1);
/// assert_eq!(later - start, Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(std::time::Instant);

impl Instant {
    /// The present, on the current runtime's clock; outside a runtime, on the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::Instant;
    ///
    /// let before = Instant::now();
    /// // It never goes backwards.
    /// assert!(Instant::now() >= before);
    /// ```
    #[must_use]
    pub fn now() -> Self {
        Self(now())
    }

    /// The same moment, of the standard library's type.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant};
    ///
    /// let moment = Instant::now();
    /// let later: std::time::Instant = (moment + Duration::from_secs(1)).into_std();
    /// assert_eq!(later - moment.into_std(), Duration::from_secs(1));
    /// ```
    #[must_use]
    pub fn into_std(self) -> std::time::Instant {
        self.0
    }

    /// The same moment.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() {
    /// use fastwake::time::{Instant, sleep_until};
    ///
    /// // A deadline from a library that does not know of the runtime.
    /// let deadline = std::time::Instant::now();
    /// sleep_until(Instant::from_std(deadline)).await;
    /// # }
    /// ```
    #[must_use]
    pub fn from_std(std: std::time::Instant) -> Self {
        Self(std)
    }

    /// A moment that nobody lives to see.
    pub(super) fn far_future() -> Self {
        Self::now() + FAR
    }

    /// The moment that is `duration` from now, or far away if there is none.
    pub(super) fn after(duration: Duration) -> Self {
        Self::now()
            .checked_add(duration)
            .unwrap_or_else(Self::far_future)
    }

    /// The time from `earlier` to this moment; zero if it is not earlier.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant};
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_millis(3);
    /// assert_eq!(later.duration_since(earlier), Duration::from_millis(3));
    /// assert_eq!(earlier.duration_since(later), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0)
    }

    /// The time from `earlier` to this moment; `None` if it is later.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant};
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_millis(3);
    /// assert_eq!(later.checked_duration_since(earlier), Some(Duration::from_millis(3)));
    /// assert_eq!(earlier.checked_duration_since(later), None);
    /// ```
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// The time from `earlier` to this moment; zero if it is not earlier.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// let deadline = now + Duration::from_millis(3);
    /// // What is left until a deadline, be it over or not.
    /// assert_eq!(deadline.saturating_duration_since(now), Duration::from_millis(3));
    /// assert_eq!(now.saturating_duration_since(deadline), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The time since this moment.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() {
    /// use fastwake::time::{Duration, Instant, sleep};
    ///
    /// let start = Instant::now();
    /// sleep(Duration::from_millis(1)).await;
    /// assert!(start.elapsed() >= Duration::from_millis(1));
    /// # }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Self::now().saturating_duration_since(*self)
    }

    /// The moment `duration` later, if the type can represent it.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant};
    ///
    /// let now = Instant::now();
    /// assert_eq!(now.checked_add(Duration::from_secs(1)), Some(now + Duration::from_secs(1)));
    /// assert_eq!(now.checked_add(Duration::MAX), None);
    /// ```
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    /// The moment `duration` earlier, if the type can represent it.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant};
    ///
    /// let later = Instant::now() + Duration::from_secs(1);
    /// assert_eq!(later.checked_sub(Duration::from_secs(1)), Some(later - Duration::from_secs(1)));
    /// assert_eq!(later.checked_sub(Duration::MAX), None);
    /// ```
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }
}

#[cfg(feature = "test-util")]
fn now() -> std::time::Instant {
    use crate::driver::Clock;
    use crate::runtime::Handle;

    if Clock::all_run() {
        return std::time::Instant::now();
    }
    let current = Handle::try_current().ok();
    current.map_or_else(std::time::Instant::now, |handle| handle.clock().now())
}

#[cfg(not(feature = "test-util"))]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

impl From<std::time::Instant> for Instant {
    fn from(std: std::time::Instant) -> Self {
        Self(std)
    }
}

impl From<Instant> for std::time::Instant {
    fn from(instant: Instant) -> Self {
        instant.0
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        self.0 += duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0 - duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        self.0 -= duration;
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
