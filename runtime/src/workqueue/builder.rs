#![forbid(unsafe_code)]
//! How a queue is made.

use std::io;
use std::sync::Arc;

use crate::runtime::{Handle, RuntimeFlavor};
use crate::topology::{AffinityScope, CpuSet};

use super::WorkQueue;
use super::attributes::{self, Attributes};
use super::shared::Shared;

/// Says what a [`WorkQueue`] is to be like; from [`WorkQueue::builder`].
///
/// What cannot be, or contradicts itself, is refused by [`build`](Self::build).
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// use fastwake::workqueue::WorkQueue;
///
/// let uploads = WorkQueue::builder("uploads").max_active(8).build()?;
/// let stored = uploads.spawn(async { "stored" });
/// assert_eq!(stored.await?, "stored");
///
/// let error = WorkQueue::builder("journal").ordered(true).max_active(2).build().unwrap_err();
/// println!("{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder makes no queue until `build` is called"]
pub struct WorkQueueBuilder {
    name: String,
    attributes: Attributes,
}

impl WorkQueueBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            attributes: Attributes::default(),
        }
    }

    fn with(mut self, set: impl FnOnce(&mut Attributes)) -> Self {
        set(&mut self.attributes);
        self
    }

    /// Which CPUs share a pool. Default: the runtime's
    /// [scope](crate::runtime::Builder::affinity_scope).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::topology::AffinityScope;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// // One pool for the whole machine: no CPU is idle while work is queued, wherever that is.
    /// let queue = WorkQueue::builder("batch").affinity_scope(AffinityScope::System).build()?;
    /// assert_eq!(queue.metrics().affinity_scope, Some(AffinityScope::System));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn affinity_scope(self, scope: AffinityScope) -> Self {
        self.with(|attributes| attributes.scope = Some(scope))
    }

    /// Do tasks stay in the pod that they were queued in? Default: as in the runtime
    /// ([`Builder::affinity_strict`](crate::runtime::Builder::affinity_strict)).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::topology::AffinityScope;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("per-node")
    ///     .affinity_scope(AffinityScope::Numa)
    ///     .affinity_strict(true)
    ///     .build()?;
    /// assert!(queue.metrics().affinity_strict);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn affinity_strict(self, strict: bool) -> Self {
        self.with(|attributes| attributes.strict = Some(strict))
    }

    /// The CPUs that the queue may use, among those of the runtime. Default: all of them.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::topology::{CpuSet, allowed_cpus};
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let first: CpuSet = allowed_cpus()?.iter().take(1).collect();
    /// let queue = WorkQueue::builder("housekeeping").cpus(first.clone()).build()?;
    /// assert_eq!(queue.metrics().cpus, first);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn cpus(self, cpus: CpuSet) -> Self {
        self.with(|attributes| attributes.cpus = Some(cpus))
    }

    /// By how much nicer the queue's threads are than the runtime's others, from -20 (favoured) to 19,
    /// as with the command `nice`. Default: 0.
    ///
    /// [`build`](Self::build) refuses a value below 0 that the system does not permit. On a
    /// [CPU-intensive](Self::cpu_intensive) queue this is instead of the niceness that its threads
    /// have otherwise. Closures of [`spawn_blocking`](WorkQueue::spawn_blocking) run on the runtime's
    /// threads for those, at their priority. Other systems than Linux know no niceness of a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("reports").nice(10).build()?;
    /// queue.spawn(async { /* when nobody else wants the CPU */ }).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn nice(self, nice: i32) -> Self {
        self.with(|attributes| attributes.nice = Some(nice))
    }

    /// How many tasks are active at once, at most. Default: 1,024.
    ///
    /// A task is active from when it is given its slot until it has ended, also while it awaits
    /// something. Those beyond wait their turn, oldest first; they are not polled, and wake nobody.
    /// So tasks that wait for later tasks of the same queue need room for all of them.
    ///
    /// There is no upper bound: it is 2,048 in the kernel, where each active item has a thread. Here
    /// [`usize::MAX`] says that there is no limit.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::yield_now;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// // No more than two requests at a time to a service that cannot do with more.
    /// let queue = WorkQueue::builder("requests").max_active(2).build()?;
    /// let tasks = queue.spawn_batch((0..10).map(|_| yield_now()));
    /// assert!(queue.metrics().active <= 2);
    /// for task in tasks {
    ///     task.await?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn max_active(self, max_active: usize) -> Self {
        self.with(|attributes| attributes.max_active = Some(max_active))
    }

    /// Do the tasks compute for long? Then they run beside the workers, at a lower priority and on at
    /// most one thread per CPU, as those of
    /// [`spawn_cpu_intensive`](crate::task::spawn_cpu_intensive) do, and so do closures of
    /// [`spawn_blocking`](WorkQueue::spawn_blocking). Default: no.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::runtime::worker_index;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("resize").cpu_intensive(true).build()?;
    /// assert_eq!(queue.spawn(async { worker_index() }).await?, None, "no worker is kept busy");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn cpu_intensive(self, yes: bool) -> Self {
        self.with(|attributes| attributes.cpu_intensive = yes)
    }

    /// Does the queue run one task at a time, strictly in the order of their submission? Each begins
    /// when the one before has ended, also when the queue's attributes are changed meanwhile. Default:
    /// no.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::sync::{Arc, Mutex};
    /// use fastwake::task::yield_now;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let journal = Arc::new(Mutex::new(Vec::new()));
    /// let queue = WorkQueue::builder("journal").ordered(true).build()?;
    /// for entry in 0..10 {
    ///     let journal = journal.clone();
    ///     queue.spawn(async move {
    ///         yield_now().await;
    ///         journal.lock().unwrap().push(entry);
    ///     });
    /// }
    /// queue.flush().await;
    /// assert!(journal.lock().unwrap().is_sorted());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn ordered(self, yes: bool) -> Self {
        self.with(|attributes| attributes.ordered = yes)
    }

    /// Does the queue's work go before all other? Then it has pools of its own, shared with other such
    /// queues alone, so that it never waits behind what others have queued. Their threads are as
    /// favoured as the system permits: at niceness -20 for a process that may do so, and otherwise as
    /// the others. Default: no.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("heartbeats").high_priority(true).build()?;
    /// queue.spawn(async { /* soon, however much else there is */ }).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn high_priority(self, yes: bool) -> Self {
        self.with(|attributes| attributes.high_priority = yes)
    }

    /// Do tasks stay on the CPU that queues them, or on the one that
    /// [`spawn_on`](WorkQueue::spawn_on) names? They run on the pools of
    /// [`Handle::spawn_on`], one task at a time on each CPU. Default: no.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::topology::allowed_cpus;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("counters").percpu(true).build()?;
    /// for cpu in &allowed_cpus()? {
    ///     queue.spawn_on(cpu, async { /* sum up what this CPU has counted */ })?;
    /// }
    /// queue.flush().await;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn percpu(self, yes: bool) -> Self {
        self.with(|attributes| attributes.percpu = yes)
    }

    /// Has the queue to get on although the system gives no more threads? Then it has pools of its own,
    /// which it shares with no other queue, and in each of them a thread that [`build`](Self::build) has
    /// made and that stays as long as the queue does. Work of other queues that needs a thread fails
    /// with the system's error when there is none to be had and none left; this one's waits for the
    /// reserved thread, closures of [`spawn_blocking`](WorkQueue::spawn_blocking) included. Default: no.
    ///
    /// It is for the work without which a program in want of threads would not get out of it again:
    /// writing back what it holds, closing what it has open. With the scope
    /// [`System`](AffinityScope::System) there is one pool, and so one thread. (In the kernel such a
    /// queue has a *rescuer*. What begins while threads are refused is counted as
    /// [`rescued`](crate::workqueue::QueueMetrics::rescued).)
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::topology::AffinityScope;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("write-back")
    ///     .mem_reclaim(true)
    ///     .affinity_scope(AffinityScope::System)
    ///     .build()?;
    /// assert_eq!(queue.spawn_blocking(|| "written").await?, "written");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn mem_reclaim(self, yes: bool) -> Self {
        self.with(|attributes| attributes.mem_reclaim = yes)
    }

    /// Builds the queue on the current runtime.
    ///
    /// # Errors
    ///
    /// As [`build_on`](Self::build_on).
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let queue = WorkQueue::builder("mail").build()?;
    /// let taken = WorkQueue::builder("mail").build().unwrap_err();
    /// assert_eq!(taken.kind(), std::io::ErrorKind::AlreadyExists);
    /// drop(queue);
    /// WorkQueue::builder("mail").build()?;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn build(self) -> io::Result<WorkQueue> {
        self.build_on(&Handle::current())
    }

    /// Builds the queue on the handle's runtime.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if an attribute is out of bounds or contradicts
    /// another, [`AlreadyExists`](io::ErrorKind::AlreadyExists) if a queue of the runtime has the name,
    /// [`Unsupported`](io::ErrorKind::Unsupported) on a current-thread runtime,
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if the system does not permit the
    /// niceness; what else the system says, if it gives no thread to try that or to be
    /// [reserved](Self::mem_reclaim), or no event queue for new pools. The error says what would be accepted.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Runtime;
    /// use fastwake::workqueue::WorkQueue;
    ///
    /// let runtime = Runtime::new()?;
    /// let queue = WorkQueue::builder("ingest").build_on(runtime.handle())?;
    /// let task = queue.spawn(async { 5 });
    /// assert_eq!(runtime.block_on(task)?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn build_on(self, handle: &Handle) -> io::Result<WorkQueue> {
        let Self { name, attributes } = self;
        attributes::check_name(&name)?;
        if handle.runtime_flavor() == RuntimeFlavor::CurrentThread {
            let text = format!(
                "the work queue \"{name}\" needs worker threads, and a current-thread runtime has none; \
                 use `Builder::new_multi_thread`, with one worker if need be, or a `JoinSet`"
            );
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        let lane = attributes.lane(&name, handle.group())?;
        let queue = Shared::new(name.into_boxed_str(), attributes, lane, handle.clone());
        let queue = Arc::new(queue);
        let listed = Arc::downgrade(&queue);
        handle.queues().enter(listed, &queue.name)?;
        Ok(WorkQueue::new(queue))
    }
}
