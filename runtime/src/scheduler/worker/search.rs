#![forbid(unsafe_code)]
//! Looking for work elsewhere: at the siblings in the pool and, where tasks may leave their pod, in
//! the other pools, nearest first.

use std::sync::atomic::Ordering::SeqCst;

use crate::cell::Runnable;
use crate::primitives::atomic::fence;
use crate::scheduler::policy;
use crate::scheduler::pool::Pool;
use crate::scheduler::slot::Slot;

use super::Worker;

/// How long a thief watches a LIFO slot before it believes that its owner is in a long poll: some
/// tens of spins, about a microsecond, where the poll of a task that only passes a message on takes
/// a tenth of that. Not measured yet on wider machines.
const LIFO_WATCH_SPINS: u32 = 40;

impl Worker<'_> {
    /// One round through all the places. The last searcher that finds something sees to it that
    /// somebody comes for what it leaves (I5).
    pub(in crate::scheduler) fn search(&self) -> Option<Runnable> {
        let hints = &self.pool.injector.hints;
        if !policy::may_search(hints.searching(), self.pool.config.limit) {
            return None;
        }
        hints.begin_search();
        let found = self.steal();
        let last = hints.end_search();
        if found.is_some() && last {
            // ORDERING: I5. A producer that saw a searcher woke nobody; what it pushed before is
            // visible behind this fence.
            fence(SeqCst);
            if self.sees_work_elsewhere() || !self.slot.queue.is_empty() {
                self.pool.help_local();
            }
        }
        found
    }

    fn steal(&self) -> Option<Runnable> {
        let counters = &self.slot.counters;
        if let Some(task) = self.steal_from_siblings(self.pool) {
            counters.steals_in_pod.increment();
            return Some(task);
        }
        if let Some(task) = self.steal_across() {
            counters.steals_across.increment();
            return Some(task);
        }
        let task = self.steal_lifo();
        if task.is_some() {
            counters.steals_in_pod.increment();
        }
        task
    }

    fn others<'a>(&'a self, pool: &'a Pool) -> impl Iterator<Item = &'a Slot> {
        let n = pool.slots().len();
        let start = self.rng.below(n as u32) as usize;
        let slots = pool.slots().skip(start).chain(pool.slots().take(start));
        slots.filter(|slot| !std::ptr::eq(*slot, self.slot))
    }

    fn steal_from_siblings(&self, pool: &Pool) -> Option<Runnable> {
        self.others(pool)
            .find_map(|slot| slot.queue.steal_into(&self.slot.queue))
            .map(|(task, _)| task)
    }

    fn steal_across(&self) -> Option<Runnable> {
        self.pool.neighbours().find_map(|pool| {
            if pool.injector.hints.work() > 0 {
                let mut session = pool.injector.lock();
                let batch = session.take_batch_across(&self.slot.queue);
                drop(session);
                if batch.first.is_some() {
                    return batch.first;
                }
            }
            self.steal_from_siblings(pool)
        })
    }

    /// A task in the LIFO slot is its owner's to run next, and its data is in the owner's cache. It
    /// is taken only from an owner that stays in one poll.
    fn steal_lifo(&self) -> Option<Runnable> {
        let slot = self.others(self.pool).find(|slot| !slot.lifo.is_empty())?;
        let poll = slot.counters.polls.get();
        for _ in 0..LIFO_WATCH_SPINS {
            std::hint::spin_loop();
        }
        if slot.counters.polls.get() == poll {
            slot.lifo.take()
        } else {
            None
        }
    }

    /// See [`Pool::sees_work_beside`].
    pub(super) fn sees_work_elsewhere(&self) -> bool {
        self.pool.sees_work_beside(self.slot)
    }
}
