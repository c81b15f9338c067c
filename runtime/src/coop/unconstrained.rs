#![forbid(unsafe_code)]
//! Opting out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::without_budget;

pin_project! {
    /// The future of [`unconstrained`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::coop::{Unconstrained, has_budget_remaining, unconstrained};
    /// use fastwake::task::consume_budget;
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let greedy: Unconstrained<_> = unconstrained(async {
    ///     for _ in 0..1_000 {
    ///         consume_budget().await;
    ///     }
    ///     has_budget_remaining()
    /// });
    /// assert!(greedy.await, "nobody counts there");
    /// # });
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        inner: F,
    }
}

/// Runs a future without a budget: its operations are ready as often as they are.
///
/// It can then keep its worker from the other tasks for as long as it likes.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// use fastwake::task::{consume_budget, unconstrained};
///
/// unconstrained(async {
///     for _ in 0..1_000 {
///         consume_budget().await;
///     }
/// })
/// .await;
/// # });
/// ```
pub fn unconstrained<F>(inner: F) -> Unconstrained<F> {
    Unconstrained { inner }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let inner = self.project().inner;
        without_budget(|| inner.poll(context))
    }
}
