#![forbid(unsafe_code)]
//! Sleeps, intervals and timeouts.
//!
//! Timers belong to the pool on whose thread they are made, and are cheap: arming, moving and
//! cancelling one is O(1). None fires early. On an idle runtime one fires within some 100 µs of its
//! deadline: the kernel is asked to wake the worker at that moment, not at the next millisecond.
//!
//! ```
//! # #[fastwake::main]
//! # async fn main() {
//! use fastwake::time::{Duration, sleep, timeout};
//!
//! let answer = timeout(Duration::from_secs(5), async {
//!     sleep(Duration::from_millis(1)).await;
//!     42
//! });
//! assert_eq!(answer.await, Ok(42));
//! # }
//! ```

#[cfg(feature = "test-util")]
mod clock;
pub mod error;
mod instant;
mod interval;
#[cfg(feature = "metrics")]
mod publish;
mod sleep;
mod timeout;

use std::task::Poll;

use crate::driver::ShutDown;
use crate::runtime::is_ending;

#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub use clock::{advance, pause, resume};
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Timeout, timeout, timeout_at};

#[doc(no_inline)]
pub use std::time::Duration;

/// What the poll of a timer comes to.
///
/// # Panics
///
/// If its runtime has been shut down, and it would never fire.
#[track_caller]
fn unless_shut_down(polled: Poll<Result<(), ShutDown>>) -> Poll<()> {
    match polled {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Ok(())) => Poll::Ready(()),
        // The task that polls it is dropped as soon as it suspends.
        Poll::Ready(Err(ShutDown)) if is_ending() => Poll::Pending,
        Poll::Ready(Err(ShutDown)) => panic!(
            "A Tokio 1.x context was found, but it is being shutdown. It is that of a fastwake \
             runtime which has been shut down, and this timer of it would never fire"
        ),
    }
}
