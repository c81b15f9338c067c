#![forbid(unsafe_code)]
//! A future with a deadline.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::coop::{has_budget_remaining, without_budget};

use super::error::Elapsed;
use super::{Instant, Sleep, sleep_until};

/// Gives a future `duration` to be ready, and drops it if it is not.
///
/// The future is looked at first: one that is ready wins, even if the time has passed too. A
/// duration that no clock reaches is no limit.
///
/// A future that never suspends is never interrupted. A loop over a channel of `fastwake::sync` that is
/// never empty is one: it [has to ask](crate::task::coop) for it.
///
/// # Errors
///
/// [`Elapsed`] if the time has passed.
///
/// # Cancel safety
///
/// Dropping this drops the future, with what that means for the future.
///
/// # Panics
///
/// As [`sleep`](super::sleep()).
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use fastwake::time::{Duration, timeout};
///
/// let never = std::future::pending::<()>();
/// assert!(timeout(Duration::from_millis(1), never).await.is_err());
/// assert_eq!(timeout(Duration::from_secs(1), async { 5 }).await, Ok(5));
/// # }
/// ```
#[expect(
    clippy::manual_map,
    reason = "in a closure, a panic would not name the caller"
)]
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    let delay = match Instant::now().checked_add(duration) {
        Some(deadline) => Some(sleep_until(deadline)),
        None => None,
    };
    Timeout {
        future: future.into_future(),
        delay,
    }
}

/// Gives a future until `deadline` to be ready; as [`timeout`].
///
/// # Errors
///
/// As [`timeout`].
///
/// # Panics
///
/// As [`sleep`](super::sleep()).
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use fastwake::time::{Duration, Instant, timeout_at};
///
/// let deadline = Instant::now() + Duration::from_secs(1);
/// assert_eq!(timeout_at(deadline, async { 5 }).await, Ok(5));
/// # }
/// ```
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        future: future.into_future(),
        delay: Some(sleep_until(deadline)),
    }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() {
    /// use std::future::Ready;
    /// use fastwake::time::{Duration, Timeout, timeout};
    ///
    /// /// To be kept somewhere, it has a name.
    /// struct Question {
    ///     answer: Timeout<Ready<i32>>,
    /// }
    ///
    /// let answer = timeout(Duration::from_secs(1), std::future::ready(42));
    /// let question = Question { answer };
    /// assert_eq!(question.answer.await, Ok(42));
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Timeout<T> {
        #[pin]
        future: T,
        #[pin]
        delay: Option<Sleep>,
    }
}

impl<T> Timeout<T> {
    /// The future.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::ready;
    /// use fastwake::time::{Duration, timeout};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let answer = timeout(Duration::from_secs(1), ready(5));
    /// assert_eq!(format!("{:?}", answer.get_ref()), "Ready(Some(5))");
    /// assert_eq!(answer.await, Ok(5));
    /// # }
    /// ```
    pub fn get_ref(&self) -> &T {
        &self.future
    }

    /// The future.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::ready;
    /// use fastwake::time::{Duration, timeout};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut answer = timeout(Duration::from_secs(1), ready(5));
    /// *answer.get_mut() = ready(6);
    /// assert_eq!(answer.await, Ok(6));
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.future
    }

    /// The future, without its deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::ready;
    /// use fastwake::time::{Duration, timeout};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let answer = timeout(Duration::ZERO, async { 5 });
    /// // As long as it takes, after all.
    /// assert_eq!(answer.into_inner().await, 5);
    /// # }
    /// ```
    pub fn into_inner(self) -> T {
        self.future
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = has_budget_remaining();
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        let Some(delay) = this.delay.as_pin_mut() else {
            return Poll::Pending;
        };
        // A future that has spent all of its budget, time after time, must not keep the deadline
        // from being seen.
        let elapsed = if had_budget && !has_budget_remaining() {
            without_budget(|| delay.poll(context))
        } else {
            delay.poll(context)
        };
        elapsed.map(|()| Err(Elapsed::new()))
    }
}
