#![forbid(unsafe_code)]
//! What a runtime has done so far, for the user.

use std::time::Duration;

use crate::metrics::QueueMetrics;
use crate::metrics::{BlockingMetrics, PoolKind, PoolMetrics, WorkerTimes};
use crate::scheduler;

use super::{Handle, RuntimeFlavor};

/// A view of what a runtime has done so far; from [`Handle::metrics`].
///
/// It is no copy: each question is answered anew, also after the runtime has been shut down. Counts
/// are read one after the other while the runtime works, so they need not agree to the last task.
///
/// Workers are numbered from 0, pool by pool, up to [`num_workers`](Self::num_workers). One that
/// stands in for a worker that is blocked counts with one that has a number.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// let metrics = runtime.metrics();
/// runtime.block_on(async { fastwake::spawn(async {}).await.unwrap() });
/// assert_eq!(metrics.pools().iter().map(|pool| pool.tasks_started).sum::<u64>(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RuntimeMetrics {
    pub(super) handle: Handle,
}

impl RuntimeMetrics {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// The pools: those of the pods, then the one for CPU-intensive work, then the per-CPU ones that
    /// have been used, then those of [work queues](crate::workqueue) with attributes of their own.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// for pool in runtime.metrics().pools() {
    ///     println!("{:?}: {} workers on CPUs {}", pool.kind, pool.workers, pool.cpus);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn pools(&self) -> Vec<PoolMetrics> {
        let inner = self.handle.inner();
        let own = inner.current_thread.iter();
        let own = own.map(|scheduler| scheduler.metrics());
        own.chain(inner.group.metrics()).collect()
    }

    /// How many workers the pods' pools run at once; 1 for a current-thread runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(3).build()?;
    /// assert_eq!(runtime.metrics().num_workers(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn num_workers(&self) -> usize {
        match self.handle.runtime_flavor() {
            RuntimeFlavor::CurrentThread => 1,
            RuntimeFlavor::MultiThread => self.handle.inner().group.workers(),
        }
    }

    /// How many tasks have been spawned and are neither complete nor dropped. Closures for
    /// CPU-intensive work are tasks, those for blocking threads are not; nor are those of a
    /// [`LocalSet`](crate::task::LocalSet).
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Builder::new_current_thread().build()?;
    /// let task = runtime.spawn(async {});
    /// assert_eq!(runtime.metrics().num_alive_tasks(), 1);
    /// runtime.block_on(task).unwrap();
    /// assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn num_alive_tasks(&self) -> usize {
        let gone = |pool: &PoolMetrics| pool.tasks_completed + pool.tasks_dropped;
        // First those that are gone: a task that goes meanwhile is not to hide one that stays.
        let gone: u64 = self.pools().iter().map(gone).sum();
        let spawned: u64 = self.pools().iter().map(|pool| pool.tasks_spawned).sum();
        spawned.saturating_sub(gone) as usize
    }

    /// How many tasks have been polled and are not complete.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let metrics = fastwake::runtime::Handle::current().metrics();
    /// assert_eq!(metrics.num_suspended_tasks(), 0);
    /// fastwake::spawn(std::future::pending::<()>());
    /// // From its first poll on.
    /// while metrics.num_suspended_tasks() < 1 {
    ///     fastwake::task::yield_now().await;
    /// }
    /// # });
    /// ```
    #[must_use]
    pub fn num_suspended_tasks(&self) -> usize {
        self.pools().iter().map(|pool| pool.suspended_tasks).sum()
    }

    /// How many tasks wait on the pools' worklists.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Builder::new_current_thread().build()?;
    /// // They wait: the runtime's thread is here, and not in `block_on`.
    /// runtime.handle().spawn_batch((0..3).map(|_| async {}));
    /// assert_eq!(runtime.metrics().global_queue_depth(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn global_queue_depth(&self) -> usize {
        self.pools().iter().map(|pool| pool.worklist_depth).sum()
    }

    /// How often a worker has gone to sleep.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let metrics = runtime.metrics();
    /// let parks: u64 = (0..metrics.num_workers()).map(|i| metrics.worker_park_count(i)).sum();
    /// # let _ = parks;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.worker(worker).parks
    }

    /// How often a worker has gone to sleep or woken, so that an odd number means that it sleeps.
    ///
    /// A worker that stands in for a blocked one, and that counts with this one, may sleep at the same
    /// time.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let metrics = runtime.metrics();
    /// let workers = 0..metrics.num_workers();
    /// let sleeps = |worker: &usize| metrics.worker_park_unpark_count(*worker) % 2 == 1;
    /// println!("{} workers sleep", workers.filter(sleeps).count());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        let WorkerTimes { parks, unparks, .. } = self.worker(worker);
        parks + unparks
    }

    /// For how long a worker has been awake, up to the last time that it went to sleep.
    ///
    /// What stands in for a blocked worker counts with one that has a number, so this may grow faster
    /// than time passes.
    ///
    /// # Panics
    ///
    /// If there is no such worker.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = fastwake::runtime::Builder::new_current_thread().build()?;
    /// runtime.block_on(async { std::thread::sleep(Duration::from_millis(5)) });
    /// assert!(runtime.metrics().worker_total_busy_duration(0) >= Duration::from_millis(5));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        self.worker(worker).busy
    }

    #[track_caller]
    fn worker(&self, worker: usize) -> WorkerTimes {
        let has_numbers =
            |pool: &PoolMetrics| matches!(pool.kind, PoolKind::Unbound | PoolKind::CurrentThread);
        let mut workers = self
            .pools()
            .into_iter()
            .filter(has_numbers)
            .flat_map(|pool| pool.by_worker);
        match workers.nth(worker) {
            Some(times) => times,
            None => panic!(
                "there is no worker {worker}: the runtime has {}, numbered from 0",
                self.num_workers()
            ),
        }
    }

    /// The work queues that have a handle or a task, in the order of their names.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::WorkQueue;
    /// use fastwake::runtime::Handle;
    ///
    /// let mail = WorkQueue::builder("mail").build()?;
    /// let index = WorkQueue::builder("index").build()?;
    /// let queues = Handle::current().metrics().queues();
    /// assert!(queues.iter().map(|queue| &queue.name).eq(["index", "mail"]));
    /// # drop((mail, index));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn queues(&self) -> Vec<QueueMetrics> {
        self.handle.queues().metrics()
    }

    /// The threads for blocking closures.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().max_blocking_threads(1).build()?;
    /// let (sender, receiver) = mpsc::channel();
    /// let first = runtime.spawn_blocking(move || receiver.recv());
    /// let second = runtime.spawn_blocking(|| "after the first");
    /// assert_eq!(runtime.metrics().blocking().threads, 1);
    /// assert!(runtime.metrics().blocking().queue_depth >= 1);
    /// sender.send(())?;
    /// runtime.block_on(first)??;
    /// assert_eq!(runtime.block_on(second)?, "after the first");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn blocking(&self) -> BlockingMetrics {
        self.handle.inner().blocking.metrics()
    }
}

/// The number, among the workers of its runtime, of the one that this thread is; what the methods of
/// [`RuntimeMetrics`] take.
///
/// One that stands in for a blocked worker has the number under which it is counted, and so has a thread of
/// [`spawn_blocking`](crate::task::spawn_blocking) while it polls the task that awaited its closure: a worker
/// of that number may run at the same time. `None` on any other thread: one for blocking or CPU-intensive closures, one of the CPU that
/// [`Handle::spawn_on`] names, or one that is in `block_on` without running the tasks.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::{Runtime, worker_index};
///
/// let runtime = Runtime::new()?;
/// let index = runtime.block_on(runtime.spawn(async { worker_index() })).unwrap();
/// assert!(index < Some(runtime.metrics().num_workers()));
/// assert_eq!(runtime.block_on(async { worker_index() }), None);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn worker_index() -> Option<usize> {
    scheduler::worker_index()
}
