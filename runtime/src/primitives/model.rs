#![forbid(unsafe_code)]
//! The primitives of a build for the model checker.

use std::time::Duration;

pub(crate) use loom::cell::UnsafeCell;
pub(crate) use loom::sync::Arc;
pub(crate) use loom::sync::atomic;
#[cfg(test)]
pub(crate) use loom::thread;

pub(crate) mod blocking {
    pub(crate) use loom::sync::{Condvar, Mutex};
}

pub(super) use loom::sync::{Mutex, MutexGuard};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .expect("no scheduler lock is poisoned: no user code runs under one")
}

pub(super) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    mutex.try_lock().ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadId(loom::thread::ThreadId);

impl ThreadId {
    pub(crate) fn current() -> Self {
        Self(loom::thread::current().id())
    }
}

/// In a model, time is what the others do.
pub(crate) fn pause(_: Duration) {
    loom::thread::yield_now();
}
