//! The tasks that a worker has adopted: all those that have ever been suspended on it and are not
//! complete. This is where the shutdown finds the ones that are in no queue (T4).
//!
//! A task that completes in its first poll never comes here, which is why spawning takes one lock
//! less than it would if every task were entered at once.

use std::ptr::NonNull;

use super::raw::Header;
use crate::primitives::Lock;

/// A list of adopted tasks, with a lock of its own.
pub(crate) struct OwnedTasks(Lock<Owned>);

struct Owned {
    head: Option<NonNull<Header>>,
    len: usize,
    closed: bool,
}

// SAFETY: the list only links tasks, whose parts are reached through their state's rules.
unsafe impl Send for Owned {}

/// A task's neighbours in its owner's list; touched under the list's lock.
#[derive(Default)]
pub(super) struct Links {
    previous: Option<NonNull<Header>>,
    next: Option<NonNull<Header>>,
}

/// A task that a shutdown has claimed and not yet cancelled.
struct Claimed(NonNull<Header>);

impl OwnedTasks {
    pub(crate) fn new() -> Self {
        Self(Lock::new(Owned {
            head: None,
            len: 0,
            closed: false,
        }))
    }

    /// Enters a task that is about to be suspended, unless it has an owner already. False: the
    /// list is closed, and the caller is to cancel the task.
    ///
    /// # Safety
    ///
    /// The caller holds `RUNNING` of the live task, and the list outlives the task's completion.
    pub(super) unsafe fn adopt(&self, task: NonNull<Header>) -> bool {
        // SAFETY: alive, by the caller's promise.
        let header = unsafe { task.as_ref() };
        // SAFETY: `RUNNING` gives access to the field.
        if header.owner.with(|owner| unsafe { (*owner).is_some() }) {
            return true;
        }
        let mut owned = self.0.lock();
        if owned.closed {
            return false;
        }
        owned.link(task);
        // SAFETY: as above.
        header
            .owner
            .with_mut(|owner| unsafe { *owner = Some(NonNull::from(self)) });
        true
    }

    /// Takes a task that completes out of its owner's list, if it has one.
    ///
    /// # Safety
    ///
    /// The caller holds `RUNNING` of the live task.
    pub(super) unsafe fn disown(task: NonNull<Header>) {
        // SAFETY: alive, and `RUNNING` gives access to the field.
        let owner = unsafe { task.as_ref() }
            .owner
            .with_mut(|owner| unsafe { (*owner).take() });
        if let Some(owner) = owner {
            // SAFETY: an owner outlives its tasks' completion (`adopt`).
            unsafe { owner.as_ref() }.0.lock().unlink(task);
        }
    }

    /// Closes the list and cancels the tasks that are idle. Returns how many are left: running, or
    /// scheduled by somebody who has yet to find out that the queues are closed.
    pub(crate) fn close_and_cancel(&self) -> usize {
        let (claimed, left) = self.0.lock().close_and_claim();
        let mut next = claimed;
        while let Some(Claimed(task)) = next {
            // SAFETY: a claimed task is ours. It is linked to the next claimed one by its queue
            // link, and has no owner any more.
            next = unsafe { task.as_ref() }
                .queue_next
                .with(|next| unsafe { *next })
                .map(Claimed);
            // SAFETY: claimed, and used once.
            unsafe { (task.as_ref().vtable.cancel_claimed)(task) };
        }
        left
    }

    /// How many tasks are in the list.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len
    }
}

impl Owned {
    fn links<R>(task: NonNull<Header>, f: impl FnOnce(&mut Links) -> R) -> R {
        // SAFETY: tasks in the list are alive (T4), and we are under its lock, which guards their
        // links; `f` does not reach the links of another way.
        unsafe { task.as_ref() }
            .links
            .with_mut(|links| f(unsafe { &mut *links }))
    }

    fn link(&mut self, task: NonNull<Header>) {
        let next = self.head.replace(task);
        Self::links(task, |links| {
            *links = Links {
                previous: None,
                next,
            }
        });
        if let Some(next) = next {
            Self::links(next, |links| links.previous = Some(task));
        }
        self.len += 1;
    }

    fn unlink(&mut self, task: NonNull<Header>) {
        let Links { previous, next } = Self::links(task, std::mem::take);
        match previous {
            Some(previous) => Self::links(previous, |links| links.next = next),
            None => self.head = next,
        }
        if let Some(next) = next {
            Self::links(next, |links| links.previous = previous);
        }
        self.len -= 1;
    }

    /// The claimed tasks are chained through their queue links, which are theirs to use: nobody
    /// else can have a `Runnable` of a task that was idle and now is running.
    fn close_and_claim(&mut self) -> (Option<Claimed>, usize) {
        self.closed = true;
        let mut claimed: Option<NonNull<Header>> = None;
        let mut next = self.head;
        while let Some(task) = next {
            next = Self::links(task, |links| links.next);
            // SAFETY: tasks in the list are alive (T4).
            let header = unsafe { task.as_ref() };
            if !header.state.claim() {
                continue;
            }
            self.unlink(task);
            // SAFETY: the claim is `RUNNING`, which gives access to both fields.
            header.owner.with_mut(|owner| unsafe { *owner = None });
            // SAFETY: as above.
            header
                .queue_next
                .with_mut(|link| unsafe { *link = claimed });
            claimed = Some(task);
        }
        (claimed.map(Claimed), self.len)
    }
}
