//! A thread that is no worker runs a task, instead of waking a worker for it.
//!
//! A thread of the blocking pool that has run a closure wakes the task that awaits it. Most such tasks are
//! brief, and soon await the next closure: to wake a worker for the task, which then wakes a thread for the
//! closure, takes longer than both. So that one wake-up is held back, and when the thread is done with the
//! closure it polls the task itself, as a *guest* of the task's pool: in a slot, counted as a worker that
//! runs, and watched like one. It adds no concurrency: a guest is admitted only where one more worker may
//! run, and none is on its way. What its poll leaves behind goes to those who work here.

use std::cell::Cell;
use std::ptr;
use std::task::Waker;

use crate::cell::{Runnable, TaskList};
use crate::topology::current_cpu;

use super::occupant::Visiting;
use super::pool::{Host, Lease, Pool, PoolRef};
use super::slot::Slot;
use super::standing::Standing;
use super::worker::Worker;

thread_local! {
    /// The address of the host whose guest this thread may be.
    static HOME: Cell<usize> = const { Cell::new(0) };
    static HOLDS_BACK: Cell<bool> = const { Cell::new(false) };
    static HELD: Cell<Option<Held>> = const { Cell::new(None) };
}

/// A task that this thread has made ready, and has not put down yet.
pub(crate) struct Held {
    pool: PoolRef,
    task: Runnable,
    /// Keeps the pool also when the task is somewhere else again; ends last, for the last user of a pool
    /// waits for all its tasks.
    lease: Lease,
}

/// Those whose threads come as guests.
pub(crate) trait Guests: Send + Sync {
    /// The guest of this number, if it is still one, begins to block, or does not get on: nobody is to rely on its
    /// coming back soon.
    fn step_aside(&self, guest: u32);
}

/// From now on this thread may be a guest of the host's pools.
pub(super) fn be_at_home(host: &dyn Host) {
    HOME.set(ptr::from_ref(host).addr());
}

/// Wakes a task. If it is a pool's, it may be held back, and is [taken](take_held) right after.
pub(crate) fn hold_back(waker: Waker) {
    /// Whatever becomes of the waker.
    struct NoLonger;

    impl Drop for NoLonger {
        fn drop(&mut self) {
            HOLDS_BACK.set(false);
        }
    }

    HOLDS_BACK.set(true);
    let _no_longer = NoLonger;
    waker.wake();
}

/// What has been held back.
#[inline]
pub(crate) fn take_held() -> Option<Held> {
    HELD.take()
}

/// A task is scheduled on a thread that is no worker. Back, unless it is held back.
pub(super) fn offer(pool: &Pool, task: Runnable) -> Option<Runnable> {
    // A thread that is being torn down holds nothing back.
    if !HOLDS_BACK.try_with(Cell::get).unwrap_or(false) {
        return Some(task);
    }
    // A task of another runtime would keep that from its end, from outside.
    let home = HOME.get();
    let host = pool
        .host()
        .filter(|host| ptr::from_ref(*host).addr() == home);
    let Some(host) = host.filter(|_| pool.is_open_to_guests(&task)) else {
        return Some(task);
    };
    let Some(lease) = host.lease() else {
        return Some(task);
    };
    HOLDS_BACK.set(false);
    HELD.set(Some(Held {
        pool: pool.as_scheduler(),
        task,
        lease,
    }));
    None
}

/// A guest that has a slot.
pub(super) struct Admitted<'p> {
    pub(super) index: u32,
    slot: &'p Slot,
    here: Visiting<'p>,
}

impl Held {
    /// Is it a task of this host's?
    pub(super) fn is_of(&self, host: &dyn Host) -> bool {
        self.pool().is_in(host)
    }

    /// Puts the task down, for a worker.
    pub(crate) fn submit(self) {
        // SAFETY: the lease keeps the host that the pool lies in.
        unsafe { self.pool.pool() }.submit(self.task);
    }

    /// Polls the task on this thread, if a worker would have to be woken for it. `guest` is the thread's number
    /// among the [`Guests`].
    pub(crate) fn visit(self, guest: u32) {
        // SAFETY: the lease keeps the host that the pool lies in.
        let pool = unsafe { self.pool.pool() };
        match pool.admit_guest(guest) {
            Some(admitted) => {
                pool.run_guest(self.lease.host(), admitted, self.task);
            }
            None => pool.submit(self.task),
        }
    }

    fn pool(&self) -> &Pool {
        // SAFETY: the lease keeps the host that the pool lies in.
        unsafe { self.pool.pool() }
    }
}

impl Pool {
    /// May a thread that is bound to nothing, and has the usual priority, do what workers do here?
    fn is_open_to_guests(&self, task: &Runnable) -> bool {
        // A task on probation is polled apart from the others, and those that wait for the same come with it.
        self.config.guests
            && !task.is_on_probation()
            && (self.config.roams.is_none()
                || current_cpu().is_none_or(|cpu| self.config.cpus.contains(cpu)))
    }

    /// A place for a guest, in which it counts as running.
    pub(super) fn admit_guest(&self, guest: u32) -> Option<Admitted<'_>> {
        let mut session = self.injector.lock();
        let index = session.admit_guest(|slot| self.slot(slot).parker.is_parked())?;
        drop(session);
        // Not under the lock: a slot may be allocated. Nobody else writes to one that is vacant. Who sees that
        // it runs is to see who it is.
        let slot = self.slot(index);
        let here = slot.occupant.visit(guest);
        slot.standing.set(Standing::Running);
        Some(Admitted { index, slot, here })
    }

    fn run_guest(&self, host: &dyn Host, admitted: Admitted<'_>, task: Runnable) {
        let worker = Worker::new(self, admitted.index, host.intervals());
        let left = worker.run_once(task);
        self.dismiss_guest(admitted, left);
        if self.injector.hints.is_closed() {
            host.cancel_all();
        }
    }

    /// The guest goes, and others do what it leaves.
    pub(super) fn dismiss_guest(&self, admitted: Admitted<'_>, left: TaskList) {
        let Admitted { index, slot, here } = admitted;
        let mut session = self.injector.lock();
        session.worklist.append(left);
        session.dismiss_guest(index, slot.standing.get().counts());
        slot.standing.set(Standing::Vacant);
        // Of a poll that has ended: the monitor may have relieved the guest until the lock was taken.
        slot.owned.clear_verdict();
        // The next may take the slot as soon as the lock is free.
        drop(here);
        self.fill_place(slot, session);
    }

    /// If a guest has the slot, those that it comes from are told that it does not get on.
    pub(super) fn excuse_guest(&self, slot: &Slot) {
        if let Some(guest) = slot.occupant.guest()
            && let Some(host) = self.host()
        {
            host.excuse_guest(guest);
        }
    }
}
