#![forbid(unsafe_code)]
//! What is said of a poll while it lasts, for its task to take with it.

use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::Relaxed;

const NOTHING: u8 = 0;
const COUNT_DOWN: u8 = 1;
const LONG: u8 = 2;

/// Of the poll that one worker is in. A hint: said too late, it hits the next poll.
pub(super) struct Verdict(AtomicU8);

impl Verdict {
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(NOTHING))
    }

    /// The task that is going to be polled is on probation, and this poll counts. For the worker.
    pub(super) fn count_down(&self) {
        self.0.store(COUNT_DOWN, Relaxed);
    }

    /// The poll is a long one. For anybody.
    pub(super) fn long(&self) {
        self.0.store(LONG, Relaxed);
    }

    /// Is there anything to be [taken](Self::take)?
    #[inline]
    pub(super) fn is_given(&self) -> bool {
        self.0.load(Relaxed) != NOTHING
    }

    /// The poll has ended: was it a long one?
    pub(super) fn take(&self) -> bool {
        self.0.swap(NOTHING, Relaxed) == LONG
    }
}
