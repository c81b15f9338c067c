//! With the feature `tracing`.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use tracing::instrument::{Instrument, Instrumented};
use tracing::span::Id;
use tracing::{Span, trace, trace_span, warn};

use super::LongPollEvent;

/// A future in its task's span.
pub(crate) type Traced<F> = Instrumented<F>;

/// What a task is made of, as the field `kind` has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind(Made);

#[derive(Debug, Clone, Copy)]
enum Made {
    /// Of a future.
    Future(&'static str),
    /// Of a closure: its type's name and size.
    Closure(&'static str, usize),
}

impl Kind {
    pub(crate) const TASK: Self = Self(Made::Future("task"));
    /// Of a `LocalSet`.
    pub(crate) const LOCAL: Self = Self(Made::Future("local"));

    pub(crate) fn closure<F>() -> Self {
        Self(Made::Closure(type_name::<F>(), size_of::<F>()))
    }
}

/// The span of a task, for the events of its wakers; it does not keep the span open.
#[derive(Debug)]
pub(crate) struct TaskSpan(Option<Id>);

impl TaskSpan {
    pub(crate) fn waker_cloned(&self) {
        self.emit("waker.clone");
    }

    pub(crate) fn waker_dropped(&self) {
        self.emit("waker.drop");
    }

    /// By a waker that is used up, which is no drop.
    pub(crate) fn woken_by_value(&self) {
        self.emit("waker.wake");
    }

    pub(crate) fn woken_by_ref(&self) {
        self.emit("waker.wake_by_ref");
    }

    fn emit(&self, op: &'static str) {
        // There is none if no subscriber wanted the span.
        if let Some(id) = &self.0 {
            trace!(target: "tokio::task::waker", op, task.id = id.into_u64());
        }
    }
}

/// Puts a new task's future into a new span.
pub(crate) fn task<F>(
    future: F,
    kind: Kind,
    name: Option<&str>,
    id: u64,
    location: &Location<'_>,
) -> (Traced<F>, TaskSpan) {
    let span = match kind.0 {
        Made::Future(kind) => future_span::<F>(kind, name, id, location),
        Made::Closure(function, size) => trace_span!(
            target: "tokio::task::blocking",
            "runtime.spawn",
            kind = %"blocking",
            task.name = %name.unwrap_or_default(),
            task.id = id,
            "fn" = %function,
            size.bytes = size,
            loc.file = location.file(),
            loc.line = location.line(),
            loc.col = location.column(),
        ),
    };
    let id = TaskSpan(span.id());
    (future.instrument(span), id)
}

/// Puts the future of a `block_on` into a span. It is no task, and is given a task's id all the same.
pub(crate) fn block_on<F>(
    future: F,
    next_id: impl FnOnce() -> u64,
    location: &Location<'_>,
) -> Traced<F> {
    let span = future_span::<F>("block_on", None, next_id(), location);
    future.instrument(span)
}

/// Without a parent: a task may outlive the one that spawned it by far.
fn future_span<F>(kind: &str, name: Option<&str>, id: u64, location: &Location<'_>) -> Span {
    trace_span!(
        target: "tokio::task",
        parent: None,
        "runtime.spawn",
        %kind,
        task.name = %name.unwrap_or_default(),
        task.id = id,
        size.bytes = size_of::<F>(),
        loc.file = location.file(),
        loc.line = location.line(),
        loc.col = location.column(),
    )
}

pub(crate) fn long_poll(poll: &LongPollEvent<'_>) {
    warn!(
        target: "fastwake::long_poll",
        {
            task.id = poll.task_id,
            task.name = poll.task_name,
            spawned_at = %poll.spawned_at,
            elapsed = ?poll.elapsed,
            state = ?poll.state,
            worker = poll.worker,
            pool = ?poll.pool,
            cpus = %poll.cpus,
            hits = poll.hits,
            substitute = ?poll.substitute,
        },
        "a poll lasts longer than the threshold"
    );
}

pub(crate) fn stall(elapsed: Duration, pool: &dyn fmt::Debug) {
    warn!(
        target: "fastwake::stall",
        { elapsed = ?elapsed, pool = ?pool },
        "a pool has work and does not get on"
    );
}
