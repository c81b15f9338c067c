#![forbid(unsafe_code)]
//! A budget for futures that know of none.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::poll_proceed;

pin_project! {
    /// The future of [`cooperative`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::{Ready, ready};
    /// use fastwake::task::coop::{Coop, cooperative};
    ///
    /// /// There always is a job, and a loop over them can be interrupted all the same.
    /// fn next_job() -> Coop<Ready<u32>> {
    ///     cooperative(ready(5))
    /// }
    ///
    /// # #[cfg(feature = "time")]
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::time::{Duration, timeout};
    ///
    /// let endless = async {
    ///     loop {
    ///         assert_eq!(next_job().await, 5);
    ///     }
    /// };
    /// assert!(timeout(Duration::from_millis(1), endless).await.is_err());
    /// # });
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Coop<F> {
        #[pin]
        inner: F,
    }
}

/// Makes a future spend one unit of its task's budget when it is ready.
///
/// For the operations of libraries that know of no budget: a channel's `recv`, for instance.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// use fastwake::task::coop::cooperative;
///
/// assert_eq!(cooperative(std::future::ready(5)).await, 5);
/// # });
/// ```
pub fn cooperative<F: Future>(inner: F) -> Coop<F> {
    Coop { inner }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let unit = ready!(poll_proceed(context));
        let output = ready!(self.project().inner.poll(context));
        unit.made_progress();
        Poll::Ready(output)
    }
}
