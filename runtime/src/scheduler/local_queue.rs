//! A worker's local queue: a fixed ring that its owner pushes to and pops from at the two ends of
//! a first-in-first-out order, and from which others steal half.
//!
//! The algorithm is that of Go's scheduler (`runqput`, `runqget`, `runqgrab` in `runtime/proc.go`):
//! takers read the slots first and then move `head` by a compare-exchange, so a taker that lost the
//! race has read pointers that it does not use. Rules:
//!
//! * Q1: only the owner moves `tail`, and writes slots.
//! * Q2: `head` only grows, and counts; it never wraps within one steal (it has the width of a
//!   pointer), so a compare-exchange that succeeds proves that no slot read before it was reused.
//! * Q3: the owner reuses a slot only after it has seen, with Acquire, a `head` beyond it; the
//!   taker's Release orders its read of the slot before that.

use std::ptr;

use crossbeam_utils::CachePadded;

use crate::cell::{Runnable, TaskList};
use crate::primitives::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::primitives::atomic::{AtomicPtr, AtomicUsize};

/// Not measured; 256 is what Go and tokio use.
#[cfg(not(fastwake_loom))]
pub(super) const CAPACITY: usize = 256;
#[cfg(fastwake_loom)]
pub(super) const CAPACITY: usize = 4;

const HALF: usize = CAPACITY / 2;

pub(super) struct LocalQueue {
    /// Count of the tasks taken so far; anybody's, by compare-exchange.
    head: CachePadded<AtomicUsize>,
    /// Count of the tasks put so far; the owner's (Q1).
    tail: AtomicUsize,
    slots: Box<[AtomicPtr<()>; CAPACITY]>,
}

impl LocalQueue {
    pub(super) fn new() -> Self {
        Self {
            head: CachePadded::new(AtomicUsize::new(0)),
            tail: AtomicUsize::new(0),
            slots: Box::new(std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut()))),
        }
    }

    fn slot(&self, position: usize) -> &AtomicPtr<()> {
        &self.slots[position % CAPACITY]
    }

    /// Puts a task at the end; the owner's. A full queue gives half of itself, and the task behind
    /// it, for the worklist.
    pub(super) fn push_back(&self, task: Runnable) -> Option<TaskList> {
        // ORDERING: `tail` is the owner's own. Acquire: Q3.
        let tail = self.tail.load(Relaxed);
        let head = self.head.load(Acquire);
        if tail.wrapping_sub(head) < CAPACITY {
            self.put(tail, task);
            return None;
        }
        let mut overflow = TaskList::new();
        // Stealers may have made room meanwhile, but what they leave is what is older.
        self.take::<HALF>(HALF, |task| overflow.push_back(task));
        overflow.push_back(task);
        Some(overflow)
    }

    fn put(&self, tail: usize, task: Runnable) {
        // ORDERING: the slot is published by the Release of `tail`.
        self.slot(tail).store(task.into_ptr(), Relaxed);
        self.tail.store(tail.wrapping_add(1), Release);
    }

    /// Puts a batch for which there is room; the owner's.
    pub(super) fn extend(&self, tasks: impl ExactSizeIterator<Item = Runnable>) {
        debug_assert!(tasks.len() <= CAPACITY - self.len());
        for task in tasks {
            // ORDERING: `tail` is the owner's own.
            self.put(self.tail.load(Relaxed), task);
        }
    }

    /// Takes the oldest task.
    pub(super) fn pop_front(&self) -> Option<Runnable> {
        let mut popped = None;
        self.take::<1>(1, |task| popped = Some(task));
        popped
    }

    /// Takes the oldest tasks, `most` and `N` at most.
    fn take<const N: usize>(&self, most: usize, mut each: impl FnMut(Runnable)) -> usize {
        let mut taken = [ptr::null_mut(); N];
        let mut head = self.head.load(Acquire);
        loop {
            // ORDERING: Acquire pairs with the Release in `put`: the slots below `tail` are there.
            let waiting = self.tail.load(Acquire).wrapping_sub(head);
            if waiting > CAPACITY {
                // `head` is older than `tail`: others have taken from the queue since.
                head = self.head.load(Acquire);
                continue;
            }
            let n = waiting.min(most).min(N);
            if n == 0 {
                return 0;
            }
            for (i, task) in taken[..n].iter_mut().enumerate() {
                *task = self.slot(head.wrapping_add(i)).load(Relaxed);
            }
            // ORDERING: Release: Q3. Acquire on failure for the new `head`, as above.
            match self
                .head
                .compare_exchange_weak(head, head.wrapping_add(n), AcqRel, Acquire)
            {
                Ok(_) => {
                    for task in &taken[..n] {
                        // SAFETY: the slots from `head` on held these pointers while they were
                        // ours to take (Q2), and the exchange made them ours alone.
                        each(unsafe { Runnable::from_ptr(*task) });
                    }
                    return n;
                }
                Err(actual) => head = actual,
            }
        }
    }

    /// Takes half of what is here: one task to run, the others to the thief's own queue, which has
    /// room for them. Returns the task, and how many went to the queue.
    pub(super) fn steal_into(&self, own: &LocalQueue) -> Option<(Runnable, usize)> {
        let mut first = None;
        let taken = self.take::<HALF>(self.len().div_ceil(2), |task| match first {
            None => first = Some(task),
            Some(_) => own.put(own.tail.load(Relaxed), task),
        });
        first.map(|task| (task, taken - 1))
    }

    /// How many tasks wait here: exact for the owner if nobody steals, otherwise a hint.
    pub(super) fn len(&self) -> usize {
        // ORDERING: `head` first, so that the difference is not negative. Acquire pairs with the
        // Releases of the same words; the fences around the idle protocol do the rest.
        let head = self.head.load(Acquire);
        let waiting = self.tail.load(Acquire).wrapping_sub(head);
        waiting.min(CAPACITY)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for LocalQueue {
    fn drop(&mut self) {
        while let Some(task) = self.pop_front() {
            task.cancel();
        }
    }
}

impl std::fmt::Debug for LocalQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalQueue({} of {CAPACITY})", self.len())
    }
}
