#![forbid(unsafe_code)]
//! Waking tasks of work queues, one after the other.
//!
//! A task that is woken can end at once: in a runtime that is being shut down, or for which the
//! system has no thread. Its slot goes to the next, which is woken, and so on, for as many tasks as
//! wait. So that they are not on the stack all together, a task that is to be woken while one is
//! being woken on the same thread waits until that has been done.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::cell::AbortHandle;

thread_local! {
    /// Those that are to be woken next, while this thread wakes one.
    static NEXT: RefCell<Option<VecDeque<AbortHandle>>> = const { RefCell::new(None) };
}

/// Wakes a task. Not under a lock.
pub(super) fn wake(task: AbortHandle) {
    let mut task = Some(task);
    let is_first = NEXT.try_with(|next| match &mut *next.borrow_mut() {
        Some(next) => {
            next.extend(task.take());
            false
        }
        next => {
            *next = Some(VecDeque::new());
            true
        }
    });
    // A thread that is being torn down has no thread-locals, and wakes nobody but this one.
    let is_first = is_first.unwrap_or(false);
    while let Some(next) = task.take() {
        next.wake();
        if is_first {
            task = NEXT.with_borrow_mut(|next| next.as_mut()?.pop_front());
        }
    }
    if is_first {
        NEXT.set(None);
    }
}
