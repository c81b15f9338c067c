#![forbid(unsafe_code)]
//! Waking tasks of work queues, one after the other.
//!
//! A task that is woken can end at once: in a runtime that is being shut down, or for which the
//! system has no thread. Its slot goes to the next, which is woken, and so on, for as many tasks as
//! wait. So that they are not on the stack all together, a task that is to be woken while one of the same
//! queue is being woken on the same thread waits until that has been done. Those of other queues do not:
//! what runs meanwhile is a destructor of the user's, which may wait for them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ptr;

use crate::cell::AbortHandle;

use super::shared::Shared;

/// A queue of which a task is being woken, and those that are to be woken next.
type Waking = (*const Shared, VecDeque<AbortHandle>);

thread_local! {
    /// One inside the other, on this thread. The queues are only compared.
    static WAKING: RefCell<Vec<Waking>> = const { RefCell::new(Vec::new()) };
}

/// Wakes a task of a queue. Not under a lock.
pub(super) fn wake(queue: &Shared, task: AbortHandle) {
    let mut task = Some(task);
    let is_first = WAKING.try_with(|waking| {
        let mut waking = waking.borrow_mut();
        match waking.iter_mut().find(|(of, _)| ptr::eq(*of, queue)) {
            Some((_, next)) => {
                next.extend(task.take());
                false
            }
            None => {
                waking.push((queue, VecDeque::new()));
                true
            }
        }
    });
    // A thread that is being torn down has no thread-locals, and wakes nobody but this one.
    let is_first = is_first.unwrap_or(false);
    while let Some(next) = task.take() {
        next.wake();
        if is_first {
            // Those inside this one have ended.
            task = WAKING.with_borrow_mut(|waking| waking.last_mut()?.1.pop_front());
        }
    }
    if is_first {
        WAKING.with_borrow_mut(|waking| waking.pop());
    }
}
