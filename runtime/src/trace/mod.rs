#![forbid(unsafe_code)]
//! What is told to the crate `tracing`, and through it to tokio-console; nothing without the feature
//! of that name.
//!
//! Targets, names and fields are those of tokio, for console-subscriber looks for them:
//!
//! * each task, each closure and each `block_on` has a span, which is entered for each of its polls
//!   and for its drop, and ends with it. Making the span is part of making the task, so that no task
//!   goes without;
//! * each operation on a task's waker is an event that names the task's span.
//!
//! A subscriber is code of the user's: like a waker's it runs without a lock of the scheduler's.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

#[cfg(not(feature = "tracing"))]
mod off;
#[cfg(feature = "tracing")]
mod on;

#[cfg(not(feature = "tracing"))]
use off as imp;
#[cfg(feature = "tracing")]
use on as imp;

pub(crate) use imp::{Kind, TaskSpan, Traced, block_on, long_poll, stall, task};

/// What is told of a long poll.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct LongPollEvent<'a> {
    pub(crate) task_id: u64,
    pub(crate) task_name: Option<&'a str>,
    pub(crate) spawned_at: &'a Location<'a>,
    pub(crate) elapsed: Duration,
    pub(crate) state: &'a dyn fmt::Debug,
    pub(crate) worker: Option<usize>,
    pub(crate) pool: &'a dyn fmt::Debug,
    pub(crate) cpus: &'a dyn fmt::Display,
    pub(crate) hits: u64,
    pub(crate) substitute: &'a dyn fmt::Debug,
}
