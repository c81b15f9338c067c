#![forbid(unsafe_code)]
//! Spending a unit where nothing else does.

use std::future::poll_fn;
use std::task::{Poll, ready};

use super::poll_proceed;

/// Spends one unit of the task's budget, and lets the others go first if there is none left.
///
/// For loops that do much between two operations that might suspend, or whose operations never do.
///
/// # Cancel safety
///
/// Nothing is lost if the future is dropped.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let mut sum = 0_u64;
/// for i in 0..10_000 {
///     sum += i;
///     fastwake::task::consume_budget().await;
/// }
/// assert_eq!(sum, 49_995_000);
/// # });
/// ```
pub async fn consume_budget() {
    let mut spent = false;
    poll_fn(|context| {
        if !spent {
            ready!(poll_proceed(context)).made_progress();
            spent = true;
        }
        Poll::Ready(())
    })
    .await;
}
