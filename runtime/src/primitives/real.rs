#![forbid(unsafe_code)]
//! The primitives of an ordinary build: the standard library's, and `parking_lot`'s mutex.

use std::cell::Cell;
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic;
use std::thread;
use std::time::Duration;

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

/// Names a thread, uniquely in the life of the process. Unlike the standard library's, it can be had
/// at any time, and costs a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadId(u64);

impl ThreadId {
    #[inline]
    pub(crate) fn current() -> Self {
        static NEXT: atomic::AtomicU64 = atomic::AtomicU64::new(1);
        thread_local! {
            static ID: Cell<u64> = const { Cell::new(0) };
        }
        // Without a destructor it is there until the thread is gone.
        ID.with(|id| {
            if id.get() == 0 {
                id.set(NEXT.fetch_add(1, atomic::Ordering::Relaxed));
            }
            Self(id.get())
        })
    }
}

/// Sleeps while another thread is in the midst of a handful of instructions.
pub(crate) fn pause(time: Duration) {
    thread::sleep(time);
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
