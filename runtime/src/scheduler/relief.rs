#![forbid(unsafe_code)]
//! Somebody takes the place of a worker that does not get on: it blocks, or is in a long poll.

use std::sync::atomic::Ordering::SeqCst;

use crate::cell::TaskList;
use crate::primitives::atomic::fence;

use super::injector::Session;
use super::policy;
use super::pool::Pool;
use super::slot::Slot;
use super::standing::Standing;

/// What became of the place of a worker that does not count as running any more.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::Substitute;
///
/// fn is_worrying(substitute: Substitute) -> bool {
///     substitute == Substitute::AtBound
/// }
/// assert!(!is_worrying(Substitute::Called));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Substitute {
    /// Another worker has been woken, or a thread been made, to take it.
    Called,
    /// There was nothing else to do just then, or others are about to do it.
    NotNeeded,
    /// Work waits, and there may be no more threads: see
    /// [`max_spare_workers`](crate::runtime::Builder::max_spare_workers).
    AtBound,
}

impl Pool {
    /// A worker has stopped counting, and has left these tasks. Somebody else is to do them, and to look
    /// after the driver.
    pub(super) fn hand_over(&self, of: &Slot, local: TaskList) -> Substitute {
        let mut session = self.injector.lock();
        session.worklist.append(local);
        self.fill_place(of, session)
    }

    pub(super) fn fill_place(&self, of: &Slot, mut session: Session<'_>) -> Substitute {
        let waiting = !session.worklist.is_empty();
        // The driver is looked after by workers that run; if none does, somebody is to sleep in it.
        let forsaken =
            policy::only_guests_run(&session.counts()) && self.unattended_driver().is_some();
        let needed = waiting || forsaken;
        let kick = if needed {
            self.pick(&mut session)
        } else {
            None
        };
        let exhausted = needed && session.is_exhausted();
        drop(session);
        if let Some(kick) = kick {
            kick.send();
            return Substitute::Called;
        }
        // There is room for a worker now: for what is in the siblings' queues, too.
        // ORDERING: I4, as in `help_local`.
        fence(SeqCst);
        if waiting || self.sees_work_beside(of) {
            self.help_local();
        }
        match exhausted {
            true => Substitute::AtBound,
            false => Substitute::NotNeeded,
        }
    }

    /// Puts somebody in the place of a worker that is still in its poll number `poll`, and counts as
    /// running. For the monitor.
    pub(super) fn relieve(&self, slot: &Slot, poll: u64) -> Option<Substitute> {
        let mut session = self.injector.lock();
        let same = slot.counters.polls.get() == poll;
        if session.is_closed() || !same || !slot.standing.get().counts() {
            return None;
        }
        slot.standing.set(Standing::Relieved);
        session.begin_blocking();
        slot.owned.call_long();
        // In the same section: the monitor is no user of the group, and what it held between two while the
        // pool is closed would be missed by the last one.
        session.worklist.append(slot.take_local());
        let substitute = self.fill_place(slot, session);
        self.excuse_guest(slot);
        Some(substitute)
    }

    /// Takes the seat of a worker that is still in its poll number `poll`, apart from the others, and calls
    /// somebody for the next task on the bench. For the monitor.
    pub(super) fn unseat(&self, slot: &Slot, poll: u64) -> Option<Substitute> {
        let mut session = self.injector.lock();
        let same = slot.counters.polls.get() == poll;
        if session.is_closed() || !same || slot.standing.get() != Standing::Apart {
            return None;
        }
        slot.standing.set(Standing::Relieved);
        slot.owned.call_long();
        let waiting = session.bench.get_up();
        session.worklist.append(waiting);
        Some(self.fill_place(slot, session))
    }

    /// Takes away what a relieved worker has put into its own queue since. For the monitor.
    pub(super) fn sweep(&self, slot: &Slot) {
        if !slot.has_local() {
            return;
        }
        let mut session = self.injector.lock();
        if !session.is_closed() {
            session.worklist.append(slot.take_local());
            self.fill_place(slot, session);
        }
    }

    /// Is there work in a queue of the pool's but this slot's, or in another pool whose tasks may come
    /// here? A hint, for behind a fence. The pool's own worklist is left out: whoever puts something
    /// there picks a worker under the lock.
    pub(super) fn sees_work_beside(&self, slot: &Slot) -> bool {
        let in_queues = |pool: &Pool| {
            let mut others = pool.slots().filter(|other| !std::ptr::eq(*other, slot));
            others.any(|other| !other.queue.is_empty())
        };
        let in_pool = |pool: &Pool| pool.injector.hints.work() > 0 || in_queues(pool);
        in_queues(self) || self.neighbours().any(in_pool)
    }
}
