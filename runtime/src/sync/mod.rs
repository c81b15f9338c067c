#![forbid(unsafe_code)]
//! Channels, locks and other ways for tasks to meet: tokio's, which need no runtime.
//!
//! Everything here is tokio's own, so that values can be passed to and from libraries that use it.
//! Two things are different from what a tokio task sees: operations do not spend fastwake's
//! [budget](crate::task::coop), and a send with a time limit is
//! a trait of [`mpsc`], because it needs a clock.
//!
//! # Loops that find everything ready
//!
//! **A loop over a channel that is never empty never suspends.** A `timeout` around it does not end it,
//! a `select!` does not look at its other branches, an abort waits for it; and on a current-thread
//! runtime nothing else runs, not even the task that waits for Ctrl-C. The same goes for a lock that is
//! always free. Let such a loop call [`consume_budget`](crate::task::consume_budget), or wrap the
//! operation in [`cooperative`](crate::task::coop::cooperative):
//!
//! ```
//! # #[cfg(feature = "time")]
//! # fastwake::runtime::Runtime::new().unwrap().block_on(async {
//! use fastwake::sync::mpsc;
//! use fastwake::task::coop::cooperative;
//! use fastwake::time::{Duration, timeout};
//!
//! let (sender, mut receiver) = mpsc::unbounded_channel();
//! sender.send("round and round").unwrap();
//! let endless = async {
//!     // With `receiver.recv().await` alone, the timeout would have no say.
//!     while let Some(message) = cooperative(receiver.recv()).await {
//!         sender.send(message).unwrap();
//!     }
//! };
//! assert!(timeout(Duration::from_millis(5), endless).await.is_err());
//! # });
//! ```

pub mod mpsc;

pub use tokio::sync::*;
