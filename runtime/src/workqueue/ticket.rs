#![forbid(unsafe_code)]
//! A task of a queue, and its place in it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use crate::cell::AbortHandle;

use super::ledger::Outcome;
use super::shared::Shared;

thread_local! {
    /// The queue whose task this thread polls or drops; only compared.
    static CURRENT: Cell<*const Shared> = const { Cell::new(ptr::null()) };
}

/// The thread is in a task of the queue for as long as this lives.
struct Inside(*const Shared);

impl Inside {
    fn enter(queue: &Arc<Shared>) -> Self {
        let entered = CURRENT.try_with(|current| current.replace(Arc::as_ptr(queue)));
        Self(entered.unwrap_or(ptr::null()))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.set(self.0));
    }
}

/// Does this thread poll or drop a task of the queue?
pub(super) fn is_inside(queue: &Arc<Shared>) -> bool {
    let current = CURRENT.try_with(Cell::get).unwrap_or(ptr::null());
    ptr::eq(current, Arc::as_ptr(queue))
}

/// A task's place in its queue, which is given back when this is dropped.
pub(super) struct Ticket {
    queue: Arc<Shared>,
    number: u64,
    outcome: Outcome,
    /// Has it been polled?
    has_begun: bool,
    /// Has the queue a handle, to cancel the task while it is suspended?
    is_known: bool,
    /// Time in polls that the queue has not been told of.
    busy: Duration,
}

/// From how much on the queue is told of a task's time before it ends: so much that telling it costs
/// nothing beside it.
const TELL: Duration = Duration::from_millis(1);

impl Ticket {
    /// For a task that the queue has let in.
    pub(super) fn new(queue: Arc<Shared>, number: u64) -> Self {
        Self {
            queue,
            number,
            outcome: Outcome::Cancelled,
            has_begun: false,
            is_known: false,
            busy: Duration::ZERO,
        }
    }

    fn begin(&mut self) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.queue.count_rescue();
        }
    }

    fn count_poll(&mut self, began: Instant) {
        self.busy += began.elapsed();
        if self.busy >= TELL {
            self.tell();
        }
    }

    fn tell(&mut self) {
        self.queue.count_busy(std::mem::take(&mut self.busy));
    }

    /// The poll was pending: from the first time on, the queue has a handle to the task.
    fn suspend(&mut self, context: &Context<'_>) {
        if self.is_known {
            return;
        }
        self.is_known = true;
        if let Some(task) = AbortHandle::of_waker(context.waker())
            && let Err(task) = self.queue.suspend(self.number, task)
        {
            task.abort();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.tell();
        self.queue.end(self.number, self.outcome);
    }
}

pin_project! {
    /// A future as a task of a queue.
    pub(super) struct Queued<F> {
        // `None` once it has been dropped.
        #[pin]
        future: Option<F>,
        ticket: Ticket,
    }

    impl<F> PinnedDrop for Queued<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _inside = Inside::enter(&this.ticket.queue);
            // Unless the destructor returns.
            let outcome = std::mem::replace(&mut this.ticket.outcome, Outcome::Panicked);
            this.future.set(None);
            this.ticket.outcome = outcome;
        }
    }
}

impl<F> Queued<F> {
    pub(super) fn new(future: F, ticket: Ticket) -> Self {
        Self {
            future: Some(future),
            ticket,
        }
    }
}

impl<F: Future> Future for Queued<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let ticket = this.ticket;
        if ticket.queue.is_cancelled(ticket.number)
            && let Some(task) = AbortHandle::of_waker(context.waker())
        {
            // Its runner sees to it next.
            task.abort();
            return Poll::Pending;
        }
        let future = this.future.as_pin_mut();
        let future = future.expect("the future is there until the task is dropped");
        let inside = Inside::enter(&ticket.queue);
        ticket.begin();
        // Until the poll returns.
        ticket.outcome = Outcome::Panicked;
        let began = Instant::now();
        let polled = future.poll(context);
        ticket.count_poll(began);
        drop(inside);
        ticket.outcome = match polled {
            Poll::Ready(_) => Outcome::Completed,
            Poll::Pending => {
                ticket.suspend(context);
                Outcome::Cancelled
            }
        };
        polled
    }
}
