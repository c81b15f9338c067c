//! The tasks that a worker has adopted: all those that have ever been suspended on it and are not
//! complete; or those of a pool that wait for their first poll. This is where the shutdown finds the ones that are in no queue (T4).
//!
//! A task that completes in its first poll never comes here, which is why spawning takes one lock
//! less than it would if every task were entered at once.

use super::header::OwnerList;

/// What came of [closing](OwnedTasks::close_and_cancel) a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) struct Swept {
    pub(crate) cancelled: usize,
    /// Running, or scheduled by somebody who has yet to find out that the queues are closed.
    pub(crate) left: usize,
}

/// A list of adopted tasks, for one who runs tasks.
pub(crate) struct OwnedTasks(OwnerList);

impl OwnedTasks {
    pub(crate) fn new() -> Self {
        Self(OwnerList::new())
    }

    pub(super) fn list(&self) -> &OwnerList {
        &self.0
    }

    /// Closes the list and cancels the tasks that are idle.
    pub(crate) fn close_and_cancel(&self) -> Swept {
        let (mut claimed, left) = self.0.close_and_claim();
        let mut cancelled = 0;
        while let Some(task) = claimed {
            // SAFETY: a claimed task is ours, and alive until it is cancelled below.
            let header = unsafe { task.as_ref() };
            // SAFETY: it is linked to the next claimed one by its queue link, and has no owner any more.
            claimed = header.queue_next.with(|next| unsafe { *next });
            // SAFETY: claimed, and used once.
            unsafe { (task.as_ref().vtable.cancel_claimed)(task) };
            cancelled += 1;
        }
        Swept { cancelled, left }
    }

    /// The poll that is under way is a long one.
    pub(crate) fn call_long(&self) {
        self.0.verdict.long();
    }

    /// What has been said was about a poll that has ended.
    pub(crate) fn clear_verdict(&self) {
        if self.0.verdict.is_given() {
            self.0.verdict.take();
        }
    }

    /// Has anything been said that no poll has taken yet?
    #[cfg(all(test, fastwake_loom))]
    pub(crate) fn is_judged(&self) -> bool {
        self.0.verdict.is_given()
    }

    /// The poll that is about to begin is one of a task on probation.
    pub(crate) fn count_down_probation(&self) {
        self.0.verdict.count_down();
    }

    /// How many tasks are in the list.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
