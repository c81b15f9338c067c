#![forbid(unsafe_code)]
//! One timer, as its owner has it.

use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use crate::coop::poll_proceed;

use super::Driver;
use super::timers::ShutDown;
use super::wheel::Key;

/// A deadline, and whom to wake when it has come. It is armed by the first poll.
#[derive(Debug)]
pub(crate) struct Timer {
    driver: Arc<Driver>,
    deadline: Instant,
    /// Has it been polled, or moved? Before, it cannot have elapsed.
    begun: bool,
    armed: Option<Armed>,
}

#[derive(Debug)]
struct Armed {
    key: Key,
    whom: Whom,
}

/// Which waker the wheel has: that very value, not one that it was cloned from, which may lie
/// elsewhere and be gone. It lives while the timer is armed, so no other one is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Whom {
    data: usize,
    vtable: usize,
}

impl Whom {
    fn of(waker: &Waker) -> Self {
        Self {
            data: waker.data().addr(),
            vtable: std::ptr::from_ref(waker.vtable()).addr(),
        }
    }
}

impl Timer {
    pub(crate) fn new(driver: Arc<Driver>, deadline: Instant) -> Self {
        Self {
            driver,
            deadline,
            begun: false,
            armed: None,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Has the deadline come, of a timer that has begun?
    pub(crate) fn is_elapsed(&self) -> bool {
        self.begun && self.driver.timers.clock.now() >= self.deadline
    }

    /// Moves the deadline. Whoever polled last is woken for the new one.
    pub(crate) fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.begun = true;
        if self.has_fired() {
            self.armed = None;
        }
        if let Some(armed) = self.armed.take() {
            // Without a waker it has fired: who was woken polls again.
            let Some(waker) = self.driver.timers.disarm(armed.key) else {
                return;
            };
            if self.is_elapsed() {
                // The next poll says so, to whoever polls.
                waker.wake();
            } else if let Err((_, waker)) = self.arm(waker) {
                waker.wake();
            }
        }
    }

    /// # Errors
    ///
    /// If the runtime has been shut down, and the timer will not fire any more.
    pub(crate) fn poll_elapsed(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ShutDown>> {
        let unit = ready!(poll_proceed(context));
        self.begun = true;
        if self.has_fired() || self.is_elapsed() {
            self.disarm();
            unit.made_progress();
            return Poll::Ready(Ok(()));
        }
        match &mut self.armed {
            Some(_) if self.driver.timers.is_shut_down() => return Poll::Ready(Err(ShutDown)),
            Some(armed) if armed.whom == Whom::of(context.waker()) => {}
            Some(armed) => {
                let waker = context.waker().clone();
                let whom = Whom::of(&waker);
                if self.driver.timers.set_waker(armed.key, waker) {
                    armed.whom = whom;
                } else {
                    // It has just fired, or been shut down, for the waker before: the next poll
                    // finds out.
                    context.waker().wake_by_ref();
                }
            }
            None => {
                let armed = self.arm(context.waker().clone());
                armed.map_err(|(shut_down, _)| shut_down)?;
            }
        }
        Poll::Pending
    }

    /// Has the waker woken at the deadline; gives it back if the runtime has been shut down.
    fn arm(&mut self, waker: Waker) -> Result<(), (ShutDown, Waker)> {
        let whom = Whom::of(&waker);
        let armed = self.driver.timers.arm(self.deadline, waker)?;
        self.armed = Some(Armed {
            key: armed.key,
            whom,
        });
        self.driver.armed(armed.is_next);
        Ok(())
    }

    /// Has it fired for certain? That is cheaper to find out than what time it is.
    fn has_fired(&self) -> bool {
        let fired = |armed: &Armed| self.driver.timers.has_fired(armed.key);
        self.armed.as_ref().is_some_and(fired)
    }

    fn disarm(&mut self) {
        let fired = self.has_fired();
        if let Some(armed) = self.armed.take().filter(|_| !fired) {
            drop(self.driver.timers.disarm(armed.key));
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}
