#![forbid(unsafe_code)]
//! The tasks of a pool that no worker has yet, first in, first out.
//!
//! A ring of pointers, not a list through the tasks: to link a task to the one before would write to
//! memory that another producer has just written, and to count off a batch would go along tasks that
//! no worker has seen yet, all that under the pool's lock. The price: now and then the ring grows
//! under the lock.

use std::collections::VecDeque;
use std::fmt;

use crate::cell::{Runnable, TaskList};

use super::local_queue::LocalQueue;

/// What an empty worklist keeps room for.
const KEPT: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct Worklist(VecDeque<Runnable>);

/// What has been taken: one task to run, and so many more in the local queue.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) first: Option<Runnable>,
    pub(super) others: usize,
}

impl Worklist {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push_back(&mut self, task: Runnable) {
        self.0.push_back(task);
    }

    /// For a few tasks, which the caller has just had: it goes along them.
    pub(super) fn append(&mut self, tasks: TaskList) {
        self.0.extend(tasks);
    }

    /// For as many as there may be.
    pub(super) fn append_all(&mut self, mut tasks: VecDeque<Runnable>) {
        self.0.append(&mut tasks);
    }

    /// Moves up to `n` tasks, all but the first of them to a local queue of the caller's that has
    /// room for them.
    pub(super) fn take(&mut self, n: usize, queue: &LocalQueue) -> Batch {
        let mut batch = self.0.drain(..n.min(self.0.len()));
        let first = batch.next();
        let others = batch.len();
        queue.extend(batch);
        if self.0.is_empty() && self.0.capacity() > KEPT {
            self.0.shrink_to(KEPT);
        }
        Batch { first, others }
    }

    /// All of it, for those who do not run it.
    pub(super) fn take_all(&mut self) -> TaskList {
        self.0.drain(..).collect()
    }
}

impl Drop for Worklist {
    fn drop(&mut self) {
        self.0.drain(..).for_each(Runnable::cancel);
    }
}

impl fmt::Debug for Worklist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Worklist({})", self.len())
    }
}
