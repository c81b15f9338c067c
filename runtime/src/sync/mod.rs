#![forbid(unsafe_code)]
//! Channels, locks and other ways for tasks to meet: tokio's, which need no runtime.
//!
//! Everything here is tokio's own, so that values can be passed to and from libraries that use it.
//! Two things are different from what a tokio task sees: operations do not spend fastwake's
//! [budget](crate::task::coop), and a send with a time limit is
//! a trait of [`mpsc`], because it needs a clock.

pub mod mpsc;

pub use tokio::sync::*;
