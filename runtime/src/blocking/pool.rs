#![forbid(unsafe_code)]
//! The blocking pool: its threads, and how work gets to them.

use std::fmt;
use std::future::Future;
use std::sync::atomic::AtomicIsize;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use crate::cell::{self, JoinHandle, OwnedTasks, Ran, Runnable, Schedule, TaskMeta};
use crate::driver::Driver;
use crate::metrics::{BlockingDump, BlockingMetrics, SharedCounter};
use crate::park::{Parker, Unparked, Woken};
use crate::primitives::Lock;
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
}

pub(crate) struct BlockingPool {
    queue: CachePadded<Lock<Queue>>,
    parkers: Box<[OnceLock<Box<Parker>>]>,
    /// Threads that exist and have not come to the queue yet; below zero for a moment if one comes
    /// before its maker has counted it.
    born: AtomicIsize,
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
}

/// The scheduler of a closure that waits: it is queued when it is woken, or aborted before.
impl Schedule for Arc<BlockingPool> {
    fn schedule(self, task: Runnable) {
        self.submit(task);
    }
}

impl BlockingPool {
    pub(crate) fn new(config: BlockingConfig, threads: Arc<Threads>) -> Arc<Self> {
        let seats = config.max_threads.min(MOST_SEATS) as u32;
        Arc::new(Self {
            queue: CachePadded::new(Lock::new(Queue::new(config.cpus, seats))),
            parkers: (0..seats).map(|_| OnceLock::new()).collect(),
            born: AtomicIsize::new(0),
            waiting: OwnedTasks::new(),
            config,
            threads,
            counters: Counters::default(),
        })
    }

    fn parker(&self, seat: u32) -> &Parker {
        self.parkers[seat as usize].get_or_init(|| Box::new(Parker::new()))
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
                // Not before: a maker that is held up is not to keep others from making one.
                self.born.fetch_add(1, SeqCst);
            }
            Err(error) => {
                self.counters.refused.increment();
                let stranded = self.queue.lock().give_up_thread(seat);
                let closures = stranded.len();
                stranded.fail(&error);
                self.release_clock(closures);
            }
        }
    }

    /// The life of a thread.
    fn run(self: &Arc<Self>, seat: u32) {
        // Made before the lock is taken.
        let parker = self.parker(seat);
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
            if matches!(order, Order::Sleep | Order::Watch(_)) {
                parker.prepare();
            }
            drop(queue);
            self.deliver(call);
            match order {
                Order::Leave => return,
                Order::Run(task) => {
                    task.end_wait();
                    // One whose work queue was cancelled just now is pending, and cancelled here.
                    let (Ran::Completed | Ran::Suspended | Ran::Yielded(_)) =
                        task.run(&self.waiting);
                    self.release_clock(1);
                    queue = self.queue.lock();
                    queue.finish();
                    ran += 1;
                    if ran > 1 && queue.len() == 0 {
                        // Whoever waits for this CPU goes first, once: often that is the task whose
                        // closure this was, with the next. After a single one nobody need be.
                        drop(queue);
                        thread::yield_now();
                        queue = self.queue.lock();
                    }
                    order = queue.order(seat);
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
        for parker in self.parkers.iter().filter_map(OnceLock::get) {
            parker.unpark();
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
            max_threads: self.parkers.len(),
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
