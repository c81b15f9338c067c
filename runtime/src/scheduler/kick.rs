#![forbid(unsafe_code)]
//! The wake-up that a pick owes.

use super::experiment::Early;
use super::injector::Target;

/// Who carries out what a pick has decided: the pool.
pub(super) trait Deliver {
    /// Wakes the worker, or makes its thread. Not under a lock.
    fn deliver(&self, target: Target);
}

/// A worker has been picked under the lock; it is to be woken after it.
///
/// Dropping a kick sends it, so that a producer that unwinds loses nothing.
#[must_use = "a kick is to be sent once the lock has been let go"]
pub(super) struct Kick<'p> {
    pool: &'p dyn Deliver,
    target: Target,
    early: Early,
}

impl<'p> Kick<'p> {
    pub(super) fn new(pool: &'p dyn Deliver, target: Target) -> Self {
        let early = Early::new(pool, target);
        Self {
            pool,
            target,
            early,
        }
    }

    pub(super) fn send(self) {
        drop(self);
    }
}

impl Drop for Kick<'_> {
    fn drop(&mut self) {
        if self.early.is_done() {
            return;
        }
        hook::before_delivery();
        self.pool.deliver(self.target);
    }
}

/// A few kicks, without an allocation.
#[must_use = "kicks are to be sent once the lock has been let go"]
#[derive(Default)]
pub(super) struct KickBatch<'p> {
    kicks: [Option<Kick<'p>>; KickBatch::CAPACITY],
    len: usize,
}

impl<'p> KickBatch<'p> {
    /// How many workers one submission wakes itself; they wake the others, as they find work left.
    /// A wake-up costs its caller more than a thousand pushes.
    pub(super) const CAPACITY: usize = 4;

    pub(super) fn push(&mut self, kick: Kick<'p>) {
        self.kicks[self.len] = Some(kick);
        self.len += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == Self::CAPACITY
    }

    pub(super) fn send(self) {
        drop(self);
    }
}

/// Lets a test hold one producer up between unlock and wake.
pub(super) mod hook {
    #[cfg(all(test, not(fastwake_loom)))]
    pub(in crate::scheduler) use with::before_delivery;

    #[cfg(not(all(test, not(fastwake_loom))))]
    pub(super) fn before_delivery() {}

    #[cfg(all(test, not(fastwake_loom)))]
    pub(in crate::scheduler) mod with {
        use std::cell::RefCell;

        type Hook = Box<dyn Fn()>;

        thread_local! {
            static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
        }

        pub(in crate::scheduler) fn before_delivery() {
            // Taken out, so that the hook may itself wake somebody.
            if let Some(hook) = HOOK.take() {
                hook();
                HOOK.set(Some(hook));
            }
        }

        /// From now on, this thread runs `hook` before each wake-up that it issues.
        pub(in crate::scheduler) fn set(hook: impl Fn() + 'static) {
            HOOK.set(Some(Box::new(hook)));
        }
    }
}
