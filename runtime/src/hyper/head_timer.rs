#![forbid(unsafe_code)]
//! The time that a client has for the head of a request.
//!
//! hyper starts a timeout for each head and drops it when the head is there. A timer of the wheel
//! for each would be armed and disarmed for every request, under a lock that all workers of the pool
//! share, and next to never fire. So hyper's sleeps only note their deadline, and one timer for each
//! connection stays armed while they come and go: when it rings, it moves on to the deadline noted
//! last, or, if that is the one it rang for, tells hyper.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::hyper::rt;
use parking_lot::Mutex;
use pin_project_lite::pin_project;

use crate::coop::without_budget;
use crate::time::{Instant, Sleep, sleep_until};

/// The head that a connection waits for.
#[derive(Debug, Default)]
struct Head {
    /// `None` while no head is awaited.
    due: Option<Instant>,
    is_late: bool,
}

/// hyper's end: makes the sleeps.
#[derive(Debug, Clone)]
pub(super) struct HeadTimer(Arc<Mutex<Head>>);

impl HeadTimer {
    /// Does the connection wait for a head?
    pub(super) fn is_awaited(&self) -> bool {
        self.0.lock().due.is_some()
    }

    fn expect(&self, deadline: std::time::Instant) {
        *self.0.lock() = Head {
            due: Some(deadline.into()),
            is_late: false,
        };
    }
}

impl rt::Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn rt::Sleep>> {
        self.expect(deadline);
        Box::pin(HeadSleep(self.clone()))
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn reset(&self, _sleep: &mut Pin<Box<dyn rt::Sleep>>, deadline: std::time::Instant) {
        self.expect(deadline);
    }
}

/// Waits for nothing: [`HeadWatch::poll_late`] is polled by the same task.
struct HeadSleep(HeadTimer);

impl Future for HeadSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        if self.0.0.lock().is_late {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl rt::Sleep for HeadSleep {}

impl Drop for HeadSleep {
    fn drop(&mut self) {
        *self.0.0.lock() = Head::default();
    }
}

pin_project! {
    /// The connection's end: has the timer.
    pub(super) struct HeadWatch {
        head: HeadTimer,
        #[pin]
        alarm: Option<Sleep>,
    }
}

impl HeadWatch {
    /// Waits for the connection's first bytes.
    pub(super) fn new(timeout: Duration) -> Self {
        let head = Head {
            due: Some(Instant::now() + timeout),
            is_late: false,
        };
        Self {
            head: HeadTimer(Arc::new(Mutex::new(head))),
            alarm: None,
        }
    }

    pub(super) fn timer(&self) -> HeadTimer {
        self.head.clone()
    }

    /// Does the connection wait for a head?
    pub(super) fn is_awaited(&self) -> bool {
        self.head.is_awaited()
    }

    /// There will be no head.
    pub(super) fn stop(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.head.0.lock() = Head::default();
        this.alarm.set(None);
    }

    /// Ready, once, when a head is late: then its sleep is ready too.
    pub(super) fn poll_late(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(due) = this.head.0.lock().due else {
            return Poll::Pending;
        };
        loop {
            let Some(mut alarm) = this.alarm.as_mut().as_pin_mut() else {
                this.alarm.set(Some(sleep_until(due)));
                continue;
            };
            // It is for the connection's own time, not for its turn among the tasks.
            ready!(without_budget(|| alarm.as_mut().poll(context)));
            if alarm.deadline() >= due {
                break;
            }
            alarm.reset(due);
        }
        this.alarm.set(None);
        *this.head.0.lock() = Head {
            due: None,
            is_late: true,
        };
        Poll::Ready(())
    }
}
