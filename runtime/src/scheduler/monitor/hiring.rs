#![forbid(unsafe_code)]
//! Whether the monitor has its thread.
//!
//! To make a thread and to join it takes a third of the life of a runtime that runs one task. So the first
//! task does not have it made at once, if a worker is about to look after that by itself: the threads that a
//! runtime begins with *stand guard* from before they are made until they have something to run, or one of them
//! has slept for some milliseconds.

use crate::primitives::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::primitives::atomic::{AtomicBool, AtomicU32, fence};

/// Agreed on between those who want a monitor, and the guards, the last of whom makes it.
pub(in crate::scheduler) struct Hiring {
    /// Is there to be one?
    called: AtomicBool,
    guards: AtomicU32,
    /// Those of them who have not come yet.
    expected: AtomicU32,
    /// Has one of them slept long enough? Then it matters no more whether others do.
    over: AtomicBool,
    /// Has it a thread, or will have soon?
    hired: AtomicBool,
    /// Has the system refused the thread?
    refused: AtomicBool,
}

impl Hiring {
    pub(in crate::scheduler) fn new() -> Self {
        Self {
            called: AtomicBool::new(false),
            guards: AtomicU32::new(0),
            expected: AtomicU32::new(0),
            over: AtomicBool::new(false),
            hired: AtomicBool::new(false),
            refused: AtomicBool::new(false),
        }
    }

    /// A hint: is there a thread, or somebody who is about to make it?
    pub(in crate::scheduler) fn is_called(&self) -> bool {
        self.called.load(Relaxed)
    }

    /// Is there a thread, or about to be?
    pub(in crate::scheduler) fn is_hired(&self) -> bool {
        // ORDERING: with the monitor's `stop`, which writes the one flag before it reads the other: it sees
        // that there is a thread to call, or the thread sees that it is over.
        self.hired.load(SeqCst)
    }

    /// There is something to watch. True: the caller is to make the thread.
    pub(in crate::scheduler) fn call(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `refuse`: who finds that nobody has called finds that
        // nobody is hired.
        if self.called.load(Relaxed) || self.called.swap(true, Acquire) {
            return false;
        }
        // ORDERING: with the one in `leave`: this sees that it is over or the last guard gone, or that one
        // sees the call.
        fence(SeqCst);
        let unguarded = self.over.load(Relaxed) || self.guards.load(Relaxed) == 0;
        unguarded && self.hire()
    }

    /// So many workers are going to be made, who [enlist](Self::enlist) when they come.
    pub(in crate::scheduler) fn expect(&self, workers: u32) {
        // ORDERING: Relaxed. Nobody calls before the workers are made, but a hook of theirs.
        self.guards.fetch_add(workers, Relaxed);
        self.expected.fetch_add(workers, Relaxed);
    }

    /// A worker has come. True: it stands guard, and is to [`leave`](Self::leave).
    pub(in crate::scheduler) fn enlist(&self) -> bool {
        let one_less = |expected: u32| expected.checked_sub(1);
        self.expected
            .fetch_update(Relaxed, Relaxed, one_less)
            .is_ok()
    }

    /// A guard has something to run, or it `has_slept` long enough. True: it is to make the thread.
    pub(in crate::scheduler) fn leave(&self, has_slept: bool) -> bool {
        if has_slept {
            self.over.store(true, Relaxed);
        }
        let is_last = self.guards.fetch_sub(1, Relaxed) == 1;
        if !has_slept && !is_last {
            return false;
        }
        // ORDERING: as in `call`.
        fence(SeqCst);
        self.called.load(Relaxed) && self.hire()
    }

    fn hire(&self) -> bool {
        !self.hired.swap(true, SeqCst)
    }

    /// The system has refused the thread: the next call asks again.
    pub(in crate::scheduler) fn refuse(&self) {
        self.hired.store(false, Relaxed);
        // ORDERING: as in `call`.
        self.called.store(false, Release);
        self.refused.store(true, Relaxed);
    }

    /// A hint: is somebody to call once more, because of a refusal? Once for each.
    pub(in crate::scheduler) fn was_refused(&self) -> bool {
        self.refused.load(Relaxed) && self.refused.swap(false, Relaxed)
    }
}
