//! Where a task goes that is scheduled.

use crate::cell::{Runnable, Schedule};

use super::guest;
use super::pool::{Pool, PoolRef};
use super::worker::Worker;

impl Pool {
    /// Takes a task that was scheduled on a thread that is this worker, or none.
    pub(super) fn accept(&self, worker: Option<&Worker<'_>>, task: Runnable) {
        match worker {
            Some(worker) if worker.takes_from(self) => worker.schedule(task),
            Some(worker) if worker.gathers_for(self) => worker.gather(task),
            _ => self.submit(task),
        }
    }

    /// As [`accept`](Self::accept), for a task that has just been made.
    pub(super) fn accept_new(&self, worker: Option<&Worker<'_>>, task: Runnable) {
        match worker {
            Some(worker) if worker.takes_from(self) => {
                worker.count_spawned();
                worker.schedule(task);
            }
            Some(worker) if worker.gathers_for(self) => {
                worker.count_spawned();
                worker.gather(task);
            }
            _ => self.submit(task),
        }
    }
}

impl Schedule for PoolRef {
    fn schedule(self, task: Runnable) {
        // SAFETY: the task has been suspended before (the first time, a task goes to `accept`), so
        // it is in an owner's list. While it is scheduled the group's last user waits for it
        // (`Group::leave`), and afterwards for what the submission owes.
        let pool = unsafe { self.pool() };
        Worker::with_current(|worker| match worker {
            Some(_) => pool.accept(worker, task),
            None => {
                if let Some(task) = guest::offer(pool, task) {
                    pool.submit(task);
                }
            }
        });
    }
}
