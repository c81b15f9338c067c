#![forbid(unsafe_code)]
//! Waiting for many tasks at once.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::thread::{self, Thread};

/// Opens when it has been counted down to zero.
pub(super) struct Latch {
    left: AtomicUsize,
    waiter: Thread,
}

impl Latch {
    /// A latch for the calling thread to wait at.
    ///
    /// It is never freed: a reference count in every task would be measured with the task. A run
    /// leaves a few of these words behind.
    pub(super) fn new(count: usize) -> &'static Self {
        Box::leak(Box::new(Self {
            left: AtomicUsize::new(count),
            waiter: thread::current(),
        }))
    }

    pub(super) fn count_down(&self) {
        // ORDERING: Release pairs with the Acquire in `wait`: what was counted has happened.
        if self.left.fetch_sub(1, Release) == 1 {
            self.waiter.unpark();
        }
    }

    pub(super) fn wait(&self) {
        while self.left.load(Acquire) > 0 {
            thread::park();
        }
    }
}
