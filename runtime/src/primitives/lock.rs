#![forbid(unsafe_code)]
//! The scheduler's lock: a mutex that knows, in debug builds, that this thread holds it.
//!
//! No wake-up and no thread creation may happen under one ([`assert_no_lock_held`] stands at both),
//! and no user code runs under one.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::imp;

/// A mutex for a handful of loads and stores, never held across anything that can block.
pub(crate) struct Lock<T>(imp::Mutex<T>);

/// The right to touch what a [`Lock`] guards.
pub(crate) struct LockGuard<'a, T> {
    guard: imp::MutexGuard<'a, T>,
    _held: held::Held,
}

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        let guard = imp::lock(&self.0);
        LockGuard {
            guard,
            _held: held::Held::new(),
        }
    }

    /// For reports, which must not wait for a scheduler.
    pub(crate) fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        let guard = imp::try_lock(&self.0)?;
        Some(LockGuard {
            guard,
            _held: held::Held::new(),
        })
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_lock() {
            Some(guard) => (*guard).fmt(f),
            None => f.write_str("<locked>"),
        }
    }
}

/// Panics in a debug build if this thread holds a scheduler lock.
#[inline(always)]
pub(crate) fn assert_no_lock_held(what: &str) {
    held::assert_none(what);
}

/// Runs `f` as if this thread held no scheduler lock: for the experiment that issues wake-ups under
/// one.
#[cfg(fastwake_experiment)]
pub(crate) fn as_if_unlocked<T>(f: impl FnOnce() -> T) -> T {
    let held = held::replace(0);
    let result = f();
    held::replace(held);
    result
}

/// The count of locks held by this thread.
///
/// The model checker runs its threads as coroutines of one thread, so its builds do not count.
#[cfg(all(debug_assertions, not(fastwake_loom)))]
mod held {
    use std::cell::Cell;

    thread_local! {
        static HELD: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) struct Held(());

    impl Held {
        pub(super) fn new() -> Self {
            HELD.set(HELD.get() + 1);
            Self(())
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            HELD.set(HELD.get() - 1);
        }
    }

    pub(super) fn assert_none(what: &str) {
        assert_eq!(
            HELD.get(),
            0,
            "{what} while this thread holds a scheduler lock"
        );
    }

    #[cfg(fastwake_experiment)]
    pub(super) fn replace(held: u32) -> u32 {
        HELD.replace(held)
    }
}

#[cfg(not(all(debug_assertions, not(fastwake_loom))))]
mod held {
    pub(super) struct Held(());

    impl Held {
        #[inline(always)]
        pub(super) fn new() -> Self {
            Self(())
        }
    }

    #[inline(always)]
    pub(super) fn assert_none(_what: &str) {}

    #[cfg(fastwake_experiment)]
    pub(super) fn replace(held: u32) -> u32 {
        held
    }
}
