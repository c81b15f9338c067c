#![forbid(unsafe_code)]
//! The counts at one moment, for the user.

use std::ops::AddAssign;
use std::time::Duration;

use super::WorkerCounters;
use crate::topology::CpuSet;

/// What a pool is for.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::{PoolKind, Runtime};
///
/// let runtime = Runtime::new()?;
/// let metrics = runtime.metrics();
/// let pods = metrics.pools().into_iter().filter(|pool| pool.kind == PoolKind::Unbound);
/// assert_eq!(pods.map(|pool| pool.workers).sum::<usize>(), metrics.num_workers());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolKind {
    /// Serves a pod: a group of CPUs under the affinity scope of the runtime, or of a
    /// [work queue](crate::workqueue).
    Unbound,
    /// Bound to one CPU, for [`Handle::spawn_on`](crate::runtime::Handle::spawn_on).
    PerCpu,
    /// Runs CPU-intensive work at a lower priority, for
    /// [`spawn_cpu_intensive`](crate::task::spawn_cpu_intensive).
    CpuIntensive,
    /// The single thread of a current-thread runtime, while it is in `block_on`.
    CurrentThread,
}

/// One pool's counts, since the runtime began. They are read one after the other while the pool
/// works, so they need not agree to the last task.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// runtime.block_on(runtime.spawn(async {})).unwrap();
/// let pools = runtime.metrics().pools();
/// for pool in &pools {
///     println!("CPUs {}: {} polls, {} wakes", pool.cpus, pool.polls, pool.wakes);
/// }
/// assert!(pools.iter().any(|pool| pool.polls > 0));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolMetrics {
    /// What the pool is for.
    pub kind: PoolKind,
    /// Its CPUs.
    pub cpus: CpuSet,
    /// Are its workers pinned to them?
    pub strict: bool,
    /// How many workers may run at once.
    pub workers: usize,
    /// How many threads it has; `None` if its lock was held just then.
    pub threads: Option<usize>,
    /// How many workers run tasks or look for some; `None` if the lock was held.
    pub running_workers: Option<usize>,
    /// How many sleep; `None` if the lock was held.
    pub idle_workers: Option<usize>,
    /// Tasks spawned on the pool, or by one of its workers.
    pub tasks_spawned: u64,
    /// Tasks polled for the first time.
    pub tasks_started: u64,
    /// Tasks that gave an output, panicked or were dropped by a worker in its turn.
    pub tasks_completed: u64,
    /// Tasks dropped otherwise: by a shutdown, or because the system gave no thread.
    pub tasks_dropped: u64,
    /// Polls.
    pub polls: u64,
    /// Idle workers chosen, under the lock, to be woken after it.
    pub picks: u64,
    /// Those picks among them that were made by a worker that took work and left some.
    pub chain_kicks: u64,
    /// Work put down while the worker to be picked was on its way already: no pick.
    pub coalesced_kicks: u64,
    /// Wake-ups that made a system call.
    pub wakes: u64,
    /// Wake-ups that made none, because somebody else had woken the worker since it was picked.
    pub wakes_without_system_call: u64,
    /// Times that the pool was full and a neighbour was asked to come for its work.
    pub appeals: u64,
    /// Batches that its workers took from a sibling.
    pub steals_in_pod: u64,
    /// Batches that its workers took from another pool.
    pub steals_across_pods: u64,
    /// Workers that the kernel had moved out of the pod and that were sent back.
    pub repatriated: u64,
    /// Times that a worker went to sleep.
    pub parks: u64,
    /// Times that a worker woke and found that enough others ran.
    pub futile_wakes: u64,
    /// Polls that lasted longer than the threshold, whether or not they have been reported.
    pub long_polls: u64,
    /// Times that the pool had work for long and did not get on.
    pub stalls: u64,
    /// Local queues that were full and gave half to the worklist.
    pub overflows: u64,
    /// Workers that ended after their keep-alive.
    pub retired: u64,
    /// Threads that the system refused.
    pub refused_threads: u64,
    /// Tasks on the worklist now.
    pub worklist_depth: usize,
    /// Tasks in the workers' local queues now.
    pub local_queue_depth: usize,
    /// Tasks that have been polled and are not complete now.
    pub suspended_tasks: usize,
    /// Of each worker; those that stand in for a blocked one count with one that has its thread.
    pub(crate) by_worker: Vec<WorkerTimes>,
}

/// How often a worker has gone to sleep and woken, and for how long it was awake.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WorkerTimes {
    pub(crate) parks: u64,
    pub(crate) unparks: u64,
    pub(crate) busy: Duration,
}

impl WorkerTimes {
    /// From what the worker has counted, and whether it sleeps now.
    pub(crate) fn new(counters: &WorkerCounters, is_parked: bool) -> Self {
        let parks = counters.parks.get();
        Self {
            parks,
            unparks: parks.saturating_sub(u64::from(is_parked)),
            busy: Duration::from_nanos(counters.busy.get()),
        }
    }
}

impl AddAssign for WorkerTimes {
    fn add_assign(&mut self, other: Self) {
        self.parks += other.parks;
        self.unparks += other.unparks;
        self.busy += other.busy;
    }
}

impl PoolMetrics {
    /// All counts zero.
    pub(crate) fn new(kind: PoolKind, cpus: CpuSet, workers: usize) -> Self {
        Self {
            kind,
            cpus,
            strict: false,
            workers,
            threads: None,
            running_workers: None,
            idle_workers: None,
            tasks_spawned: 0,
            tasks_started: 0,
            tasks_completed: 0,
            tasks_dropped: 0,
            polls: 0,
            picks: 0,
            chain_kicks: 0,
            coalesced_kicks: 0,
            wakes: 0,
            wakes_without_system_call: 0,
            appeals: 0,
            steals_in_pod: 0,
            steals_across_pods: 0,
            repatriated: 0,
            parks: 0,
            futile_wakes: 0,
            long_polls: 0,
            stalls: 0,
            overflows: 0,
            retired: 0,
            refused_threads: 0,
            worklist_depth: 0,
            local_queue_depth: 0,
            suspended_tasks: 0,
            by_worker: vec![WorkerTimes::default(); workers],
        }
    }
}

/// The counts of the threads for blocking closures.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// runtime.block_on(runtime.spawn_blocking(|| "done")).unwrap();
/// let blocking = runtime.metrics().blocking();
/// assert_eq!((blocking.tasks_queued, blocking.tasks_started), (1, 1));
/// assert_eq!((blocking.threads_made, blocking.queue_depth), (1, 0));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct BlockingMetrics {
    /// Threads now; not those that poll a task which blocks.
    pub threads: usize,
    /// Threads that sleep now.
    pub idle_threads: usize,
    /// Closures that wait for a thread now.
    pub queue_depth: usize,
    /// Closures accepted since the runtime began.
    pub tasks_queued: u64,
    /// Closures that a thread has taken since.
    pub tasks_started: u64,
    /// Threads made since.
    pub threads_made: u64,
    /// Sleeping threads woken since.
    pub wakes: u64,
    /// Threads that the system refused since.
    pub refused_threads: u64,
}
