#![forbid(unsafe_code)]
//! A queue, as the user has it.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use crate::cell::{self, JoinHandle, TaskMeta};
use crate::runtime::allow_blocking;
use crate::scheduler;
use crate::topology::{AffinityScope, CpuSet};

use super::attributes::{self, Attributes, Blocking};
use super::builder::WorkQueueBuilder;
use super::shared::{Shared, Work};
use super::ticket::is_inside;
use crate::metrics::{Listed, QueueMetrics};

/// A named queue for tasks, with attributes: where its tasks run, how many at once, in which order;
/// and with the means to wait for all of them, to hold them up and to end them.
///
/// A queue has no threads. It is a front end to worker pools, which it shares with all queues of its
/// runtime that have the same attributes; one without any attributes shares the runtime's own. Clones
/// are handles to the same queue. It goes away with its last handle and its last task: dropping all
/// handles cancels nothing.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// use fastwake::workqueue::WorkQueue;
///
/// let crawl = WorkQueue::builder("crawl").max_active(16).build()?;
/// for page in 0..100 {
///     crawl.spawn(async move { format!("page {page}") });
/// }
/// crawl.flush().await;
/// assert_eq!(crawl.metrics().completed, 100);
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct WorkQueue {
    shared: Arc<Shared>,
}

impl WorkQueue {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        shared.add_handle();
        Self { shared }
    }

    /// Begins to build a queue of this name, which no other queue of its runtime may have.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("mail").build()?;
    /// assert_eq!(queue.name(), "mail");
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn builder(name: impl Into<String>) -> WorkQueueBuilder {
        WorkQueueBuilder::new(name.into())
    }

    /// The queue's name.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("mail").build()?;
    /// println!("{} has {} tasks", queue.name(), queue.metrics().active);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Queues a task. It begins to run at once if fewer than
    /// [`max_active`](WorkQueueBuilder::max_active) are active, and otherwise when its turn comes.
    ///
    /// Its slot is given back when its future has been dropped, whether it completed, panicked or was
    /// [aborted](JoinHandle::abort); one that is aborted while it waits is dropped without having
    /// been polled. What the future itself spawns with [`fastwake::spawn`](crate::spawn) is not the
    /// queue's.
    ///
    /// # Errors
    ///
    /// The handle gives a [`JoinError`](crate::task::JoinError) that
    /// [says why](crate::task::JoinError::not_started_because) if the queue is being
    /// [drained](Self::drain), or has been.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("sums").build()?;
    /// let sum = queue.spawn(async { (1..=10).sum::<u32>() });
    /// assert_eq!(sum.await?, 55);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.queue(Work::Future(None), future)
    }

    /// As [`spawn`](Self::spawn), and tells at once if the queue takes no more work.
    ///
    /// # Errors
    ///
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the queue is being [drained](Self::drain), or has
    /// been.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("orders").build()?;
    /// assert_eq!(queue.try_spawn(async { "done" })?.await?, "done");
    /// queue.drain().await;
    /// assert!(queue.try_spawn(async { "late" }).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn try_spawn<F>(&self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let meta = TaskMeta::at(Location::caller());
        self.shared.spawn(Work::Future(None), future, meta)
    }

    /// Queues a task on a CPU: on a [per-CPU](WorkQueueBuilder::percpu) queue it stays there, on
    /// others it begins in the pod that the CPU is in. A CPU-intensive queue has no pods; there it is
    /// as [`spawn`](Self::spawn).
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the queue may not use that CPU, otherwise as
    /// [`try_spawn`](Self::try_spawn); on a per-CPU queue also what the system says, if it gives no
    /// event queue for the CPU's pool.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("probes").percpu(true).build()?;
    /// let cpu = fastwake::topology::allowed_cpus()?.first().unwrap();
    /// assert_eq!(queue.spawn_on(cpu, async { "here" })?.await?, "here");
    /// assert!(queue.spawn_on(1_000_000, async {}).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&self, cpu: usize, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let meta = TaskMeta::at(Location::caller());
        let allowed = self.metrics().cpus;
        if !allowed.contains(cpu) {
            let text = format!(
                "CPU {cpu} is not among those that the work queue \"{}\" may use: {allowed}",
                self.name()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.shared.spawn(Work::Future(Some(cpu)), future, meta)
    }

    /// Queues a closure that may block, for one of the runtime's threads for those; on a
    /// [CPU-intensive](WorkQueueBuilder::cpu_intensive) queue one that computes, and on a
    /// [`mem_reclaim`](WorkQueueBuilder::mem_reclaim) one for the queue's own threads. It counts as a task of
    /// the queue in all respects. Once it has begun it cannot be cancelled.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// // A database that takes four connections.
    /// let queries = fastwake::WorkQueue::builder("queries").max_active(4).build()?;
    /// let rows = queries.spawn_blocking(|| vec!["Ada", "Grace"]);
    /// assert_eq!(rows.await?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_blocking<C, R>(&self, closure: C) -> JoinHandle<R>
    where
        C: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let blocking = self.shared.settings().blocking();
        match blocking {
            Blocking::AsTask => {
                self.queue(Work::Future(None), async move { allow_blocking(closure) })
            }
            Blocking::InPlace => self.queue(Work::Future(None), async move {
                scheduler::block_in_place(|| allow_blocking(closure))
            }),
            Blocking::OnThread => {
                self.queue(Work::Blocking, async move { allow_blocking(closure) })
            }
        }
    }

    /// Queues many tasks in their order. Those that run at once are put down together, under one lock of
    /// their pool, and wake as many workers as they need. The handles are in the futures' order.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn), for each task.
    ///
    /// # Panics
    ///
    /// If the iterator panics, so does this, and the tasks that were to run at once are cancelled; those
    /// that wait run in their turn.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("squares").build()?;
    /// let mut sum = 0;
    /// for task in queue.spawn_batch((0..100).map(|i| async move { i * i })) {
    ///     sum += task.await?;
    /// }
    /// assert_eq!(sum, 328_350);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_batch<I>(&self, futures: I) -> Vec<JoinHandle<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send> + Send + 'static>,
    {
        let meta = TaskMeta::at(Location::caller());
        let tasks = self.shared.spawn_batch(futures.into_iter(), &meta);
        let handle = |task: io::Result<_>| {
            task.unwrap_or_else(|error| cell::not_started(error, meta.clone()))
        };
        tasks.into_iter().map(handle).collect()
    }

    #[track_caller]
    fn queue<F>(&self, work: Work, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let meta = TaskMeta::at(Location::caller());
        let spawned = self.shared.spawn(work, future, meta.clone());
        spawned.unwrap_or_else(|error| cell::not_started(error, meta))
    }

    /// Waits until every task that has been queued before this is first polled has ended, also those
    /// that are waiting for their turn. While the queue is [paused](Self::pause), that takes until it
    /// is resumed.
    ///
    /// A task has ended when its future has been dropped. Its [`JoinHandle`] says so a moment later.
    ///
    /// # Cancel safety
    ///
    /// Dropping this before it is done has no effect on the tasks.
    ///
    /// # Panics
    ///
    /// In a task of this queue, which would wait for itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// let sum = Arc::new(AtomicU32::new(0));
    /// let queue = fastwake::WorkQueue::builder("sum").build()?;
    /// for number in 1..=10 {
    ///     let sum = sum.clone();
    ///     queue.spawn(async move { sum.fetch_add(number, Relaxed) });
    /// }
    /// queue.flush().await;
    /// assert_eq!(sum.load(Relaxed), 55);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub async fn flush(&self) {
        self.assert_outside("flush");
        self.shared.flush().await;
    }

    /// Ends the queue in good order: it takes no more work, but for what its own tasks queue in their
    /// polls, and this waits until all of it has ended. From then on it takes none at all. While the queue
    /// is [paused](Self::pause), that takes until it is resumed.
    ///
    /// # Cancel safety
    ///
    /// From its first poll on the queue takes no more work, for good. Dropping this before it is done
    /// has no other effect, and it can be called again.
    ///
    /// # Panics
    ///
    /// In a task of this queue, which would wait for itself.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("orders").build()?;
    /// let own = queue.clone();
    /// let order = queue.spawn(async move { own.spawn(async { "receipt" }) });
    /// queue.drain().await;
    /// assert_eq!(order.await?.await?, "receipt");
    ///
    /// let error = queue.spawn(async {}).await.unwrap_err();
    /// assert!(error.not_started_because().is_some());
    /// println!("{error}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn drain(&self) {
        self.assert_outside("drain");
        self.shared.drain().await;
    }

    fn assert_outside(&self, method: &str) {
        assert!(
            !is_inside(&self.shared),
            "`{method}` in a task of the work queue \"{}\" would wait for that very task; call it \
             elsewhere, or await the handles of the tasks that are meant",
            self.name()
        );
    }

    /// Lets no more tasks begin until [`resume`](Self::resume). Those that are active go on; what is
    /// queued meanwhile waits. Has no effect on a queue that is paused already. Keep a handle: it takes one
    /// to resume the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("cleanup").build()?;
    /// queue.pause();
    /// let task = queue.spawn(async { "later" });
    /// assert_eq!(queue.metrics().inactive, 1);
    /// queue.resume();
    /// assert_eq!(task.await?, "later");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn pause(&self) {
        self.shared.set_paused(true);
    }

    /// Ends a [pause](Self::pause): those that wait begin, as many as may be active.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("cleanup").build()?;
    /// queue.pause();
    /// let tasks = queue.spawn_batch((0..3).map(|i| async move { i }));
    /// queue.resume();
    /// for task in tasks {
    ///     task.await?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn resume(&self) {
        self.shared.set_paused(false);
    }

    /// Cancels every task that has been queued so far, as [`JoinHandle::abort`] does: those that wait
    /// are dropped, those that are active are dropped when their poll, if they are in one, ends.
    /// Closures that have begun go on. Returns at once; [`flush`](Self::flush) waits for them.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("polls").max_active(1).build()?;
    /// let active = queue.spawn(std::future::pending::<()>());
    /// let waiting = queue.spawn(async {});
    /// queue.cancel_all();
    /// assert!(active.await.unwrap_err().is_cancelled());
    /// assert!(waiting.await.unwrap_err().is_cancelled());
    /// // It is as good as new.
    /// queue.spawn(async {}).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn cancel_all(&self) {
        self.shared.cancel_all();
    }

    /// Changes how many tasks may be active. If that is more than before, those that wait begin; if it
    /// is less, those that are active go on, and none begins until they are few enough.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is 0, or the queue is
    /// [ordered](WorkQueueBuilder::ordered).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("fetch").max_active(1).build()?;
    /// queue.set_max_active(8)?;
    /// assert_eq!(queue.metrics().max_active, 8);
    /// assert!(queue.set_max_active(0).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_max_active(&self, max_active: usize) -> io::Result<()> {
        let mut settings = self.shared.settings();
        if settings.ordered {
            return Err(attributes::ordered(max_active));
        }
        attributes::check_max_active(Some(max_active))?;
        settings.max_active = Some(max_active);
        drop(settings);
        self.shared.set_max_active(max_active);
        Ok(())
    }

    /// Changes which CPUs share a pool. What is queued from now on goes to the pools of the new scope;
    /// what has been queued ends in those of the old one.
    ///
    /// # Errors
    ///
    /// As [`WorkQueueBuilder::build`], and for a queue that is
    /// [`mem_reclaim`](WorkQueueBuilder::mem_reclaim), whose pools are its own; the queue stays as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::topology::AffinityScope;
    ///
    /// let queue = fastwake::WorkQueue::builder("index").build()?;
    /// queue.set_affinity_scope(AffinityScope::Cache)?;
    /// assert_eq!(queue.metrics().affinity_scope, Some(AffinityScope::Cache));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_affinity_scope(&self, scope: AffinityScope) -> io::Result<()> {
        self.change(|attributes| attributes.scope = Some(scope))
    }

    /// Changes the CPUs that the queue may use, as
    /// [`set_affinity_scope`](Self::set_affinity_scope) changes the scope.
    ///
    /// # Errors
    ///
    /// As [`set_affinity_scope`](Self::set_affinity_scope).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::topology::{CpuSet, allowed_cpus};
    ///
    /// let queue = fastwake::WorkQueue::builder("index").build()?;
    /// queue.set_cpus(allowed_cpus()?.iter().take(1).collect())?;
    /// assert_eq!(queue.metrics().cpus.len(), 1);
    /// assert!(queue.set_cpus(CpuSet::new()).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn set_cpus(&self, cpus: CpuSet) -> io::Result<()> {
        self.change(|attributes| attributes.cpus = Some(cpus))
    }

    fn change(&self, change: impl FnOnce(&mut Attributes)) -> io::Result<()> {
        let mut settings = self.shared.settings();
        if settings.mem_reclaim {
            return Err(attributes::reserved(self.name()));
        }
        let mut new = settings.clone();
        change(&mut new);
        let lane = new.lane(self.name(), self.shared.handle.group())?;
        *settings = new;
        self.shared.set_lane(lane);
        Ok(())
    }

    /// The queue's attributes, how it stands, and what it has done.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let queue = fastwake::WorkQueue::builder("mail").build()?;
    /// queue.spawn(std::future::pending::<()>());
    /// assert_eq!(queue.metrics().active, 1);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn metrics(&self) -> QueueMetrics {
        self.shared.metrics()
    }
}

impl Clone for WorkQueue {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl Drop for WorkQueue {
    fn drop(&mut self) {
        self.shared.drop_handle();
    }
}

// What a panic can leave behind in a queue is locked, and no invariant is broken across a call.
impl UnwindSafe for WorkQueue {}
impl RefUnwindSafe for WorkQueue {}

impl fmt::Debug for WorkQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkQueue")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
