//! The slot for the task that was scheduled last: the one whose data is in the cache.
//!
//! The owner fills and empties it; others may only empty it. So an owner that finds it empty may
//! fill it with a plain store: nobody else ever does.

use std::ptr;

use crate::cell::Runnable;
use crate::primitives::atomic::AtomicPtr;
use crate::primitives::atomic::Ordering::{AcqRel, Relaxed, Release};

pub(super) struct LifoSlot(AtomicPtr<()>);

impl LifoSlot {
    pub(super) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Puts a task, and gives the one that was there; the owner's.
    pub(super) fn replace(&self, task: Runnable) -> Option<Runnable> {
        let task = task.into_ptr();
        if self.is_empty() {
            // ORDERING: Release publishes the task to a thief's swap.
            self.0.store(task, Release);
            return None;
        }
        // ORDERING: Release as above; Acquire is for the task that was there, which is our own.
        Self::owned(self.0.swap(task, AcqRel))
    }

    /// Takes the task, if there is one; anybody's.
    pub(super) fn take(&self) -> Option<Runnable> {
        if self.is_empty() {
            return None;
        }
        // ORDERING: Acquire pairs with the Release in `replace`.
        Self::owned(self.0.swap(ptr::null_mut(), AcqRel))
    }

    /// A hint, exact for an owner that finds the slot empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Relaxed).is_null()
    }

    fn owned(task: *mut ()) -> Option<Runnable> {
        // SAFETY: the swap made the pointer ours alone, and `replace` put it there.
        (!task.is_null()).then(|| unsafe { Runnable::from_ptr(task) })
    }
}

impl Drop for LifoSlot {
    fn drop(&mut self) {
        if let Some(task) = self.take() {
            task.cancel();
        }
    }
}
