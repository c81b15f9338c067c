//! The scheduler that has no threads: tasks run on the thread that is in `block_on`.

mod core;
mod report;

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use crate::cell::{self, JoinHandle, OwnedTasks, Runnable, Schedule, Swept, TaskList, TaskMeta};
use crate::coop;
use crate::driver::Driver;
use crate::metrics::{Counter, SharedCounter, WorkerCounters};
use crate::park::{Parker, ThreadParker, Unparked};
use crate::primitives::{Lock, ThreadId};
use crate::threads::ThreadConfig;

use self::core::{CURRENT, Core, CoreGuard};

/// How the scheduler was built.
#[derive(Debug, Clone)]
pub(crate) struct CurrentThreadConfig {
    /// Turns between two looks at what comes from other threads.
    pub(crate) global_queue_interval: u32,
    /// Turns between two looks at the future of `block_on`.
    pub(crate) event_interval: u32,
    pub(crate) threads: ThreadConfig,
    pub(crate) driver: Option<Arc<Driver>>,
    /// The one thread that may run tasks; for a local runtime, whose tasks need not be `Send`.
    pub(crate) owner: Option<ThreadId>,
}

/// A scheduler of which one thread at a time is the worker: whichever is in `block_on`.
pub(crate) struct CurrentThread {
    config: CurrentThreadConfig,
    shared: Lock<Shared>,
    /// Where the thread that has the core sleeps.
    parker: Parker,
    owned: OwnedTasks,
    core: Lock<CorePlace>,
    /// Written by the thread that has the core.
    counters: WorkerCounters,
    /// Tasks spawned from elsewhere; written under `shared`'s lock.
    spawned: Counter,
    /// Tasks dropped at the end, by whoever ends the scheduler.
    dropped: SharedCounter,
    /// Wake-ups chosen; written under `shared`'s lock.
    picks: Counter,
    /// Wake-ups issued. Only when it equals `picks` may the scheduler go.
    issued: AtomicU64,
}

/// What other threads may touch.
struct Shared {
    worklist: TaskList,
    /// Has the thread with the core said that it sleeps?
    idle: bool,
    closed: bool,
}

enum CorePlace {
    Here(Box<Core>),
    /// A thread runs the tasks; these others wait, with futures of their own, to take over.
    Taken(Vec<Arc<ThreadParker>>),
}

#[derive(Clone, Copy)]
struct SchedulerRef(NonNull<CurrentThread>);
// SAFETY: it is only used to reach the scheduler, which is `Sync`.
unsafe impl Send for SchedulerRef {}
// SAFETY: as above.
unsafe impl Sync for SchedulerRef {}

impl CurrentThread {
    pub(crate) fn new(config: CurrentThreadConfig) -> Arc<Self> {
        let shared = Shared {
            worklist: TaskList::new(),
            idle: false,
            closed: false,
        };
        Arc::new(Self {
            config,
            shared: Lock::new(shared),
            parker: Parker::new(),
            owned: OwnedTasks::new(),
            core: Lock::new(CorePlace::Here(Box::default())),
            counters: WorkerCounters::default(),
            spawned: Counter::default(),
            dropped: SharedCounter::default(),
            picks: Counter::default(),
            issued: AtomicU64::new(0),
        })
    }

    pub(crate) fn spawn<F>(&self, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (task, handle) = cell::new(future, SchedulerRef(NonNull::from(self)), meta);
        self.accept(task);
        handle
    }

    /// Is it that of a local runtime?
    pub(crate) fn is_local(&self) -> bool {
        self.config.owner.is_some()
    }

    /// Spawns a task that stays on its thread.
    ///
    /// # Panics
    ///
    /// If the scheduler has no such thread, or this is not it.
    #[track_caller]
    pub(crate) fn spawn_local<F>(&self, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        assert!(
            self.config.owner == Some(ThreadId::current()),
            "Local tasks can only be spawned on a LocalRuntime from the thread the runtime was \
             created on: use `spawn`, which takes what is `Send`"
        );
        let scheduler = SchedulerRef(NonNull::from(self));
        // SAFETY: only this thread takes the core (`take_core`), so only here tasks are run, and
        // dropped at the end. Until it has run, the task is in a queue that the owner of the core
        // empties, or is refused right here.
        let (task, handle) = unsafe { cell::new_local(future, scheduler, meta) };
        self.accept(task);
        handle
    }

    /// Spawns many tasks in one locked section.
    pub(crate) fn spawn_batch<I>(
        &self,
        futures: I,
        meta: &TaskMeta,
    ) -> Vec<JoinHandle<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send> + Send + 'static>,
    {
        let mut tasks = TaskList::new();
        let new = |future| {
            let scheduler = SchedulerRef(NonNull::from(self));
            let (task, handle) = cell::new(future, scheduler, meta.clone());
            tasks.push_back(task);
            handle
        };
        let handles = futures.into_iter().map(new).collect();
        if !tasks.is_empty() {
            let spawned = tasks.len();
            self.accept_all(tasks, spawned);
        }
        handles
    }

    /// Takes a task that was scheduled on the calling thread.
    fn accept(&self, task: Runnable) {
        let is_new = task.is_new();
        match self.core_of_this_thread() {
            Some(core) => {
                if is_new {
                    self.counters.spawned.increment();
                }
                core.queue.borrow_mut().push_back(task);
            }
            None => self.accept_all(TaskList::from_iter([task]), usize::from(is_new)),
        }
    }

    /// `spawned` of the tasks have not been anywhere yet.
    fn accept_all(&self, tasks: TaskList, spawned: usize) {
        let mut shared = self.shared.lock();
        self.spawned.add(spawned as u64);
        if shared.closed {
            drop(shared);
            self.dropped.add(spawned);
            return tasks.for_each(Runnable::refuse);
        }
        shared.worklist.append(tasks);
        // As in the pools: chosen under the lock, woken after it, and a sleeper that was chosen
        // stays visible.
        let wake = shared.idle && self.parker.is_parked();
        if wake {
            self.picks.increment();
        }
        drop(shared);
        if wake {
            self.wake();
            // ORDERING: Release pairs with the Acquire in `finish`. The scheduler may be gone
            // after this.
            self.issued.fetch_add(1, Release);
        }
    }

    /// Wakes the thread that has the core, wherever it sleeps.
    fn wake(&self) {
        if self.parker.unpark() == Unparked::Elsewhere
            && let Some(driver) = &self.config.driver
        {
            driver.wake();
        }
    }

    /// The driver, for something that it is to wait for.
    pub(crate) fn driver(&self) -> Option<&Arc<Driver>> {
        self.config.driver.as_ref()
    }

    /// The number of the worker that this thread is, if it has a core.
    pub(super) fn worker_index() -> Option<usize> {
        let (_, core) = CURRENT.try_with(Cell::get).ok()?;
        (!core.is_null()).then_some(0)
    }

    fn core_of_this_thread(&self) -> Option<&Core> {
        let (scheduler, core) = CURRENT.try_with(Cell::get).ok()?;
        // SAFETY: set by `CoreGuard::run` while it has the core, on this thread.
        ptr::eq(scheduler, self).then(|| unsafe { &*core })
    }

    /// Runs the future on this thread and, unless another thread does so, the tasks beside it.
    pub(crate) fn block_on<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let mut future = pin!(future);
        loop {
            if let Some(mut core) = self.take_core() {
                return core.run(future);
            }
            if let Poll::Ready(output) = self.wait_for_core(future.as_mut()) {
                return output;
            }
        }
    }

    fn take_core(self: &Arc<Self>) -> Option<CoreGuard<'_>> {
        assert!(
            self.config
                .owner
                .is_none_or(|owner| owner == ThreadId::current()),
            "a `LocalRuntime` does not leave its thread"
        );
        let mut place = self.core.lock();
        match std::mem::replace(&mut *place, CorePlace::Taken(Vec::new())) {
            CorePlace::Here(core) => Some(CoreGuard {
                scheduler: self,
                core: Some(core),
                awake_since: Cell::new(Instant::now()),
            }),
            taken => {
                *place = taken;
                None
            }
        }
    }

    /// Polls the future while another thread has the core. Pending: the core may be free.
    fn wait_for_core<F: Future>(&self, mut future: Pin<&mut F>) -> Poll<F::Output> {
        let parker = ThreadParker::new();
        let waker = parker.waker();
        loop {
            let mut context = Context::from_waker(&waker);
            let polled = coop::budget(|| future.as_mut().poll(&mut context));
            let mut place = self.core.lock();
            let CorePlace::Taken(waiting) = &mut *place else {
                return polled;
            };
            waiting.retain(|other| !Arc::ptr_eq(other, &parker));
            if polled.is_ready() {
                return polled;
            }
            waiting.push(Arc::clone(&parker));
            drop(place);
            parker.park(None);
        }
    }

    /// Takes no more work, and drops all tasks; if a thread has the core, it does so at its end.
    pub(crate) fn shutdown(self: &Arc<Self>) {
        self.shared.lock().closed = true;
        drop(self.take_core());
    }

    /// Drops what is left, until nobody can lead into the scheduler any more.
    fn finish(&self, core: &Core) {
        let mut pause = Duration::from_micros(10);
        loop {
            core.take_back_yielded();
            let mut queued = core.queue.take();
            queued.append(std::mem::take(&mut self.shared.lock().worklist));
            let dropped = queued.len();
            queued.for_each(Runnable::cancel);
            let Swept { cancelled, left } = self.owned.close_and_cancel();
            self.dropped.add(dropped + cancelled);
            let picks = {
                let _shared = self.shared.lock();
                self.picks.get()
            };
            // ORDERING: Acquire pairs with the Release in `accept_all`.
            if left == 0 && self.issued.load(Acquire) == picks {
                break;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        if let Some(driver) = &self.config.driver {
            driver.shut_down();
        }
    }
}

impl Schedule for SchedulerRef {
    fn schedule(self, task: Runnable) {
        // SAFETY: the task has been suspended before, so it is in the scheduler's list of owned
        // tasks, and while it is scheduled `finish` waits for it, and then for the wake-up.
        unsafe { self.0.as_ref() }.accept(task);
    }
}

impl fmt::Debug for CurrentThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentThread")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
