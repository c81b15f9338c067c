#![forbid(unsafe_code)]
//! Which `LocalSet` this thread is in.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ptr;

use crate::primitives::Arc;

use super::LocalScheduler;

/// The set that `spawn_local` spawns on.
struct Current {
    scheduler: Arc<LocalScheduler>,
    /// Is the set being polled, so that it is going to look at its queues without being woken?
    polled: bool,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// Puts back the set that was the current one before.
#[must_use]
pub(crate) struct Entered {
    before: Option<Current>,
    /// Belongs to its thread.
    _thread: PhantomData<*const ()>,
}

impl Entered {
    /// A thread that is being torn down is in no set any more.
    fn new(scheduler: &Arc<LocalScheduler>, polled: bool) -> Self {
        let scheduler = Arc::clone(scheduler);
        let current = Some(Current { scheduler, polled });
        Self {
            before: CURRENT
                .try_with(|place| place.replace(current))
                .ok()
                .flatten(),
            _thread: PhantomData,
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.before.take();
        // The set that is left may be the last reference to its scheduler: it is dropped outside.
        drop(CURRENT.try_with(|place| place.replace(before)));
    }
}

impl LocalScheduler {
    /// Makes this the current set of the thread, until the guard is dropped.
    pub(crate) fn enter(this: &Arc<Self>) -> Entered {
        Entered::new(this, false)
    }

    /// As [`enter`](Self::enter), and the set is polled, or dropped, for as long as the guard lives.
    pub(crate) fn enter_poll(this: &Arc<Self>) -> Entered {
        Entered::new(this, true)
    }

    /// The thread's current set, if it is in one.
    pub(crate) fn current() -> Option<Arc<Self>> {
        let current = CURRENT.try_with(|place| {
            let place = place.borrow();
            place.as_ref().map(|current| Arc::clone(&current.scheduler))
        });
        current.ok().flatten()
    }

    /// Is just this set being polled by the calling thread?
    pub(super) fn is_polled(&self) -> bool {
        let is_polled = CURRENT.try_with(|place| {
            let place = place.borrow();
            let current = place.as_ref();
            current.is_some_and(|current| current.polled && ptr::eq(&*current.scheduler, self))
        });
        is_polled.unwrap_or(false)
    }
}
