#![forbid(unsafe_code)]
//! Letting others go first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::coop;

/// Lets the other tasks of this worker run before the calling one goes on, and the worker look for
/// events of the system and for timers that are due.
///
/// The task goes to the end of its worker's queue. That the others have run when it returns is
/// today's behaviour, not a promise: another worker may take the task earlier.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// fastwake::task::yield_now().await;
/// # });
/// ```
pub async fn yield_now() {
    struct YieldNow(bool);

    impl Future for YieldNow {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            if std::mem::replace(&mut self.0, true) {
                return Poll::Ready(());
            }
            coop::let_others_go_first(context);
            Poll::Pending
        }
    }

    YieldNow(false).await;
}
