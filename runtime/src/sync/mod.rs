#![forbid(unsafe_code)]
//! Channels, locks and other ways for tasks to meet: tokio's, which need no runtime.
//!
//! Everything here is [`tokio::sync`]'s own, so that values can be passed to and from libraries that
//! use it. Two things are different from what a tokio task sees: operations do not spend fastwake's
//! [budget](crate::task::coop), and [`mpsc::Sender`](mpsc::Sender) has no `send_timeout`, which would
//! need tokio's clock: [`timeout`](crate::time::timeout) around `send` or `reserve` does the same.
//!
//! ```
//! # #[fastwake::main]
//! # async fn main() {
//! use fastwake::sync::mpsc;
//!
//! let (sender, mut receiver) = mpsc::channel(8);
//! fastwake::spawn(async move { sender.send("hello").await });
//! assert_eq!(receiver.recv().await, Some("hello"));
//! # }
//! ```

pub use tokio::sync::*;
