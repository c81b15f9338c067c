#![forbid(unsafe_code)]
//! What a runtime has done so far, for the user.

use crate::metrics::{BlockingMetrics, PoolKind, PoolMetrics, WorkerParks};

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
    handle: Handle,
}

impl RuntimeMetrics {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// The pools: those of the pods, then the one for CPU-intensive work, then the per-CPU ones
    /// that have been used.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolMetrics> {
        let inner = self.handle.inner();
        let own = inner.current_thread.iter();
        let own = own.map(|scheduler| scheduler.metrics());
        own.chain(inner.group.metrics()).collect()
    }

    /// How many workers the pods' pools run at once; 1 for a current-thread runtime.
    #[must_use]
    pub fn num_workers(&self) -> usize {
        match self.handle.runtime_flavor() {
            RuntimeFlavor::CurrentThread => 1,
            RuntimeFlavor::MultiThread => self.handle.inner().group.workers(),
        }
    }

    /// How many tasks have been polled and are not complete.
    #[must_use]
    pub fn num_suspended_tasks(&self) -> usize {
        self.pools().iter().map(|pool| pool.suspended_tasks).sum()
    }

    /// How many tasks wait on the pools' worklists.
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
    #[track_caller]
    #[must_use]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        let WorkerParks { parks, unparks } = self.worker(worker);
        parks + unparks
    }

    #[track_caller]
    fn worker(&self, worker: usize) -> WorkerParks {
        let has_numbers =
            |pool: &PoolMetrics| matches!(pool.kind, PoolKind::Unbound | PoolKind::CurrentThread);
        let mut workers = self
            .pools()
            .into_iter()
            .filter(has_numbers)
            .flat_map(|pool| pool.by_worker);
        match workers.nth(worker) {
            Some(parks) => parks,
            None => panic!(
                "there is no worker {worker}: the runtime has {}, numbered from 0",
                self.num_workers()
            ),
        }
    }

    /// The threads for blocking closures.
    #[must_use]
    pub fn blocking(&self) -> BlockingMetrics {
        self.handle.inner().blocking.metrics()
    }
}
