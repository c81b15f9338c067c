#![forbid(unsafe_code)]
//! Waiting for a moment.

use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::driver::Timer;
use crate::runtime::Handle;

use super::{Instant, unless_shut_down};

/// Waits until `duration` has passed.
///
/// No sleep ends early. On an idle runtime it ends within some 100 µs of its time; on a busy one,
/// when the worker gets to it. A duration that no clock reaches is a sleep without end.
///
/// # Cancel safety
///
/// Nothing is lost if the future is dropped; the timer is gone at once.
///
/// # Panics
///
/// Outside a runtime, and in one [without timers](crate::runtime::Builder::enable_time). The future
/// panics when it is polled after its runtime has been shut down and before its time.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use fastwake::time::{Duration, Instant, sleep};
///
/// let start = Instant::now();
/// sleep(Duration::from_millis(2)).await;
/// assert!(start.elapsed() >= Duration::from_millis(2));
/// # }
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(Instant::after(duration))
}

/// Waits until `deadline`; as [`sleep`].
///
/// # Panics
///
/// As [`sleep`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use fastwake::time::{Duration, Instant, sleep_until};
///
/// let deadline = Instant::now() + Duration::from_millis(2);
/// sleep_until(deadline).await;
/// assert!(Instant::now() >= deadline);
/// # }
/// ```
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep {
        timer: Timer::new(Handle::time_driver(), deadline.into_std()),
        _pinned: PhantomPinned,
    }
}

pin_project! {
    /// The future of [`sleep`] and [`sleep_until`].
    ///
    /// To await it more than once, or to move its deadline, pin it first:
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use fastwake::time::{Duration, Instant, sleep};
    ///
    /// let mut nap = pin!(sleep(Duration::from_secs(3_600)));
    /// nap.as_mut().reset(Instant::now() + Duration::from_millis(1));
    /// nap.as_mut().await;
    /// assert!(nap.is_elapsed());
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Sleep {
        timer: Timer,
        // Nothing needs it today; programs that pin their sleeps leave room for a timer that does.
        #[pin]
        _pinned: PhantomPinned,
    }
}

impl Sleep {
    /// When it ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::{Duration, Instant, sleep_until};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let deadline = Instant::now() + Duration::from_secs(60);
    /// assert_eq!(sleep_until(deadline).deadline(), deadline);
    /// # }
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Instant {
        Instant::from_std(self.timer.deadline())
    }

    /// Has the deadline passed? Not before the first poll, or [`reset`](Self::reset).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use fastwake::time::{Duration, Instant, sleep};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut nap = pin!(sleep(Duration::from_millis(1)));
    /// assert!(!nap.is_elapsed());
    /// nap.as_mut().await;
    /// assert!(nap.is_elapsed());
    ///
    /// nap.as_mut().reset(Instant::now() + Duration::from_secs(60));
    /// assert!(!nap.is_elapsed());
    /// # }
    /// ```
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        self.timer.is_elapsed()
    }

    /// Moves the deadline. A task that waits already is woken for the new one.
    ///
    /// It may be called before the first poll, while the sleep waits, and after it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    /// use fastwake::time::{Duration, Instant, sleep};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let idle = Duration::from_millis(5);
    /// let mut deadline = pin!(sleep(idle));
    /// for _ in 0..3 {
    ///     // Something has happened: the time begins anew.
    ///     deadline.as_mut().reset(Instant::now() + idle);
    /// }
    /// deadline.await;
    /// # }
    /// ```
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        self.project().timer.reset(deadline.into_std());
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        unless_shut_down(self.project().timer.poll_elapsed(context))
    }
}
