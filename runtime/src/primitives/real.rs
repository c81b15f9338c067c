//! The primitives of an ordinary build: the standard library's, and `parking_lot`'s mutex.

pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic;

/// Locks that block the thread while they wait for an event, not for a critical section.
#[cfg(any(not(target_os = "linux"), fastwake_portable))]
pub(crate) mod blocking {
    pub(crate) use std::sync::{Condvar, Mutex};
}

pub(super) use parking_lot::{Mutex, MutexGuard};

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock()
}

pub(super) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    mutex.try_lock()
}

/// [`std::cell::UnsafeCell`] with the model checker's interface: access is a closure, so that the
/// checker can see where it begins and ends.
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}
