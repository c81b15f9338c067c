#![forbid(unsafe_code)]
//! A worker that sees to it that there is a monitor, as long as it has nothing to run itself: in place of
//! whoever has put the first task down.

use crate::scheduler::monitor::GUARD;

use super::idle::Bed;
use super::{Next, Worker};

impl Worker<'_> {
    /// A new thread reports to its pool, and to the guard.
    pub(super) fn begin(&self) -> Next {
        let enlisted = self.pool.host().is_some_and(|host| host.enlist());
        self.stands_guard.set(enlisted);
        let mut next = self.arrive();
        while self.stands_guard.get() && matches!(next, Next::Search) {
            next = self.next();
        }
        self.leave_guard(false);
        next
    }

    /// The worker is about to sleep for good. If it stands guard, it sleeps for a while first.
    pub(super) fn stand_guard(&self, bed: &Bed<'_>) {
        if self.stands_guard.get() {
            let has_slept = matches!(bed, Bed::Parker) && self.slot.parker.nap(GUARD);
            self.leave_guard(has_slept);
        }
    }

    fn leave_guard(&self, has_slept: bool) {
        if self.stands_guard.take()
            && let Some(host) = self.pool.host()
        {
            host.leave_guard(has_slept);
        }
    }
}
