//! Which worker this thread is.

use std::cell::Cell;
use std::ptr;

use super::Worker;

thread_local! {
    static CURRENT: Cell<*const Worker<'static>> = const { Cell::new(ptr::null()) };
}

/// This thread is a worker for as long as this lives.
pub(super) struct Current(());

impl Worker<'_> {
    /// Makes this thread the worker's.
    pub(super) fn become_current(&self) -> Current {
        debug_assert!(CURRENT.get().is_null(), "a thread is one worker at a time");
        CURRENT.set(ptr::from_ref(self).cast());
        Current(())
    }

    /// Gives `f` the worker that this thread is, if it is one.
    #[inline]
    pub(in crate::scheduler) fn with_current<R>(f: impl FnOnce(Option<&Worker<'_>>) -> R) -> R {
        // A thread that is being torn down has no thread-locals, and is no worker any more.
        let current = CURRENT.try_with(Cell::get).unwrap_or(ptr::null());
        // SAFETY: set by `become_current` and cleared by the guard, which does not outlive the
        // worker: the guard is a local of `Worker::run` or `run_once`. The worker is `!Sync`
        // and reached through its own thread only.
        f(unsafe { current.as_ref() })
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(ptr::null());
    }
}
