//! The part of a task's cell that does not depend on its types, and the list that links it.
//!
//! Who may touch which field, and when, is said in the [module above](super).

use std::io;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;

use super::state::TaskState;
use super::verdict::Verdict;
use super::{Id, JoinError};
use crate::primitives::{Lock, UnsafeCell};
use crate::trace::TaskSpan;

/// The part of a cell that does not depend on its types.
#[repr(C)]
pub(super) struct Header {
    pub(super) state: TaskState,
    pub(super) vtable: &'static Vtable,
    /// The next in the worklist or in another intrusive list of runnables.
    pub(super) queue_next: UnsafeCell<Option<NonNull<Header>>>,
    /// The list that the task is in: from its first suspension on, or while it waits for its first poll.
    pub(super) owner: UnsafeCell<Option<NonNull<OwnerList>>>,
    pub(super) links: UnsafeCell<Links>,
    pub(super) join_waker: UnsafeCell<Option<Waker>>,
    pub(super) id: Id,
    pub(super) location: &'static Location<'static>,
    /// Boxed twice, to be one word in the many tasks that have no name.
    pub(super) name: Option<Box<Arc<str>>>,
    pub(super) span: TaskSpan,
}

impl Header {
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref().map(|name| &**name)
    }

    pub(super) fn cancelled(&self) -> JoinError {
        JoinError::cancelled(self.id, self.name())
    }
}

/// Each function takes the header of a cell of the types that the table was made for.
pub(super) struct Vtable {
    /// Runs the task; the caller gives up its `Runnable`.
    pub(super) run: unsafe fn(NonNull<Header>, &OwnerList) -> Turn,
    /// Drops the future in place of a poll; the caller gives up its `Runnable` and says why.
    pub(super) cancel: unsafe fn(NonNull<Header>, Option<io::Error>),
    /// Drops the future of a task that the caller has claimed.
    pub(super) cancel_claimed: unsafe fn(NonNull<Header>),
    /// Hands a new `Runnable` to the scheduler.
    pub(super) schedule: unsafe fn(NonNull<Header>),
    /// Moves the output to `*mut Option<Result<F::Output, JoinError>>`.
    pub(super) take_output: unsafe fn(NonNull<Header>, *mut ()),
    /// Drops the output, if it is still there.
    pub(super) drop_output: unsafe fn(NonNull<Header>),
    pub(super) free: unsafe fn(NonNull<Header>),
}

/// How a turn of a task ended.
pub(super) enum Turn {
    Completed,
    Suspended,
    /// It was woken while it ran: the caller is to make its `Runnable` (T2).
    Yielded,
}

/// Gives up one reference, and frees the cell with the last.
///
/// # Safety
///
/// The caller owns a reference to the live cell, and does not use it afterwards.
pub(super) unsafe fn release(header: NonNull<Header>) {
    // SAFETY: the reference keeps the cell alive until `release` has counted it.
    if unsafe { header.as_ref() }.state.release() {
        // SAFETY: it was the last: nobody else can reach the cell.
        unsafe { (header.as_ref().vtable.free)(header) }
    }
}

/// A task's neighbours in its owner's list; touched under the list's lock.
#[derive(Default)]
pub(super) struct Links {
    previous: Option<NonNull<Header>>,
    next: Option<NonNull<Header>>,
}

/// The tasks that one worker has adopted, and what is said of the one that it polls.
pub(super) struct OwnerList {
    owned: Lock<Owned>,
    pub(super) verdict: Verdict,
}

/// When a task got its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Adoption {
    Before,
    Now,
    /// Never: the list is closed, and the caller is to cancel the task.
    Refused,
}

struct Owned {
    head: Option<NonNull<Header>>,
    len: usize,
    closed: bool,
}

// SAFETY: the list only links tasks, whose parts are reached through their state's rules.
unsafe impl Send for Owned {}

impl OwnerList {
    pub(super) fn new() -> Self {
        let owned = Lock::new(Owned {
            head: None,
            len: 0,
            closed: false,
        });
        Self {
            owned,
            verdict: Verdict::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.owned.lock().len
    }

    /// Enters a task that is about to be suspended, unless it has an owner already.
    ///
    /// # Safety
    ///
    /// The caller holds `RUNNING` of the live task, or owns its first `Runnable`, and the list outlives
    /// the task's completion.
    pub(super) unsafe fn adopt(&self, task: NonNull<Header>) -> Adoption {
        // SAFETY: alive, by the caller's promise.
        let header = unsafe { task.as_ref() };
        // SAFETY: `RUNNING` or the `Runnable` gives access to the field.
        if header.owner.with(|owner| unsafe { (*owner).is_some() }) {
            return Adoption::Before;
        }
        let mut owned = self.owned.lock();
        if owned.closed {
            return Adoption::Refused;
        }
        owned.link(task);
        header.owner.with_mut(|owner| {
            // SAFETY: as above.
            unsafe { *owner = Some(NonNull::from(self)) }
        });
        Adoption::Now
    }

    /// Takes a task that completes, or is to be polled for the first time, out of its owner's list, if
    /// it has one.
    ///
    /// # Safety
    ///
    /// The caller holds `RUNNING` of the live task, or owns its `Runnable`.
    pub(super) unsafe fn disown(task: NonNull<Header>) {
        // SAFETY: the caller says that it is alive.
        let header = unsafe { task.as_ref() };
        // SAFETY: `RUNNING` or the `Runnable` gives access to the field.
        let owner = header.owner.with_mut(|owner| unsafe { (*owner).take() });
        if let Some(owner) = owner {
            // SAFETY: an owner outlives its tasks' completion (`adopt`).
            unsafe { owner.as_ref() }.owned.lock().unlink(task);
        }
    }

    /// Closes the list and claims the tasks that are idle. They are chained through their queue
    /// links; returns the first, and how many tasks are left in the list.
    pub(super) fn close_and_claim(&self) -> (Option<NonNull<Header>>, usize) {
        self.owned.lock().close_and_claim()
    }
}

impl Owned {
    fn links<R>(task: NonNull<Header>, f: impl FnOnce(&mut Links) -> R) -> R {
        // SAFETY: tasks in the list are alive (T4).
        let header = unsafe { task.as_ref() };
        // SAFETY: we are under the list's lock, which guards the links of its tasks; `f` does not reach
        // them another way.
        header.links.with_mut(|links| f(unsafe { &mut *links }))
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

    /// The queue links are the claimed tasks' to use: nobody else can have a `Runnable` of a task that
    /// was idle and now is running.
    fn close_and_claim(&mut self) -> (Option<NonNull<Header>>, usize) {
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
            let link = &header.queue_next;
            // SAFETY: as above.
            link.with_mut(|link| unsafe { *link = claimed });
            claimed = Some(task);
        }
        (claimed, self.len)
    }
}
