#![forbid(unsafe_code)]
//! A write that has been accepted is done, also if its runtime is shut down before its turn.
//!
//! Such a shutdown drops the closures that no thread has begun. One with a pledge then does its work
//! while it is dropped, unless it was never accepted: the runtime that it was offered to had been
//! shut down already, or had no thread for it, and the writer is told so instead.
//!
//! So it is the thread that shuts the runtime down that does these writes, and that waits for them:
//! one for each file or stream at most, of one buffer at most. Only what can block for ever, a pipe
//! that nobody reads, can hold it up.

use std::sync::Arc;

use parking_lot::Mutex;

#[derive(Debug)]
enum State<R> {
    Offered,
    /// Dropped before it was accepted.
    Refused,
    Accepted,
    /// Done while it was dropped.
    Kept(R),
}

/// What its owner knows of a closure that it has given away.
#[derive(Debug)]
pub(super) struct Pledge<R>(Mutex<State<R>>);

impl<R> Default for Pledge<R> {
    fn default() -> Self {
        Self(Mutex::new(State::Refused))
    }
}

impl<R> Pledge<R> {
    /// The closure before it, if there was one, is gone.
    pub(super) fn offer<F: FnOnce() -> R>(self: &Arc<Self>, work: F) -> Pledged<R, F> {
        *self.0.lock() = State::Offered;
        Pledged {
            work: Some(work),
            pledge: Arc::clone(self),
        }
    }

    /// False: it was dropped meanwhile.
    #[must_use]
    pub(super) fn accept(&self) -> bool {
        let mut state = self.0.lock();
        if matches!(*state, State::Refused) {
            return false;
        }
        *state = State::Accepted;
        true
    }

    /// What the closure gave if it had to keep the pledge.
    pub(super) fn take(&self) -> Option<R> {
        match std::mem::replace(&mut *self.0.lock(), State::Refused) {
            State::Kept(result) => Some(result),
            _ => None,
        }
    }
}

/// A closure that keeps its pledge when it is dropped.
pub(super) struct Pledged<R, F: FnOnce() -> R> {
    work: Option<F>,
    pledge: Arc<Pledge<R>>,
}

impl<R, F: FnOnce() -> R> Pledged<R, F> {
    pub(super) fn run(mut self) -> R {
        let work = self.work.take();
        work.expect("it goes nowhere but here and in `drop`")()
    }
}

impl<R, F: FnOnce() -> R> Drop for Pledged<R, F> {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else {
            return;
        };
        {
            let mut state = self.pledge.0.lock();
            if matches!(*state, State::Offered) {
                *state = State::Refused;
                return;
            }
        }
        let result = work();
        *self.pledge.0.lock() = State::Kept(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered() -> (Arc<Pledge<u32>>, Pledged<u32, impl FnOnce() -> u32>) {
        let pledge = Arc::new(Pledge::default());
        let pledged = pledge.offer(|| 5);
        (pledge, pledged)
    }

    #[test]
    fn what_is_dropped_before_it_is_accepted_is_not_done() {
        let (pledge, pledged) = offered();
        drop(pledged);
        assert!(!pledge.accept());
        assert_eq!(pledge.take(), None);
    }

    #[test]
    fn what_is_dropped_after_it_was_accepted_is_done() {
        let (pledge, pledged) = offered();
        assert!(pledge.accept());
        drop(pledged);
        assert_eq!(pledge.take(), Some(5));
        assert_eq!(pledge.take(), None);
    }

    #[test]
    fn what_has_run_is_accepted_and_not_done_again() {
        let (pledge, pledged) = offered();
        assert_eq!(pledged.run(), 5);
        assert!(pledge.accept());
        assert_eq!(pledge.take(), None);
    }
}
