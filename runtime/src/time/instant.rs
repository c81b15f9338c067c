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
    #[must_use]
    pub fn now() -> Self {
        Self(now())
    }

    /// The same moment, of the standard library's type.
    #[must_use]
    pub fn into_std(self) -> std::time::Instant {
        self.0
    }

    /// The same moment.
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
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0)
    }

    /// The time from `earlier` to this moment; `None` if it is later.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// The time from `earlier` to this moment; zero if it is not earlier.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The time since this moment.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Self::now().saturating_duration_since(*self)
    }

    /// The moment `duration` later, if the type can represent it.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    /// The moment `duration` earlier, if the type can represent it.
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
