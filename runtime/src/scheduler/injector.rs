#![forbid(unsafe_code)]
//! The pool's lock and what it guards: the worklist, the idle workers, the counts.
//!
//! Everything here is decided under the lock and done after it: the functions that put work down or
//! take it return the [`Target`] to be woken, and the pool makes a [`Kick`](super::kick::Kick) of
//! it. The rules (I1 to I9) are in `README.md` beside this file.

use crossbeam_utils::CachePadded;

use crate::cell::TaskList;
use crate::metrics::InjectorCounters;
use crate::primitives::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::primitives::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize};
use crate::primitives::{Arc, Lock, LockGuard};

use super::bench::Bench;
use super::experiment::{Hold, Holds};
use super::local_queue::{CAPACITY, LocalQueue};
use super::policy::{self, Counts};
use super::worklist::{Batch, Worklist};

pub(super) struct Injector {
    locked: Lock<Locked>,
    offers: Arc<Offers>,
    pub(super) hints: Hints,
    pub(super) counters: InjectorCounters,
    /// How many of the debts of [`Locked::owed`] have been paid.
    paid: AtomicU64,
    holds: Holds,
}

/// What the lock guards.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) worklist: Worklist,
    pub(super) bench: Bench,
    /// Most recently idle last; that one is picked.
    idle: Vec<IdleWorker>,
    /// Slots without a thread.
    free: Vec<u32>,
    running: u32,
    /// Picked to be made. They hold nobody up: whoever is to make one may be held up itself (I2).
    making: i32,
    /// Made and not arrived yet; below zero for a moment if one arrives before its maker is here.
    starting: i32,
    threads: u32,
    guests: u32,
    limit: u32,
    kept: u32,
    closed: bool,
    /// The slot of the worker that was woken last.
    last_woken: Option<u32>,
    /// Does this pool count among those with somebody to pick?
    offers: bool,
    /// How often somebody has left the lock with something still to do here: a wake-up to issue, or
    /// a neighbour to ask. The pool is freed only when all of it has been done (I3).
    owed: u64,
}

#[derive(Debug, Clone, Copy)]
struct IdleWorker {
    slot: u32,
    /// Has somebody picked it since it went idle? It stays on the list and can be picked again,
    /// but it does not retire.
    picked: bool,
}

/// What a pick has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Wake the worker of this slot.
    Wake(u32),
    /// Make a thread for this slot.
    Create(u32),
}

enum Choice {
    Nobody,
    OnItsWay,
    Target(Target),
}

/// Copies of what the lock guards, for those who only want to know whether to take it. They are
/// written before the unlock, and read behind the fences of rules I4 and I5.
pub(super) struct Hints {
    work: AtomicUsize,
    pickable: AtomicU32,
    searching: AtomicU32,
    closed: AtomicBool,
}

/// How many of a group of pools have somebody to pick.
pub(super) struct Offers(CachePadded<AtomicU32>);

/// Whom a pick would choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pickable {
    Nobody,
    Worker(u32),
    NewThread,
}

const NOBODY: u32 = u32::MAX;
const NEW_THREAD: u32 = u32::MAX - 1;

/// The lock, held; lets go of it after the hints have been brought up to date.
pub(super) struct Session<'a> {
    /// Ends before the lock is let go.
    _hold: Hold<'a>,
    locked: LockGuard<'a, Locked>,
    injector: &'a Injector,
}

/// Shape of an injector.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Workers that may run at once.
    pub(super) limit: u32,
    /// Threads that stay for good.
    pub(super) kept: u32,
    /// Slots, for workers that run and for spares.
    pub(super) slots: u32,
}

impl Injector {
    /// `offers` counts the pools that share work and have somebody to pick; it is the same for these
    /// alone.
    pub(super) fn new(shape: Shape, offers: Arc<Offers>) -> Self {
        let locked = Locked {
            worklist: Worklist::default(),
            bench: Bench::new(shape.limit),
            idle: Vec::with_capacity(shape.slots as usize),
            free: (0..shape.slots).rev().collect(),
            running: 0,
            making: 0,
            starting: 0,
            threads: 0,
            guests: 0,
            limit: shape.limit,
            kept: shape.kept,
            closed: false,
            last_woken: None,
            offers: false,
            owed: 0,
        };
        Self {
            locked: Lock::new(locked),
            offers,
            hints: Hints {
                work: AtomicUsize::new(0),
                pickable: AtomicU32::new(NOBODY),
                searching: AtomicU32::new(0),
                closed: AtomicBool::new(false),
            },
            counters: InjectorCounters::default(),
            paid: AtomicU64::new(0),
            holds: Holds::new(),
        }
    }

    /// One debt has been paid. Unless the caller holds the pool in another way, it must not touch
    /// it any more.
    pub(super) fn pay(&self) {
        // ORDERING: Release pairs with the Acquire in `is_even`: what was done here comes before
        // the pool's end.
        self.paid.fetch_add(1, Release);
    }

    /// Has everything been done that was owed? Final, once the injector is closed.
    pub(super) fn is_even(&self) -> bool {
        let owed = self.locked.lock().owed;
        self.paid.load(Acquire) == owed
    }

    /// Do the pools of both share work?
    pub(super) fn shares_offers(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.offers, &other.offers)
    }

    /// Does any of the pools that share work have somebody to pick?
    pub(super) fn has_offers(&self) -> bool {
        self.offers.any()
    }

    /// How many wake-ups and the like have been issued.
    pub(super) fn issued(&self) -> u64 {
        self.paid.load(Relaxed)
    }

    pub(super) fn lock(&self) -> Session<'_> {
        let locked = self.locked.lock();
        Session {
            _hold: self.holds.begin(),
            locked,
            injector: self,
        }
    }

    /// The numbers, and the slots on the idle list in `idle`, for a report that must not wait. `idle`
    /// has room for them, so that nothing is allocated under the lock.
    pub(super) fn try_list_idle(&self, idle: &mut Vec<u32>) -> Option<Counts> {
        let locked = self.locked.try_lock()?;
        debug_assert!(idle.capacity() >= locked.idle.len());
        idle.extend(locked.idle.iter().map(|idle| idle.slot));
        Some(locked.counts())
    }

    /// The numbers, for a report that must not wait.
    pub(super) fn try_counts(&self) -> Option<(Counts, usize)> {
        self.locked
            .try_lock()
            .map(|locked| (locked.counts(), locked.idle.len()))
    }
}

impl Locked {
    pub(super) fn counts(&self) -> Counts {
        let Self {
            ref worklist,
            running,
            starting,
            threads,
            guests,
            limit,
            kept,
            ..
        } = *self;
        let starting = starting.max(0) as u32;
        Counts {
            running,
            starting,
            limit,
            threads,
            guests,
            kept,
            work: worklist.len(),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn has_pickable(&self) -> bool {
        self.pickable() != NOBODY
    }

    fn pickable(&self) -> u32 {
        if self.closed || !policy::room_for_worker(&self.counts()) {
            return NOBODY;
        }
        match (self.idle.last(), self.free.is_empty()) {
            (Some(head), _) => head.slot,
            (None, false) => NEW_THREAD,
            (None, true) => NOBODY,
        }
    }

    /// Chooses the worker to be woken: the head of the idle list, which stays on it (I2).
    ///
    /// `earlier` heads have been chosen for the same work and are left alone. A head that is no
    /// longer parked is on its way, and will see the work: nobody has to be woken.
    fn choose(&mut self, earlier: usize, is_parked: impl Fn(u32) -> bool) -> Choice {
        let counts = self.counts();
        let counts = Counts {
            running: counts.running + earlier as u32,
            ..counts
        };
        if self.closed || !policy::room_for_worker(&counts) {
            return Choice::Nobody;
        }
        if let Some(position) = self.idle.len().checked_sub(earlier + 1) {
            let head = &mut self.idle[position];
            if !is_parked(head.slot) {
                return Choice::OnItsWay;
            }
            head.picked = true;
            self.last_woken = Some(head.slot);
            return Choice::Target(Target::Wake(head.slot));
        }
        match self.free.pop() {
            None => Choice::Nobody,
            Some(slot) => {
                self.making += 1;
                Choice::Target(Target::Create(slot))
            }
        }
    }

    /// A worker joins the idle list, and stops counting as running.
    pub(super) fn go_idle(&mut self, slot: u32) {
        self.idle.push(IdleWorker {
            slot,
            picked: false,
        });
        self.running -= 1;
    }

    /// An idle worker is to be picked last: it sleeps in the driver, and others need not.
    pub(super) fn pick_last(&mut self, slot: u32) {
        if let Some(position) = self.idle.iter().rposition(|idle| idle.slot == slot) {
            let idle = self.idle.remove(position);
            self.idle.insert(0, idle);
        }
    }

    /// An idle worker begins to run again.
    pub(super) fn leave_idle(&mut self, slot: u32) {
        self.remove_idle(slot);
        self.running += 1;
    }

    /// An idle worker that was woken finds enough others running; it may be picked anew.
    pub(super) fn stay_idle(&mut self, slot: u32) {
        if let Some(idle) = self.idle.iter_mut().rfind(|idle| idle.slot == slot) {
            idle.picked = false;
        }
    }

    fn remove_idle(&mut self, slot: u32) -> bool {
        // From the end: the one that is woken is the head, nearly always.
        let position = self.idle.iter().rposition(|idle| idle.slot == slot);
        let position = position.expect("only an idle worker leaves the idle list");
        self.idle.remove(position).picked
    }

    /// A worker that was about to retire stays, for there is work after all; it runs.
    pub(super) fn unretire(&mut self, slot: u32) {
        let freed = self.free.pop();
        debug_assert_eq!(freed, Some(slot), "nothing has happened since it retired");
        self.threads += 1;
        self.running += 1;
    }

    /// An idle worker whose keep-alive has passed goes, if it may.
    pub(super) fn retire(&mut self, slot: u32) -> bool {
        let picked = self
            .idle
            .iter()
            .any(|idle| idle.slot == slot && idle.picked);
        if !policy::may_retire(&self.counts(), picked) {
            return false;
        }
        self.remove_idle(slot);
        self.threads -= 1;
        self.free.push(slot);
        true
    }

    /// A thread that was asked for has arrived, and runs if it may; otherwise it is idle.
    pub(super) fn arrive(&mut self, slot: u32) -> bool {
        self.starting -= 1;
        self.threads += 1;
        self.running += 1;
        if policy::too_many_running(&self.counts()) {
            self.go_idle(slot);
            return false;
        }
        true
    }

    /// A slot for a thread that is no worker, and runs one task: if a worker would have to be woken for
    /// the task. It is not counted among the threads, for it goes whatever there is to do.
    pub(super) fn admit_guest(&mut self, is_parked: impl Fn(u32) -> bool) -> Option<u32> {
        let counts = self.counts();
        let on_its_way = self.idle.last().is_some_and(|head| !is_parked(head.slot));
        if self.closed || counts.work > 0 || on_its_way || !policy::room_for_worker(&counts) {
            return None;
        }
        let slot = self.free.pop()?;
        self.running += 1;
        self.guests += 1;
        Some(slot)
    }

    /// The guest goes; it may have stopped counting before.
    pub(super) fn dismiss_guest(&mut self, slot: u32, counted: bool) {
        self.running -= u32::from(counted);
        self.guests -= 1;
        self.free.push(slot);
    }

    /// A thread that was asked for has been made.
    pub(super) fn thread_made(&mut self) {
        self.making -= 1;
        self.starting += 1;
    }

    /// A thread that was asked for was refused. The work that nobody is left to do is returned.
    pub(super) fn give_up_thread(&mut self, slot: u32) -> TaskList {
        self.making -= 1;
        self.free.push(slot);
        if self.threads as i32 + self.making + self.starting == 0 {
            self.worklist.take_all()
        } else {
            TaskList::new()
        }
    }

    /// A slot for a thread that is made whether or not there is work.
    pub(super) fn reserve_thread(&mut self) -> Option<u32> {
        let slot = self.free.pop()?;
        self.making += 1;
        Some(slot)
    }

    /// A running worker stops counting, because it is going to block, or is in a long poll.
    pub(super) fn begin_blocking(&mut self) {
        self.running -= 1;
    }

    /// It counts again. True: there are too many now, and it is to go at the next chance.
    pub(super) fn end_blocking(&mut self) -> bool {
        self.running += 1;
        policy::too_many_running(&self.counts())
    }

    /// Is there no thread left that could take another's place?
    pub(super) fn is_exhausted(&self) -> bool {
        self.idle.is_empty() && self.free.is_empty()
    }

    pub(super) fn last_woken(&self) -> Option<u32> {
        self.last_woken
    }

    /// So many threads stay for good from now on. Returns a slot for one that is to be made, if there is
    /// none.
    pub(super) fn keep(&mut self, threads: u32) -> Option<u32> {
        self.kept = threads;
        let some = self.threads as i32 + self.making + self.starting > 0;
        if threads > 0 && !some {
            self.reserve_thread()
        } else {
            None
        }
    }

    /// From here on nothing is accepted.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Takes a batch for a worker of another pool, whose local queue is empty.
    pub(super) fn take_batch_across(&mut self, queue: &LocalQueue) -> Batch {
        let n = policy::batch_across(&self.counts());
        self.worklist.take(n, queue)
    }

    /// Takes a batch for the running worker whose local queue this is.
    pub(super) fn take_batch(&mut self, queue: &LocalQueue) -> Batch {
        if self.worklist.is_empty() {
            return Batch::default();
        }
        // Only the caller fills the queue: there may be more room by then, never less.
        let room = CAPACITY - queue.len();
        let n = policy::batch(&self.counts(), room);
        self.worklist.take(n, queue)
    }
}

impl Session<'_> {
    /// Picks a worker for work that has been put down, beyond the `earlier` ones that have been
    /// picked for the same work.
    pub(super) fn pick(
        &mut self,
        earlier: usize,
        is_parked: impl Fn(u32) -> bool,
    ) -> Option<Target> {
        match self.locked.choose(earlier, is_parked) {
            Choice::Nobody => None,
            Choice::OnItsWay => {
                self.injector.counters.coalesced.increment();
                None
            }
            Choice::Target(target) => {
                self.locked.owed += 1;
                self.injector.counters.picks.increment();
                Some(target)
            }
        }
    }

    /// The caller is going to touch the pool after the unlock, and will [`pay`](Injector::pay).
    pub(super) fn owe(&mut self) {
        self.locked.owed += 1;
    }
}

impl std::ops::Deref for Session<'_> {
    type Target = Locked;

    fn deref(&self) -> &Locked {
        &self.locked
    }
}

impl std::ops::DerefMut for Session<'_> {
    fn deref_mut(&mut self) -> &mut Locked {
        &mut self.locked
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.publish();
    }
}

impl Session<'_> {
    /// Brings the hints up to date. The unlock does so; earlier, it is for a fence under the lock.
    pub(super) fn publish(&mut self) {
        let pickable = self.locked.pickable();
        self.injector.hints.publish(&self.locked, pickable);
        let offers = pickable != NOBODY;
        if offers != self.locked.offers {
            self.locked.offers = offers;
            self.injector.offers.change(offers);
        }
    }
}

impl Offers {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(CachePadded::new(AtomicU32::new(0))))
    }

    fn change(&self, more: bool) {
        // ORDERING: a hint as the others; behind the fences of I4.
        if more {
            self.0.fetch_add(1, Relaxed);
        } else {
            self.0.fetch_sub(1, Relaxed);
        }
    }

    /// Is there any pool with somebody to pick?
    pub(super) fn any(&self) -> bool {
        self.0.load(Relaxed) > 0
    }
}

impl Hints {
    fn publish(&self, locked: &Locked, pickable: u32) {
        // ORDERING: hints; the fences of I4 and I5 order them against the queues.
        self.work.store(locked.worklist.len(), Relaxed);
        self.pickable.store(pickable, Relaxed);
        if locked.closed {
            // ORDERING: Release pairs with the Acquire in `is_closed`.
            self.closed.store(true, Release);
        }
    }

    /// How many tasks are on the worklist.
    pub(super) fn work(&self) -> usize {
        self.work.load(Relaxed)
    }

    pub(super) fn pickable(&self) -> Pickable {
        match self.pickable.load(Relaxed) {
            NOBODY => Pickable::Nobody,
            NEW_THREAD => Pickable::NewThread,
            slot => Pickable::Worker(slot),
        }
    }

    /// Is there anybody to pick, and not on the way yet as far as is known here?
    pub(super) fn has_offer(&self) -> bool {
        self.pickable() != Pickable::Nobody
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Acquire)
    }

    /// How many workers look for work.
    pub(super) fn searching(&self) -> u32 {
        self.searching.load(Relaxed)
    }

    pub(super) fn begin_search(&self) {
        // ORDERING: a searcher that is seen will look at every queue after this, or be followed by
        // the look of `end_search`'s caller; I5.
        self.searching.fetch_add(1, Relaxed);
    }

    /// True: it was the last, and has to look once more, behind a fence (I5).
    pub(super) fn end_search(&self) -> bool {
        // ORDERING: AcqRel, so that the last one sees what the others have put into their own queues
        // before they left the search to it.
        self.searching.fetch_sub(1, AcqRel) == 1
    }
}
