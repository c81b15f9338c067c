#![forbid(unsafe_code)]
//! A pool: a lock, the items under it, and the workers that sleep.

use std::collections::VecDeque;
use std::ops::Range;

use super::ThreadId;

/// Who enqueued an item, and which it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) producer: ThreadId,
    pub(super) number: usize,
}

/// What the CPUs of a pod share.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) cpus: Range<usize>,
    pub(super) node: usize,
    pub(super) lock: Lock,
    pub(super) items: VecDeque<Item>,
    /// The most recently idle last. Who is picked stays until it runs.
    pub(super) idle: Vec<ThreadId>,
    /// Workers that have been woken and have not yet looked at the items.
    pub(super) coming: usize,
}

impl Pool {
    pub(super) fn new(cpus: Range<usize>, node: usize) -> Self {
        Self {
            lock: Lock {
                holder: None,
                waiters: VecDeque::new(),
                last_cpu: cpus.start,
                granted: 0,
                held: 0,
            },
            cpus,
            node,
            items: VecDeque::new(),
            idle: Vec::new(),
            coming: 0,
        }
    }
}

/// A lock that is handed over in the order of arrival, as the kernel's is.
#[derive(Debug)]
pub(super) struct Lock {
    holder: Option<ThreadId>,
    waiters: VecDeque<ThreadId>,
    /// Where its line is, and with it the lines that it protects.
    pub(super) last_cpu: usize,
    granted: u64,
    /// For how long it has been held or on its way.
    pub(super) held: u64,
}

impl Lock {
    /// Takes the lock, or queues up.
    pub(super) fn request(&mut self, thread: ThreadId, now: u64) -> bool {
        if self.holder.is_some() {
            self.waiters.push_back(thread);
            return false;
        }
        self.grant(thread, now);
        true
    }

    /// Gives the lock up, and says whose it is now.
    pub(super) fn release(&mut self, now: u64) -> Option<ThreadId> {
        self.held += now - self.granted;
        self.holder = None;
        let next = self.waiters.pop_front()?;
        self.grant(next, now);
        Some(next)
    }

    fn grant(&mut self, thread: ThreadId, now: u64) {
        self.holder = Some(thread);
        self.granted = now;
    }

    pub(super) fn is_held_by(&self, thread: ThreadId) -> bool {
        self.holder == Some(thread)
    }

    pub(super) fn waiters(&self) -> u64 {
        self.waiters.len() as u64
    }
}

/// A number that all pools of a node write: one CPU at a time has its line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counter {
    pub(super) last_cpu: usize,
    pub(super) free_at: u64,
}
