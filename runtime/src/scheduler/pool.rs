//! A worker pool: an injector, and the slots of its workers.

use std::collections::VecDeque;
use std::io;
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::cell::{OwnedTasks, Runnable, Swept, TaskList};
use crate::driver::Driver;
use crate::metrics::{PoolKind, WorkerCounters};
use crate::park::Unparked;
use crate::primitives::atomic::Ordering::{Relaxed, SeqCst};
use crate::primitives::atomic::{AtomicBool, AtomicU32, fence};
use crate::threads::ThreadConfig;
use crate::topology::CpuSet;

use super::injector::{Injector, Offers, Pickable, Session, Shape, Target};
use super::kick::{Deliver, Kick, KickBatch};
use super::policy::{self, Intervals};
use super::slot::Slot;

/// What a pool is for and where it runs; set when it is made.
#[derive(Debug, Clone)]
pub(super) struct PoolConfig {
    pub(super) kind: PoolKind,
    /// The CPUs of the pod.
    pub(super) cpus: CpuSet,
    /// Are the workers pinned to them, and the tasks with the workers?
    pub(super) strict: bool,
    /// May threads that are no workers run its tasks?
    pub(super) guests: bool,
    /// Where else the kernel may move the workers to, if they are not pinned.
    pub(super) roams: Option<CpuSet>,
    /// The number of the first worker among those of the runtime, if they have numbers.
    pub(super) first_worker: Option<usize>,
    /// Scheduling priority of the workers, as a `nice` value.
    pub(super) nice: i32,
    /// Workers that may run at once.
    pub(super) limit: u32,
    /// Threads that stay for good.
    pub(super) kept: u32,
    /// Threads beyond those that may run, to take the places of blocked ones.
    pub(super) spares: u32,
}

pub(super) struct Pool {
    pub(super) config: PoolConfig,
    pub(super) injector: CachePadded<Injector>,
    /// Filled from the front: `used` slots have had a thread.
    slots: Box<[OnceLock<Box<Slot>>]>,
    used: AtomicU32,
    /// Tasks that wait for their first poll until their work queue has a turn for them.
    waiting: OwnedTasks,
    /// What the pool lies in; set before the first use, by the host alone.
    host: OnceLock<HostPtr>,
    /// The pools that share work with this one, nearest first; set with the host.
    neighbours: OnceLock<Box<[PoolRef]>>,
    /// For pools of runtimes with I/O or timers.
    driver: Option<Arc<Driver>>,
    /// Has the driver ever been given anything to wait for? Until then nobody sleeps in it. Written
    /// before the injector's lock is taken, and read under it.
    drives: AtomicBool,
    /// Was the last thread that it has asked for refused?
    is_short: AtomicBool,
}

/// What a pool and its workers ask of the group of pools that they are in.
pub(super) trait Host: Send + Sync {
    /// One use more, unless the last user has left: what it waits for cannot begin anew.
    fn lease(&self) -> Option<Lease>;
    /// One use less; for the lease alone.
    fn leave(&self);
    /// Makes the thread of a worker.
    fn spawn_worker(&self, pool: &Pool, slot: u32) -> io::Result<()>;
    /// Gives the calling thread, a new worker, the pool's CPUs.
    fn place_current_thread(&self, pool: &PoolConfig);
    /// Sends the calling worker, which is about to sleep, back to its pod if the kernel has moved
    /// it away.
    fn bring_home(&self, pool: &PoolConfig, counters: &WorkerCounters);
    /// A worker of the pool has begun to run, or has left the driver to nobody, and there is a fence
    /// behind it.
    fn watch(&self, pool: &PoolConfig);
    /// There is a task, or a driver that somebody uses: from now on somebody is to watch.
    fn call_monitor(&self);
    /// A worker has come. True: as long as it has nothing to run, it sees to it that there is a monitor.
    fn enlist(&self) -> bool;
    /// Such a worker has something to run, or `has_slept` long enough.
    fn leave_guard(&self, has_slept: bool);
    /// Is there a monitor, if there is to be one?
    fn has_monitor(&self) -> bool;
    /// A guest begins to block, or does not get on.
    fn excuse_guest(&self, guest: u32);
    /// All pools, in no particular order.
    fn for_each_pool<'a>(&'a self, each: &mut dyn FnMut(&'a Pool));
    /// Cancels what is in the pools. Returns how many tasks are left because somebody has them.
    fn cancel_all(&self) -> usize;
    /// What a worker does every so many turns.
    fn intervals(&self) -> Intervals;
    /// How long a worker that could be spared stays without work.
    fn keep_alive(&self) -> Duration;
    /// The user's hooks.
    fn thread_config(&self) -> &ThreadConfig;
}

/// One use of a host, which does not end before it.
pub(super) struct Lease(Arc<dyn Host>);

impl Lease {
    /// The host has counted one use more.
    pub(super) fn new(host: Arc<dyn Host>) -> Self {
        Self(host)
    }

    pub(super) fn host(&self) -> &dyn Host {
        &*self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[derive(Clone, Copy)]
struct HostPtr(NonNull<dyn Host>);
// SAFETY: it is only used to reach the `Host`, which is `Sync`.
unsafe impl Send for HostPtr {}
// SAFETY: as above.
unsafe impl Sync for HostPtr {}

/// Where the tasks of a pool go when they are to run.
#[derive(Clone, Copy)]
pub(super) struct PoolRef(NonNull<Pool>);
// SAFETY: it is only used to reach the `Pool`, which is `Sync`.
unsafe impl Send for PoolRef {}
// SAFETY: as above.
unsafe impl Sync for PoolRef {}

impl Pool {
    pub(super) fn new(
        config: PoolConfig,
        offers: crate::primitives::Arc<Offers>,
        driver: Option<Arc<Driver>>,
    ) -> Self {
        let slots = config.limit + config.spares;
        let shape = Shape {
            limit: config.limit,
            kept: config.kept,
            slots,
        };
        let injector = Injector::new(shape, offers);
        // Brings the hints up to date: a pool whose threads are made on demand can be picked from.
        drop(injector.lock());
        Self {
            config,
            injector: CachePadded::new(injector),
            slots: (0..slots).map(|_| OnceLock::new()).collect(),
            used: AtomicU32::new(0),
            waiting: OwnedTasks::new(),
            host: OnceLock::new(),
            neighbours: OnceLock::new(),
            driver,
            drives: AtomicBool::new(false),
            is_short: AtomicBool::new(false),
        }
    }

    /// The driver, for something that it is to wait for.
    #[cfg(any(feature = "net", feature = "time"))]
    pub(super) fn use_driver(&self) -> Option<&Arc<Driver>> {
        let driver = self.driver.as_ref()?;
        // ORDERING: the injector's lock orders it. A worker that goes idle after the section of
        // `attend_driver` finds it set; one that went idle before is called there.
        if !self.drives.load(Relaxed) {
            self.drives.store(true, Relaxed);
            self.attend_driver();
        }
        Some(driver)
    }

    /// The driver, if it has been given anything to wait for.
    pub(super) fn driver_in_use(&self) -> Option<&Driver> {
        let driver = self.driver.as_deref()?;
        self.drives.load(Relaxed).then_some(driver)
    }

    /// The driver, if nobody looks after it.
    pub(super) fn unattended_driver(&self) -> Option<&Driver> {
        self.driver_in_use().filter(|driver| !driver.is_driven())
    }

    /// Calls a worker, if one more may run, to a driver that nobody looks after.
    pub(super) fn attend_driver(&self) {
        let mut session = self.injector.lock();
        let kick = match self.unattended_driver() {
            // The others may be blocked: then it takes a new thread.
            Some(_) => self.pick(&mut session),
            None => None,
        };
        drop(session);
        if let Some(kick) = kick {
            kick.send();
        }
    }

    /// No event and no deadline will come any more.
    pub(super) fn shut_down_driver(&self) {
        if let Some(driver) = &self.driver {
            driver.shut_down();
        }
    }

    /// Wakes the worker of a slot, wherever it sleeps.
    fn wake(&self, slot: &Slot) -> Unparked {
        let unparked = slot.parker.unpark();
        if unparked == Unparked::Elsewhere
            && let Some(driver) = &self.driver
        {
            driver.wake();
        }
        unparked
    }

    /// # Safety
    ///
    /// The pool belongs to `host`, and is not used after it; nor are the neighbours gone while it is.
    pub(super) unsafe fn join(
        &self,
        host: *const (dyn Host + 'static),
        neighbours: impl Iterator<Item = PoolRef>,
    ) {
        let host = NonNull::new(host.cast_mut()).expect("a host has an address");
        let _ = self.neighbours.set(neighbours.collect());
        let _ = self.host.set(HostPtr(host));
    }

    /// The host, if there is one: a pool in a model has none.
    pub(super) fn host(&self) -> Option<&dyn Host> {
        // SAFETY: `join`'s promise.
        self.host.get().map(|host| unsafe { host.0.as_ref() })
    }

    /// The pools that share work with this one, nearest first.
    pub(super) fn neighbours(&self) -> impl Iterator<Item = &Pool> {
        let neighbours = self.neighbours.get().map_or(&[][..], |pools| pools);
        // SAFETY: `join`'s promise.
        neighbours.iter().map(|pool| unsafe { pool.pool() })
    }

    pub(super) fn as_scheduler(&self) -> PoolRef {
        PoolRef(NonNull::from(self))
    }

    pub(super) fn slot(&self, index: u32) -> &Slot {
        self.slots[index as usize].get_or_init(|| {
            self.used.fetch_max(index + 1, Relaxed);
            Box::new(Slot::new())
        })
    }

    /// How many threads it can have.
    pub(super) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The slots that have had a thread.
    pub(super) fn slots(&self) -> impl DoubleEndedIterator<Item = &Slot> + ExactSizeIterator {
        let used = self.used.load(Relaxed) as usize;
        self.slots[..used]
            .iter()
            .map(|slot| &**slot.get_or_init(|| Box::new(Slot::new())))
    }

    /// May tasks of the one pool run on workers of the other?
    pub(super) fn shares_with(&self, other: &Pool) -> bool {
        std::ptr::eq(self, other) || self.injector.shares_offers(&other.injector)
    }

    /// Does the pool belong to this host?
    pub(super) fn is_in(&self, host: &dyn Host) -> bool {
        self.host().is_some_and(|own| std::ptr::addr_eq(own, host))
    }

    fn is_parked(&self, slot: u32) -> bool {
        self.slot(slot).parker.is_parked()
    }

    /// Picks a worker; to be sent after the session.
    pub(super) fn pick(&self, session: &mut Session<'_>) -> Option<Kick<'_>> {
        let target = session.pick(0, |slot| self.is_parked(slot))?;
        Some(Kick::new(self, target))
    }

    /// As [`pick`](Self::pick), for a worker that has taken work and leaves some.
    pub(super) fn pick_next(&self, session: &mut Session<'_>, local: usize) -> Option<Kick<'_>> {
        if !policy::need_more_worker(&session.counts(), local) {
            return None;
        }
        let kick = self.pick(session)?;
        self.injector.counters.chain_kicks.increment();
        Some(kick)
    }

    /// Puts a task on the worklist and sees to it that somebody comes for it.
    pub(super) fn submit(&self, task: Runnable) {
        let is_new = task.is_new();
        let mut session = self.injector.lock();
        if is_new {
            self.injector.counters.spawned.increment();
        }
        if session.is_closed() {
            drop(session);
            return self.refuse(task);
        }
        session.worklist.push_back(task);
        let kick = self.pick(&mut session);
        let appeal = if kick.is_none() {
            self.appeal(&mut session)
        } else {
            None
        };
        let alert = self.alert(&mut session);
        drop(session);
        // Before the kick: what follows the payment for a thread that is made may wait for all others.
        drop(alert);
        if let Some(kick) = kick {
            kick.send();
        }
        drop(appeal);
    }

    /// Puts many tasks on the worklist in one go, and wakes as many workers as they need. `spawned`
    /// of them have not been anywhere yet.
    pub(super) fn submit_batch(&self, tasks: TaskList, spawned: usize) {
        let n = tasks.len();
        let mut kicks = KickBatch::default();
        // Not under the lock: there may be millions, as far apart as memory is large.
        let tasks: VecDeque<Runnable> = tasks.collect();
        let mut session = self.injector.lock();
        self.injector.counters.spawned.add(spawned as u64);
        if session.is_closed() {
            drop(session);
            return tasks.into_iter().for_each(|task| self.refuse(task));
        }
        session.worklist.append_all(tasks);
        for earlier in 0..n.min(KickBatch::CAPACITY) {
            match session.pick(earlier, |slot| self.is_parked(slot)) {
                Some(target) => kicks.push(Kick::new(self, target)),
                None => break,
            }
        }
        let appeal = if kicks.is_full() {
            None
        } else {
            self.appeal(&mut session)
        };
        let alert = self.alert(&mut session);
        drop(session);
        drop(alert);
        kicks.send();
        drop(appeal);
    }

    /// Does not take a task, for the pool is closed.
    pub(super) fn refuse(&self, task: Runnable) {
        if task.is_new() {
            self.injector.counters.dropped.increment();
        }
        task.refuse();
    }

    /// Is there another pool whose workers could come for what has been put on the worklist, now
    /// that this pool has nobody left?
    fn appeal(&self, session: &mut Session<'_>) -> Option<Appeal<'_>> {
        self.neighbours().next()?;
        // ORDERING: as in `help_local`, between this worklist, by its hint, and another pool's idle
        // list.
        session.publish();
        fence(SeqCst);
        if session.has_pickable() || !self.injector.has_offers() {
            return None;
        }
        session.owe();
        Some(Appeal(self))
    }

    /// Is there anybody who sees to it that what has been put on the worklist does not wait for a long
    /// poll? Whoever runs has woken the monitor, and who is picked will do so. If there is none, it is to be
    /// called: a runtime without a task has no thread that watches.
    fn alert(&self, session: &mut Session<'_>) -> Option<Alert<'_>> {
        if self.config.kind == PoolKind::CpuIntensive {
            return None;
        }
        let seen_to = session.has_pickable() || session.counts().running > 0;
        if seen_to && self.host()?.has_monitor() {
            return None;
        }
        session.owe();
        Some(Alert(self))
    }

    /// Wakes somebody for work that has just been put on a local queue of this pool, unless
    /// somebody is on the way or looking.
    pub(super) fn help_local(&self) {
        // ORDERING: I4. The push before and the look after must not change places:
        //
        //   pusher                             worker that goes idle
        //   push on the local queue            join the idle list, publish the hint
        //   fence                              fence
        //   read the hint: nobody idle         look at the queues: empty
        //
        // With both fences, one of the two sees the other.
        fence(SeqCst);
        let hints = &self.injector.hints;
        if hints.searching() > 0 {
            return;
        }
        match hints.pickable() {
            Pickable::Nobody => return self.ask_neighbours(),
            Pickable::Worker(slot) if !self.is_parked(slot) => return,
            Pickable::Worker(_) | Pickable::NewThread => {}
        }
        let mut session = self.injector.lock();
        let kick = self.pick(&mut session);
        drop(session);
        if let Some(kick) = kick {
            kick.send();
        }
    }

    /// Wakes a worker of another pool for work that is left here, if this pool has nobody to come
    /// for it. For a worker of this pool, which keeps it.
    pub(super) fn call_neighbours(&self) {
        if self.neighbours().next().is_some() {
            // ORDERING: as in `help_local`.
            fence(SeqCst);
            if !self.injector.hints.has_offer() {
                self.ask_neighbours();
            }
        }
    }

    /// Wakes a worker of another pool, the nearest that has one, for work that is here and is free
    /// to leave. Behind the fence of I4.
    fn ask_neighbours(&self) {
        if !self.injector.has_offers() {
            return;
        }
        for other in self
            .neighbours()
            .filter(|pool| pool.injector.hints.has_offer())
        {
            if other.injector.hints.searching() > 0 {
                return;
            }
            let mut session = other.injector.lock();
            let kick = other.pick(&mut session);
            drop(session);
            if let Some(kick) = kick {
                return kick.send();
            }
        }
    }

    /// Makes the thread for a slot that was reserved. If the system refuses it and no other thread
    /// is left, what waits for one fails with the system's error.
    fn make_thread(&self, slot: u32) -> io::Result<()> {
        let made = match self.host() {
            Some(host) => host.spawn_worker(self, slot),
            None => Err(io::Error::other(
                "a pool outside of a runtime makes no threads",
            )),
        };
        // ORDERING: Relaxed. For those who count.
        self.is_short.store(made.is_err(), Relaxed);
        let Err(error) = made else {
            self.injector.lock().thread_made();
            return Ok(());
        };
        self.injector.counters.refused_threads.increment();
        let stranded = self.injector.lock().give_up_thread(slot);
        self.injector.counters.dropped.add(stranded.len());
        stranded.fail(&error);
        Err(error)
    }

    /// Does it get on with the threads that it has, because the system gives no more?
    pub(super) fn is_short_of_threads(&self) -> bool {
        // ORDERING: as where it is written.
        self.is_short.load(Relaxed)
    }

    /// Makes the threads that stay for good.
    pub(super) fn start(&self) -> io::Result<()> {
        for _ in 0..self.config.kept {
            let slot = self.injector.lock().reserve_thread();
            let slot = slot.expect("a pool has a slot for each thread that it keeps");
            self.make_thread(slot)?;
        }
        Ok(())
    }

    /// From now on one thread stays for good, which is made if there is none.
    pub(super) fn reserve(&self) -> io::Result<()> {
        let slot = self.injector.lock().keep(1);
        slot.map_or(Ok(()), |slot| self.make_thread(slot))
    }

    /// From now on no thread stays for good.
    pub(super) fn unreserve(&self) {
        self.injector.lock().keep(0);
        // One that sleeps without limit is to see that it could be spared.
        self.wake_all();
    }

    fn wake_all(&self) {
        for slot in self.slots() {
            self.wake(slot);
        }
    }

    /// Takes no more work, and wakes every worker to see it.
    pub(super) fn close(&self) {
        self.injector.lock().close();
        self.wake_all();
    }

    /// For a pool that was made after the end of its group: nothing is left in it.
    pub(super) fn end(&self) {
        self.close();
        self.shut_down_driver();
        self.cancel_all();
    }

    /// Keeps a new task that is not to run before somebody wakes it.
    pub(super) fn keep_waiting(&self, task: Runnable) {
        self.injector.counters.waited.increment();
        if let Err(task) = task.wait(&self.waiting) {
            self.injector.counters.dropped.increment();
            task.cancel();
        }
    }

    /// Cancels what is queued, waits or is suspended here. Returns how many tasks are left because somebody
    /// else has them. For a closed pool.
    pub(super) fn cancel_all(&self) -> usize {
        let mut session = self.injector.lock();
        let mut worklist = session.worklist.take_all();
        worklist.append(session.bench.take_all());
        drop(session);
        let mut dropped = worklist.len();
        worklist.for_each(Runnable::cancel);
        let Swept {
            cancelled,
            left: mut left_over,
        } = self.waiting.close_and_cancel();
        dropped += cancelled;
        for slot in self.slots() {
            while let Some(task) = slot.lifo.take().or_else(|| slot.queue.pop_front()) {
                task.cancel();
                dropped += 1;
            }
            let Swept { cancelled, left } = slot.owned.close_and_cancel();
            dropped += cancelled;
            left_over += left;
        }
        self.injector.counters.dropped.add(dropped);
        left_over
    }
}

impl PoolConfig {
    /// The number of the worker of a slot among the runtime's workers; that of one for which it stands
    /// in, if it is a spare.
    pub(super) fn worker_number(&self, slot: u32) -> Option<usize> {
        self.first_worker
            .map(|first| first + (slot % self.limit) as usize)
    }
}

impl Deliver for Pool {
    fn deliver(&self, target: Target) {
        // Given back after the payment: the lease that a refused thread gives back is not to be the
        // last, for the last user waits for this very debt.
        let mut lease = None;
        match target {
            Target::Wake(slot) => {
                if self.wake(self.slot(slot)) == Unparked::Coalesced {
                    self.injector.counters.wakes_saved.increment();
                }
            }
            Target::Create(slot) => {
                self.injector.counters.threads.increment();
                lease = self.host().and_then(Host::lease);
                let _ = self.make_thread(slot);
            }
        }
        self.injector.pay();
        drop(lease);
    }
}

/// The monitor is to be called, after the unlock.
#[must_use = "work waits, and nobody watches"]
struct Alert<'p>(&'p Pool);

impl Drop for Alert<'_> {
    fn drop(&mut self) {
        self.0.injector.counters.alerts.increment();
        if let Some(host) = self.0.host() {
            host.call_monitor();
            // ORDERING: between the hint of the worklist and the look at the vigil; the monitor's half is
            // in `Vigil::end`.
            fence(SeqCst);
            host.watch(&self.0.config);
        }
        self.0.injector.pay();
    }
}

/// Neighbours are to be asked for help, after the unlock.
#[must_use = "work waits for a neighbour"]
struct Appeal<'p>(&'p Pool);

impl Drop for Appeal<'_> {
    fn drop(&mut self) {
        // Given back after the payment, as in `deliver`, which may be what the neighbour's part of
        // this comes to.
        let lease = self.0.host().and_then(Host::lease);
        let counters = &self.0.injector.counters;
        counters.appeals.increment();
        self.0.ask_neighbours();
        self.0.injector.pay();
        drop(lease);
    }
}

impl PoolRef {
    /// # Safety
    ///
    /// The caller keeps the pool for as long as it uses the reference.
    pub(super) unsafe fn pool<'p>(self) -> &'p Pool {
        // SAFETY: the caller's promise.
        unsafe { self.0.as_ref() }
    }
}
