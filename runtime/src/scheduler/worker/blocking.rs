#![forbid(unsafe_code)]
//! A worker that is going to block: it stops counting as running, gives away what it has, and
//! somebody takes its place.

use std::sync::atomic::Ordering::SeqCst;

use crate::primitives::atomic::fence;
use crate::scheduler::injector::Session;
use crate::scheduler::standing::Standing;

use super::{Mode, Next, Worker};

/// This thread's worker is blocked for as long as this lives.
pub(in crate::scheduler) struct Blocked(());

impl Worker<'_> {
    /// Begins to block, if this thread is a worker and is not blocked already.
    pub(in crate::scheduler) fn block_current() -> Option<Blocked> {
        Worker::with_current(|worker| {
            let worker = worker.filter(|worker| worker.mode.get() == Mode::Running)?;
            worker.begin_blocking();
            Some(Blocked(()))
        })
    }

    fn begin_blocking(&self) {
        self.mode.set(Mode::Away);
        let mut session = self.pool.injector.lock();
        self.count_again(&mut session);
        self.slot.standing.set(Standing::Blocked);
        session.begin_blocking();
        drop(session);
        self.hand_over();
        self.pool.excuse_guest(self.slot);
    }

    /// The worker does not count any more. What it has left goes to somebody who does.
    pub(super) fn hand_over(&self) {
        let local = self.slot.take_local();
        self.pool.hand_over(self.slot, local);
    }

    fn end_blocking(&self) {
        let mut session = self.pool.injector.lock();
        self.come_back(&mut session);
        drop(session);
        self.go_on();
    }

    /// The worker counts as running again.
    pub(super) fn come_back(&self, session: &mut Session<'_>) {
        let surplus = session.end_blocking();
        self.slot.standing.set(Standing::back(surplus));
    }

    /// What follows when the lock is free: it keeps things to itself again.
    pub(super) fn go_on(&self) {
        self.mode.set(Mode::Running);
        self.ask_to_be_watched();
    }

    /// If the monitor has put another in this worker's place, it counts again from here on.
    pub(super) fn count_again(&self, session: &mut Session<'_>) {
        if self.slot.standing.is_relieved() {
            self.come_back(session);
        }
    }

    /// Between two tasks: another has taken this worker's place in the last poll, or there are too many
    /// now that it is back.
    #[cold]
    pub(in crate::scheduler) fn attend_to_standing(&self) -> Option<Next> {
        if self.slot.standing.is_relieved() {
            self.end_long_poll();
        }
        (self.slot.standing.get() == Standing::Surplus).then(|| self.step_down())
    }

    /// Its long poll has ended, in which another has taken its place.
    fn end_long_poll(&self) {
        self.slot.owned.clear_verdict();
        let mut session = self.pool.injector.lock();
        self.count_again(&mut session);
        drop(session);
        self.go_on();
    }

    /// The worker has begun to run, and nobody may be watching.
    pub(super) fn ask_to_be_watched(&self) {
        if let Some(host) = self.pool.host() {
            // ORDERING: the monitor's half is in `Vigil::end`.
            fence(SeqCst);
            host.watch(&self.pool.config);
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        Worker::with_current(|worker| {
            if let Some(worker) = worker {
                worker.end_blocking();
            }
        });
    }
}
