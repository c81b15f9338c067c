//! A worker: one thread that runs a pool's tasks.

mod apart;
mod blocking;
mod current;
mod drive;
mod guard;
mod idle;
mod search;

use std::cell::{Cell, RefCell};
use std::task::Waker;
use std::time::Instant;

use crate::cell::{Ran, Runnable, TaskList};
use crate::coop;
use crate::metrics::PoolKind;

use super::injector::Session;
use super::interval::Interval;
use super::policy::Intervals;
use super::pool::{Lease, Pool, PoolRef};
use super::slot::Slot;
use super::streak::Streak;
use super::worklist::Batch;
use super::{policy, rng::Rng};
pub(super) use blocking::Blocked;
pub(super) use idle::Next;

/// The owner's side of a slot: it exists on the worker's own stack, and only its thread has it.
pub(super) struct Worker<'p> {
    pool: &'p Pool,
    pub(super) slot: &'p Slot,
    index: u32,
    rng: Rng,
    /// Has the task that ran last let the others go first, of whom there are none here? The driver
    /// is one.
    yielded: Cell<bool>,
    /// Tasks run from the LIFO slot in a row.
    lifo_streak: Cell<u32>,
    mode: Cell<Mode>,
    /// What is scheduled while events are handled.
    gathered: RefCell<TaskList>,
    /// Room for those whom events wake, kept from one time to the next.
    wakers: Cell<Vec<Waker>>,
    /// When the worker woke up, or began.
    awake_since: Cell<Instant>,
    /// How many polls it had had by then, or when it ran dry since.
    polls_before: Cell<u64>,
    /// When the worklist comes first.
    worklist_first: Interval,
    /// When it has a look at the driver.
    driver_looks: Interval,
    /// Looks that have found something.
    fruitful_looks: Streak,
    stands_guard: Cell<bool>,
}

/// What becomes of tasks that are scheduled on a worker's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The worker runs them.
    Running,
    /// Inside `block_in_place`, or idle: the worker does not count as running, and keeps nothing to
    /// itself.
    Away,
    /// It handles events of the driver, and puts down together what they schedule.
    Gathering,
}

impl<'p> Worker<'p> {
    pub(super) fn new(pool: &'p Pool, index: u32, intervals: Intervals) -> Self {
        Self {
            pool,
            slot: pool.slot(index),
            index,
            rng: Rng::new(),
            yielded: Cell::new(false),
            lifo_streak: Cell::new(0),
            mode: Cell::new(Mode::Running),
            gathered: RefCell::new(TaskList::new()),
            wakers: Cell::default(),
            awake_since: Cell::new(Instant::now()),
            // Another thread may have had the slot before.
            polls_before: Cell::new(pool.slot(index).counters.polls.get()),
            worklist_first: Interval::new(intervals.global_queue),
            driver_looks: Interval::new(intervals.event),
            fruitful_looks: Streak::new(policy::LOOKS_IN_A_ROW),
            stands_guard: Cell::new(false),
        }
    }

    /// The life of a worker thread. `lease` keeps the pool until it ends.
    pub(super) fn main(lease: &Lease, pool: PoolRef, index: u32) {
        // SAFETY: the lease keeps the host that the pool lies in.
        let pool = unsafe { pool.pool() };
        let host = lease.host();
        let worker = Worker::new(pool, index, host.intervals());
        host.place_current_thread(&pool.config);
        worker.run();
        if pool.injector.hints.is_closed() {
            host.cancel_all();
        }
    }

    fn run(&self) {
        let _current = self.become_current();
        let mut next = self.begin();
        loop {
            match next {
                Next::Run(task) => self.turn(task),
                Next::Search => {}
                Next::Leave => return self.count_busy(),
            }
            next = self.next();
        }
    }

    /// Polls one task, as a guest. Back comes what is left to others.
    pub(super) fn run_once(&self, task: Runnable) -> TaskList {
        let _current = self.become_current();
        self.ask_to_be_watched();
        self.turn(task);
        self.count_busy();
        self.slot.take_local()
    }

    /// Polls one task. What comes next is `next`'s to say.
    #[inline(always)]
    pub(super) fn turn(&self, task: Runnable) {
        if !task.is_ordinary() {
            if task.is_on_probation() {
                return self.turn_apart(task);
            }
            self.prepare(&task);
        }
        if let Some(task) = self.poll(task) {
            self.let_others_go_first(task);
        }
    }

    /// What is to be done before a task is polled that is not an ordinary one.
    #[inline]
    fn prepare(&self, task: &Runnable) {
        if !task.is_plain() {
            self.prepare_special(task);
        }
        if task.is_new() {
            self.slot.counters.started.increment();
        }
    }

    /// The task has waited in a list, or it has a name.
    #[cold]
    fn prepare_special(&self, task: &Runnable) {
        task.end_wait();
        if let Some(name) = task.name() {
            self.slot.poll.set_name(task.id(), name);
        }
    }

    /// Polls a task; gives it back if it wants to be polled again.
    // It is called in one place that matters, and in one that does not.
    #[inline(always)]
    fn poll(&self, task: Runnable) -> Option<Runnable> {
        let Slot { counters, poll, .. } = self.slot;
        counters.polls.increment();
        poll.begin(&task);
        match coop::budget(|| task.run(&self.slot.owned)) {
            Ran::Completed => {
                counters.completed.increment();
                None
            }
            Ran::Suspended => None,
            Ran::Yielded(task) => Some(task),
        }
    }

    pub(super) fn next(&self) -> Next {
        if self.pool.injector.hints.is_closed() {
            return Next::Leave;
        }
        if !self.slot.standing.is_running()
            && let Some(next) = self.attend_to_standing()
        {
            return next;
        }
        if self.worklist_first.is_due()
            && self.pool.injector.hints.work() > 0
            && let Some(task) = self.take_batch()
        {
            return Next::Run(task);
        }
        // It counts each time.
        let in_turn = self.driver_looks.is_due();
        if (in_turn | self.yielded.take())
            && let Some(task) = self.look_at_driver(in_turn)
        {
            return Next::Run(task);
        }
        if let Some(task) = self.next_local() {
            return Next::Run(task);
        }
        if self.pool.injector.hints.work() > 0
            && let Some(task) = self.take_batch()
        {
            return Next::Run(task);
        }
        // Not between the search and the rest: whoever sees a searcher relies on them (I5).
        match self.linger().or_else(|| self.search()) {
            Some(task) => Next::Run(task),
            None => self.rest(),
        }
    }

    /// A worker that runs dry after a burst lets whoever waits for its CPU go first, once: often that
    /// is the thread whose work it has done, with more of it, which then needs to wake nobody. After a
    /// task or two nobody need be about to bring the next.
    ///
    /// The kernel may give the CPU away for milliseconds. So a worker that is to look after a driver
    /// does not do so.
    fn linger(&self) -> Option<Runnable> {
        let polls = self.slot.counters.polls.get();
        let burst = polls - self.polls_before.replace(polls) >= policy::BURST;
        if !burst || self.pool.driver_in_use().is_some() {
            return None;
        }
        std::thread::yield_now();
        (self.pool.injector.hints.work() > 0)
            .then(|| self.take_batch())
            .flatten()
    }

    fn next_local(&self) -> Option<Runnable> {
        let streak = self.lifo_streak.get();
        if streak < policy::LIFO_STREAK
            && let Some(task) = self.slot.lifo.take()
        {
            self.lifo_streak.set(streak + 1);
            return Some(task);
        }
        self.lifo_streak.set(0);
        self.slot
            .queue
            .pop_front()
            .or_else(|| self.slot.lifo.take())
    }

    /// A fair share of the worklist, as far as there is room beside the local work.
    pub(super) fn take_batch(&self) -> Option<Runnable> {
        let mut session = self.pool.injector.lock();
        let batch = session.take_batch(&self.slot.queue);
        self.share(session, batch)
    }

    /// Ends a locked section with what was taken in it: one task to run, the others in the local
    /// queue. If more is left than this worker runs, another is called.
    fn share(&self, mut session: Session<'_>, batch: Batch) -> Option<Runnable> {
        let left = !session.worklist.is_empty() || batch.others > 0;
        let kick = self.pool.pick_next(&mut session, batch.others);
        drop(session);
        match kick {
            Some(kick) => kick.send(),
            None if left => self.pool.call_neighbours(),
            None => {}
        }
        batch.first
    }

    /// May tasks of `pool` run here, next to what they were scheduled by?
    pub(super) fn takes_from(&self, pool: &Pool) -> bool {
        self.mode.get() == Mode::Running
            && self.pool.config.kind != PoolKind::CpuIntensive
            && self.pool.shares_with(pool)
    }

    /// Does it put tasks of `pool` down together, when it has handled all events?
    pub(super) fn gathers_for(&self, pool: &Pool) -> bool {
        self.mode.get() == Mode::Gathering && self.pool.shares_with(pool)
    }

    pub(super) fn gather(&self, task: Runnable) {
        self.gathered.borrow_mut().push_back(task);
    }

    /// It is about to put down a task that it has made itself.
    pub(super) fn count_spawned(&self) {
        self.slot.counters.spawned.increment();
    }

    /// Its number among the runtime's workers; that of one for which it stands in, if it is a spare.
    pub(super) fn number(&self) -> Option<usize> {
        self.pool.config.worker_number(self.index)
    }

    pub(super) fn pool(&self) -> &'p Pool {
        self.pool
    }

    /// Takes a task that has been scheduled on this thread: it runs next, and what was to run next
    /// goes to the local queue.
    #[inline(always)]
    pub(super) fn schedule(&self, task: Runnable) {
        if self.slot.standing.is_relieved() {
            return self.schedule_for_others(task);
        }
        if let Some(earlier) = self.slot.lifo.replace(task) {
            self.make_way(earlier);
        }
    }

    /// What was to run next does not.
    // Apart, for a caller that need not do this is shorter by far.
    #[inline(never)]
    fn make_way(&self, earlier: Runnable) {
        self.push_back(earlier);
        self.pool.help_local();
    }

    /// What is put down in a long poll does not run next. Somebody steals it; if nobody comes, the
    /// monitor takes it away, which sleeps if this thread was blocked and nobody else ran.
    #[cold]
    fn schedule_for_others(&self, task: Runnable) {
        self.push_back(task);
        self.pool.help_local();
        self.ask_to_be_watched();
    }

    /// Puts a task that yielded behind the others. They may run for long, and with them it waits for
    /// somebody to come.
    #[inline(always)]
    fn let_others_go_first(&self, task: Runnable) {
        let alone = self.slot.queue.is_empty() && self.slot.lifo.is_empty();
        self.yielded.set(coop::take_yielded() && alone);
        self.push_back(task);
        if !alone {
            self.pool.help_local();
        }
    }

    pub(super) fn push_back(&self, task: Runnable) {
        if let Some(overflow) = self.slot.queue.push_back(task) {
            self.slot.counters.overflows.increment();
            self.pool.submit_batch(overflow, 0);
        }
    }
}
