//! The right to run a task once.

use std::io;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

use super::header::{Adoption, Header, OwnerList, Turn};
use super::{Id, OwnedTasks};

/// A task that is scheduled: the one right to run it, and the runtime's reference to it (T1).
///
/// It must be used up, by running or by cancelling; dropping it cancels the task.
pub(crate) struct Runnable(NonNull<Header>);

// SAFETY: what a `Runnable` can do to a task it may do on any thread: `cell::new` demands futures and
// outputs that are `Send`, and who calls `new_local` promises to bring it home first.
unsafe impl Send for Runnable {}

/// What became of a task that was run.
#[must_use]
pub(crate) enum Ran {
    Completed,
    Suspended,
    /// It was woken while it ran: queue it again, behind the others.
    Yielded(Runnable),
}

impl Runnable {
    /// # Safety
    ///
    /// The caller is to make the task's `Runnable` (T1, T2).
    pub(super) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }

    pub(super) fn header(&self) -> &Header {
        // SAFETY: a `Runnable` owns the runtime's reference.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn leak(self) -> NonNull<Header> {
        ManuallyDrop::new(self).0
    }

    /// Turns into a pointer, for a queue whose slots are atomics.
    pub(crate) fn into_ptr(self) -> *mut () {
        self.leak().as_ptr().cast()
    }

    /// # Safety
    ///
    /// `ptr` comes from [`into_ptr`](Self::into_ptr) and is used once.
    pub(crate) unsafe fn from_ptr(ptr: *mut ()) -> Self {
        // SAFETY: `into_ptr` never gives null.
        Self(unsafe { NonNull::new_unchecked(ptr.cast()) })
    }

    /// Polls the task once. `owned` adopts it if it suspends for the first time.
    pub(crate) fn run(self, owned: &OwnedTasks) -> Ran {
        let header = self.leak();
        // SAFETY: we had the `Runnable`, and have given it up.
        match unsafe { (header.as_ref().vtable.run)(header, owned.list()) } {
            Turn::Completed => Ran::Completed,
            Turn::Suspended => Ran::Suspended,
            // SAFETY: as `Turn::Yielded` says.
            Turn::Yielded => Ran::Yielded(unsafe { Runnable::from_raw(header) }),
        }
    }

    /// Drops the future instead of polling it.
    pub(crate) fn cancel(self) {
        drop(self);
    }

    /// As [`cancel`](Self::cancel), for a task that got no thread.
    pub(crate) fn fail(self, reason: io::Error) {
        let header = self.leak();
        // SAFETY: we had the `Runnable`, and have given it up.
        unsafe { (header.as_ref().vtable.cancel)(header, Some(reason)) }
    }

    /// For a queue that is closed: a task that has run before goes back to its owner's list, where
    /// the shutdown drops it (and not a waker's innocent caller); a new one is cancelled here.
    pub(crate) fn refuse(self) {
        if self.is_new() {
            return self.cancel();
        }
        let header = self.leak();
        // SAFETY: alive until `refuse` gives the `Runnable` up.
        unsafe { header.as_ref() }.state.refuse();
    }

    /// Can the task be polled without more ado? It has been polled before, has no name and is not on
    /// probation.
    #[inline]
    pub(crate) fn is_ordinary(&self) -> bool {
        self.header().state.is_ordinary()
    }

    /// Has it neither a name nor [waited](Self::wait) in a list?
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.header().state.is_plain()
    }

    /// Lays a new task down that is not to run yet: it is idle, in `list`, until it is woken or
    /// aborted. Back if the list is closed: to be cancelled.
    pub(crate) fn wait(self, list: &OwnedTasks) -> Result<(), Runnable> {
        debug_assert!(self.is_new());
        // SAFETY: this is the task's first `Runnable`. The list belongs to the pool of the task's
        // scheduler, which outlives its tasks' completion.
        if unsafe { list.list().adopt(self.0) } == Adoption::Refused {
            return Err(self);
        }
        if !self.header().state.wait() {
            return Err(self);
        }
        self.leak();
        Ok(())
    }

    /// Takes a task that has [waited](Self::wait) out of the list: from here on it is as good as new.
    pub(crate) fn end_wait(&self) {
        let state = &self.header().state;
        if state.is_waiting() {
            state.end_wait();
            // SAFETY: the `Runnable` is ours, and keeps the task alive.
            unsafe { OwnerList::disown(self.0) };
        }
    }

    /// Is the task in no list? (One that is suspended by its first poll gets an owner, and so does
    /// one that [waits](Self::wait) for it.)
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        self.header().state.is_new()
    }

    /// Is the task in this list: was it on the list's worker that its first poll suspended it?
    #[inline]
    pub(crate) fn is_owned_by(&self, owned: &OwnedTasks) -> bool {
        // SAFETY: who has the `Runnable` has access to the field.
        let owner = self.header().owner.with(|owner| unsafe { *owner });
        owner == Some(NonNull::from(owned.list()))
    }

    /// Has it stayed in a poll for long, not long ago?
    pub(crate) fn is_on_probation(&self) -> bool {
        self.header().state.probation() > 0
    }

    pub(crate) fn id(&self) -> Id {
        self.header().id
    }

    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.header().location
    }

    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.header().name.as_deref()
    }

    pub(super) fn next(&self) -> &crate::primitives::UnsafeCell<Option<NonNull<Header>>> {
        &self.header().queue_next
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        // SAFETY: the `Runnable` is given up here.
        unsafe { (self.header().vtable.cancel)(self.0, None) }
    }
}
