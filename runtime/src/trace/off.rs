//! Without the feature `tracing`: nothing is said, nothing is kept, and it costs nothing.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::LongPollEvent;

pub(crate) type Traced<F> = F;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind;

impl Kind {
    pub(crate) const TASK: Self = Self;
    pub(crate) const LOCAL: Self = Self;

    #[expect(
        clippy::extra_unused_type_parameters,
        reason = "its twin tells the type"
    )]
    #[inline(always)]
    pub(crate) fn closure<F>() -> Self {
        Self
    }
}

#[derive(Debug)]
pub(crate) struct TaskSpan;

impl TaskSpan {
    #[inline(always)]
    pub(crate) fn waker_cloned(&self) {}

    #[inline(always)]
    pub(crate) fn waker_dropped(&self) {}

    #[inline(always)]
    pub(crate) fn woken_by_value(&self) {}

    #[inline(always)]
    pub(crate) fn woken_by_ref(&self) {}
}

#[inline(always)]
pub(crate) fn task<F>(
    future: F,
    _kind: Kind,
    _name: Option<&str>,
    _id: u64,
    _location: &Location<'_>,
) -> (Traced<F>, TaskSpan) {
    (future, TaskSpan)
}

#[inline(always)]
pub(crate) fn block_on<F>(
    future: F,
    _next_id: impl FnOnce() -> u64,
    _location: &Location<'_>,
) -> Traced<F> {
    future
}

#[inline(always)]
pub(crate) fn long_poll(_poll: &LongPollEvent<'_>) {}

#[inline(always)]
pub(crate) fn stall(_elapsed: Duration, _pool: &dyn fmt::Debug) {}
