#![forbid(unsafe_code)]
//! The blocking pool: its threads, and how work gets to them.

use std::fmt;
use std::future::Future;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicIsize};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::cell::{self, JoinHandle, OwnedTasks, Ran, Runnable, Schedule, TaskMeta};
use crate::driver::Driver;
use crate::metrics::{BlockingDump, BlockingMetrics, SharedCounter};
use crate::park::{Parker, Unparked, Woken};
use crate::primitives::{Lock, LockGuard};
use crate::scheduler::{Guests, Held, hold_back, take_held};
use crate::threads::{Role, Threads};

use super::load::{Load, WATCH_MIN};
use super::queue::{Call, Order, Progress, Queue};

/// The watcher sleeps twice as long each time that the others have got on, up to this: closures that begin to block after
/// many that did not get their thread this much later.
const WATCH_MAX: Duration = Duration::from_millis(1);

/// Beyond all that a process gets. Each seat is a place in three lists that are made beforehand, so
/// that nothing is allocated under the lock.
const MOST_SEATS: usize = 32_768;

#[derive(Debug, Clone)]
pub(crate) struct BlockingConfig {
    pub(crate) max_threads: usize,
    pub(crate) keep_alive: Duration,
    /// How many threads take closures without having to wait whether the others get on.
    pub(crate) cpus: usize,
    /// Its clock, if it is stopped, does not jump while there are closures.
    pub(crate) driver: Option<Arc<Driver>>,
    /// [Visits](Held::visit) in the context in which tasks are polled, or puts the task down.
    pub(crate) visit: fn(Held, u32),
}

pub(crate) struct BlockingPool {
    queue: CachePadded<Lock<Queue>>,
    seats: Box<[OnceLock<Box<Seat>>]>,
    /// Threads that exist and have not come to the queue yet; below zero for a moment if one comes
    /// before its maker has counted it.
    born: AtomicIsize,
    /// Was the last thread that it has asked for refused?
    is_refused: AtomicBool,
    /// Do closures wait although there may be no more threads? As it was when a thread was last looked for.
    is_full: AtomicBool,
    /// Those that wait for their work queue's turn: one that has begun does not suspend.
    waiting: OwnedTasks,
    config: BlockingConfig,
    threads: Arc<Threads>,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    made: SharedCounter,
    wakes: SharedCounter,
    refused: SharedCounter,
}

/// The scheduler of a closure, which is never scheduled again.
#[derive(Clone, Copy)]
struct Once;

impl Schedule for Once {
    fn schedule(self, task: Runnable) {
        // A closure does not suspend, so nobody has a waker of it. If one did, the right thing would be
        // to end it.
        task.cancel();
    }

    fn wake_joiner(joiner: Waker) {
        hold_back(joiner);
    }
}

/// The scheduler of a closure that waits: it is queued when it is woken, or aborted before.
impl Schedule for Arc<BlockingPool> {
    fn schedule(self, task: Runnable) {
        self.submit(task);
    }

    fn wake_joiner(joiner: Waker) {
        hold_back(joiner);
    }
}

impl Guests for Arc<BlockingPool> {
    fn step_aside(&self, guest: u32) {
        let mut queue = self.queue.lock();
        if !self.seat(guest).end_visit() {
            return;
        }
        queue.step_aside(guest);
        let call = self.call(&mut queue);
        let abandoned = queue.abandoned();
        drop(queue);
        self.deliver(call);
        abandoned.for_each(Runnable::cancel);
    }
}

/// What a thread has of the pool.
struct Seat {
    parker: Parker,
    /// Is the thread a guest in a pool of workers, and has not stepped aside? It says so itself; it ceases to
    /// be so under the lock. If another thread has taken the seat meanwhile, and visits, the two may end one
    /// another's visits: whoever ends one is counted out, and comes back as if it had been its own.
    visits: AtomicBool,
}

impl Seat {
    fn new() -> Self {
        Self {
            parker: Parker::new(),
            visits: AtomicBool::new(false),
        }
    }

    fn begin_visit(&self) {
        // ORDERING: whoever ends the visit for the thread has heard of it from a pool's lock, which the
        // thread takes after this.
        self.visits.store(true, Relaxed);
    }

    /// Under the lock. Was it visiting?
    fn end_visit(&self) -> bool {
        self.visits.swap(false, Relaxed)
    }
}

impl BlockingPool {
    pub(crate) fn new(config: BlockingConfig, threads: Arc<Threads>) -> Arc<Self> {
        let seats = config.max_threads.min(MOST_SEATS) as u32;
        Arc::new(Self {
            queue: CachePadded::new(Lock::new(Queue::new(config.cpus, seats))),
            seats: (0..seats).map(|_| OnceLock::new()).collect(),
            born: AtomicIsize::new(0),
            is_refused: AtomicBool::new(false),
            is_full: AtomicBool::new(false),
            waiting: OwnedTasks::new(),
            config,
            threads,
            counters: Counters::default(),
        })
    }

    fn seat(&self, seat: u32) -> &Seat {
        self.seats[seat as usize].get_or_init(|| Box::new(Seat::new()))
    }

    fn parker(&self, seat: u32) -> &Parker {
        &self.seat(seat).parker
    }

    /// Queues a closure, as a future that is ready at its first poll.
    pub(crate) fn spawn<F>(self: &Arc<Self>, closure: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (task, handle) = cell::new(closure, Once, meta);
        self.submit(task);
        handle
    }

    /// As [`spawn`](Self::spawn), for a closure that is not to be queued before it is woken.
    pub(crate) fn spawn_waiting<F>(
        self: &Arc<Self>,
        closure: F,
        meta: TaskMeta,
    ) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (task, handle) = cell::new(closure, Arc::clone(self), meta);
        if let Err(task) = task.wait(&self.waiting) {
            task.cancel();
        }
        handle
    }

    fn submit(self: &Arc<Self>, task: Runnable) {
        if let Some(driver) = &self.config.driver {
            driver.hold_clock();
        }
        let mut queue = self.queue.lock();
        if queue.is_closed() {
            drop(queue);
            return task.cancel();
        }
        queue.push(task);
        let call = self.call(&mut queue);
        drop(queue);
        self.deliver(call);
    }

    /// Closures have been run, or have failed.
    fn release_clock(&self, closures: usize) {
        if let Some(driver) = &self.config.driver {
            (0..closures).for_each(|_| driver.release_clock());
        }
    }

    fn call(&self, queue: &mut Queue) -> Option<Call> {
        let is_full = queue.is_short();
        // ORDERING: Relaxed, as for `is_refused`: a hint.
        if is_full != self.is_full.load(Relaxed) {
            self.is_full.store(is_full, Relaxed);
        }
        // ORDERING: a thread that has been born and has not been counted out yet is going to take
        // the lock that is held here, and sees the work then.
        queue.call(self.born.load(SeqCst) > 0, |seat| {
            self.parker(seat).is_parked()
        })
    }

    fn deliver(self: &Arc<Self>, call: Option<Call>) {
        match call {
            None => {}
            Some(Call::Wake(seat)) => match self.parker(seat).unpark() {
                Unparked::Woke => self.counters.wakes.increment(),
                // These threads sleep nowhere else.
                Unparked::Coalesced | Unparked::Elsewhere => {}
            },
            Some(Call::Create(seat)) => self.make_thread(seat),
        }
    }

    /// If the system refuses, and there is no other thread, what waits fails with its error.
    fn make_thread(self: &Arc<Self>, seat: u32) {
        let pool = Arc::clone(self);
        match self.threads.spawn(Role::Blocking, move || pool.run(seat)) {
            Ok(()) => {
                self.counters.made.increment();
                self.is_refused.store(false, Relaxed);
                // Not before: a maker that is held up is not to keep others from making one.
                self.born.fetch_add(1, SeqCst);
            }
            Err(error) => {
                self.counters.refused.increment();
                self.is_refused.store(true, Relaxed);
                let stranded = self.queue.lock().give_up_thread(seat);
                let closures = stranded.len();
                stranded.fail(&error);
                self.release_clock(closures);
            }
        }
    }

    /// The life of a thread.
    fn run(self: &Arc<Self>, mut seat: u32) {
        // Made before the lock is taken.
        let _ = self.parker(seat);
        let mut queue = self.queue.lock();
        self.born.fetch_sub(1, SeqCst);
        queue.arrive();
        let mut order = queue.order_comer(seat);
        // Since the thread came, or woke up.
        let mut ran = 0;
        loop {
            // Whatever the order is: work that is left wants somebody to come for it.
            let call = match order {
                Order::Run(_) => self.call(&mut queue),
                _ => None,
            };
            let parker = self.parker(seat);
            if matches!(order, Order::Sleep | Order::Watch(_)) {
                parker.prepare();
            }
            drop(queue);
            self.deliver(call);
            match order {
                Order::Leave => return,
                Order::Run(task) => {
                    let visited = self.run_closure(task, seat);
                    ran += 1;
                    queue = self.queue.lock();
                    if visited && !self.seat(seat).end_visit() {
                        let Some(free) = queue.come_back() else {
                            return;
                        };
                        seat = free;
                        // Nothing is allocated under the lock.
                        drop(queue);
                        let _ = self.seat(seat);
                        queue = self.queue.lock();
                        order = queue.order_comer(seat);
                    } else {
                        queue.finish();
                        queue = self.linger(queue, ran);
                        order = queue.order(seat);
                    }
                }
                Order::Watch(since) => {
                    self.watch(parker, since);
                    queue = self.queue.lock();
                    queue.end_watch();
                    order = queue.order(seat);
                }
                Order::Sleep => {
                    let woken = parker.wait(Some(self.config.keep_alive));
                    queue = self.queue.lock();
                    if woken == Woken::TimedOut && queue.retire(seat) {
                        return;
                    }
                    queue.wake_up(seat);
                    ran = 0;
                    order = queue.order_comer(seat);
                }
            }
        }
    }

    /// Runs a closure, and goes on with the task that awaits it if that saves a wake-up. True: the
    /// thread has been a guest then.
    fn run_closure(&self, task: Runnable, seat: u32) -> bool {
        task.end_wait();
        // One whose work queue was cancelled just now is pending, and cancelled here.
        let (Ran::Completed | Ran::Suspended | Ran::Yielded(_)) = task.run(&self.waiting);
        let visits = take_held().is_some_and(|held| {
            let visits = self.can_spare_a_thread();
            if visits {
                self.seat(seat).begin_visit();
                (self.config.visit)(held, seat);
            } else {
                held.submit();
            }
            visits
        });
        self.release_clock(1);
        visits
    }

    /// Not while closures wait for a thread that nobody can make.
    fn can_spare_a_thread(&self) -> bool {
        !self.is_full.load(Relaxed) && !self.is_refused.load(Relaxed)
    }

    /// After more than one closure, with nothing left to do, whoever waits for this CPU goes first, once:
    /// often that is the task whose closure this was, with the next. After a single one nobody need be.
    fn linger<'q>(&'q self, queue: LockGuard<'q, Queue>, ran: usize) -> LockGuard<'q, Queue> {
        if ran == 1 || queue.len() > 0 {
            return queue;
        }
        drop(queue);
        thread::yield_now();
        self.queue.lock()
    }

    /// Sleeps until the threads that run have not got on for a while, or there is nothing left.
    fn watch(&self, parker: &Parker, mut since: Progress) {
        let mut patience = WATCH_MIN;
        let mut load = Load::begin();
        while parker.wait(Some(patience)) == Woken::TimedOut {
            let each = load.closures_due(self.config.cpus);
            let queue = self.queue.lock();
            if queue.len() == 0 || queue.is_closed() || queue.is_stuck(since, each) {
                return;
            }
            since = queue.progress();
            parker.prepare();
            drop(queue);
            patience = (patience * 2).min(WATCH_MAX);
        }
    }

    /// Takes no more closures, and cancels those that have not begun.
    pub(crate) fn shutdown(&self) {
        let unbegun = self.queue.lock().close();
        for task in unbegun {
            task.cancel();
        }
        // Those that are left are about to find the queue closed.
        let _ = self.waiting.close_and_cancel();
        for seat in self.seats.iter().filter_map(OnceLock::get) {
            seat.parker.unpark();
        }
    }

    pub(crate) fn metrics(&self) -> BlockingMetrics {
        let queue = self.queue.lock();
        BlockingMetrics {
            threads: queue.threads(),
            idle_threads: queue.idle_threads(),
            queue_depth: queue.len(),
            tasks_queued: queue.queued,
            tasks_started: queue.started,
            threads_made: self.counters.made.get(),
            wakes: self.counters.wakes.get(),
            refused_threads: self.counters.refused.get(),
        }
    }
}

impl BlockingPool {
    /// Waits for no lock.
    pub(crate) fn dump(&self) -> BlockingDump {
        let queue = self.queue.try_lock();
        let queue = queue.as_deref();
        BlockingDump {
            max_threads: self.seats.len(),
            base_threads: self.config.cpus,
            threads: queue.map(Queue::threads),
            running: queue.map(Queue::running),
            idle: queue.map(Queue::idle_threads),
            queue_depth: queue.map(Queue::len),
            tasks_queued: queue.map(|queue| queue.queued),
            tasks_started: queue.map(|queue| queue.started),
            is_watched: queue.map(Queue::is_watched),
            threads_made: self.counters.made.get(),
            wakes: self.counters.wakes.get(),
            refused_threads: self.counters.refused.get(),
        }
    }
}

impl fmt::Debug for BlockingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingPool")
            .field("config", &self.config)
            .field("born", &self.born.load(Relaxed))
            .finish_non_exhaustive()
    }
}
