#![forbid(unsafe_code)]
//! A worker that is going to block: it stops counting as running, gives away what it has, and
//! somebody takes its place.

use std::sync::atomic::Ordering::SeqCst;

use crate::primitives::atomic::fence;
use crate::scheduler::pool::Pool;

use super::{Mode, Worker};

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
        let local = self.take_all_local();
        let pool: &Pool = self.pool;
        let mut session = pool.injector.lock();
        session.worklist.append(local);
        session.begin_blocking();
        let waiting = !session.worklist.is_empty();
        // The driver is looked after by those who run; if nobody does, somebody is to sleep in it.
        let forsaken = session.counts().running == 0 && pool.unattended_driver().is_some();
        let kick = if waiting || forsaken {
            pool.pick(&mut session)
        } else {
            None
        };
        drop(session);
        match kick {
            Some(kick) => kick.send(),
            // There is room for a worker now: for what is in the siblings' queues, too.
            None => {
                // ORDERING: I4, as in `help_local`.
                fence(SeqCst);
                if waiting || self.sees_work_elsewhere() {
                    pool.help_local();
                }
            }
        }
    }

    fn end_blocking(&self) {
        let surplus = self.pool.injector.lock().end_blocking();
        self.surplus.set(surplus);
        self.mode.set(Mode::Running);
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
