#![forbid(unsafe_code)]
//! A budget for futures that know of none.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::poll_proceed;

pin_project! {
    /// The future of [`cooperative`].
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
