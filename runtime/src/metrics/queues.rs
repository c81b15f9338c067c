#![forbid(unsafe_code)]
//! The work queues of a runtime, by their names, and what is told of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult, Weak};
use std::time::Duration;
use std::{fmt, io};

use crate::topology::{AffinityScope, CpuSet};

/// A work queue at one moment: its attributes, how it stands, and its counts since it was built.
///
/// From [`WorkQueue::metrics`](crate::workqueue::WorkQueue::metrics), and for all queues of a runtime from
/// [`RuntimeMetrics::queues`](crate::runtime::RuntimeMetrics::queues).
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// use fastwake::workqueue::WorkQueue;
///
/// let queue = WorkQueue::builder("thumbnails").max_active(4).build()?;
/// queue.spawn(async {}).await.unwrap();
/// queue.flush().await;
/// let metrics = queue.metrics();
/// assert_eq!((metrics.max_active, metrics.active, metrics.inactive), (4, 0, 0));
/// assert_eq!((metrics.queued, metrics.started, metrics.completed), (1, 1, 1));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueueMetrics {
    /// The queue's name.
    pub name: String,
    /// Which CPUs share a pool; `None` if its pools are bound to CPUs or for CPU-intensive work.
    pub affinity_scope: Option<AffinityScope>,
    /// Do its tasks stay in their pod, or on their CPU?
    pub affinity_strict: bool,
    /// The CPUs that it may use.
    pub cpus: CpuSet,
    /// By how much nicer its threads were asked to be than the runtime's others.
    pub nice: i32,
    /// Does it run one task at a time, in the order of their submission?
    pub ordered: bool,
    /// Has it pools of its own, as favoured as the system permits?
    pub high_priority: bool,
    /// Is it for tasks that compute for long?
    pub cpu_intensive: bool,
    /// Do its tasks stay on the CPU that queued them?
    pub percpu: bool,
    /// Has it pools of its own, each with a thread that is always there?
    pub mem_reclaim: bool,
    /// How many tasks may be active at once.
    pub max_active: usize,
    /// Is it paused?
    pub paused: bool,
    /// Has it begun to be drained?
    pub draining: bool,
    /// Tasks that have been given a slot and have not ended.
    pub active: usize,
    /// Tasks that wait for a slot.
    pub inactive: usize,
    /// Tasks that have been let in.
    pub queued: u64,
    /// Tasks that have been given a slot.
    pub started: u64,
    /// Tasks that gave an output.
    pub completed: u64,
    /// Tasks that panicked.
    pub panicked: u64,
    /// Tasks that ended otherwise: aborted, cancelled, dropped by a shutdown, or for want of a thread.
    pub cancelled: u64,
    /// Tasks that were not let in, because the queue had begun to be drained.
    pub refused: u64,
    /// Tasks of a `mem_reclaim` queue that began while the system gave their pool no more threads. (In
    /// the kernel it is the rescuer that runs such.)
    pub rescued: u64,
    /// How long its tasks have been polled, all together. A task that has had less than a millisecond
    /// since it was last counted is not in it before it ends.
    pub busy: Duration,
}

/// A work queue at one moment; part of a [`Dump`](crate::runtime::dump::Dump).
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// use fastwake::WorkQueue;
/// use fastwake::runtime::Handle;
///
/// let _mail = WorkQueue::builder("mail").build()?;
/// for queue in Handle::current().dump().queues.unwrap_or_default() {
///     let active = queue.metrics.map(|metrics| metrics.active);
///     println!("{}: {active:?} tasks under way", queue.name);
/// }
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueueDump {
    /// The queue's name.
    pub name: String,
    /// Its attributes, how it stands, and what it has done. `None` if one of its locks was held just
    /// then.
    pub metrics: Option<QueueMetrics>,
}

impl QueueDump {
    /// Was one of its locks held, so that only its name is known?
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let _mail = fastwake::WorkQueue::builder("mail").build()?;
    /// for queue in fastwake::runtime::Handle::current().dump().queues.unwrap_or_default() {
    ///     assert_eq!(queue.is_busy(), queue.metrics.is_none());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.metrics.is_none()
    }
}

/// A queue, as those see it who tell of it.
pub(crate) trait Listed: Send + Sync {
    fn name(&self) -> &str;

    fn metrics(&self) -> QueueMetrics;

    /// Without waiting: `None` if one of the queue's locks is held.
    fn try_metrics(&self) -> Option<QueueMetrics>;
}

/// The guard of a lock that was not held; that a panic has passed through it is no matter here.
pub(crate) fn unless_held<T>(guard: TryLockResult<T>) -> Option<T> {
    match guard {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Holds a name as long as its queue has a handle or a task.
#[derive(Default)]
pub(crate) struct Queues(Mutex<BTreeMap<Box<str>, Weak<dyn Listed>>>);

impl Queues {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Weak<dyn Listed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a new queue.
    ///
    /// # Errors
    ///
    /// If a queue that lives has its name.
    pub(crate) fn enter(&self, queue: Weak<dyn Listed>, name: &str) -> io::Result<()> {
        match self.lock().entry(name.into()) {
            Entry::Vacant(place) => {
                place.insert(queue);
            }
            Entry::Occupied(_) => {
                let text = format!(
                    "this runtime has a work queue called \"{name}\" already; clone that one, or choose \
                     another name (a name is free again when all handles and all tasks of its queue \
                     are gone)",
                );
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
        }
        Ok(())
    }

    /// Takes a queue out, unless that has been done.
    pub(crate) fn remove(&self, queue: &dyn Listed) {
        let mut queues = self.lock();
        let own = |entry: &Weak<dyn Listed>| std::ptr::addr_eq(entry.as_ptr(), queue);
        if queues.get(queue.name()).is_some_and(own) {
            queues.remove(queue.name());
        }
    }

    /// In the order of their names.
    pub(crate) fn metrics(&self) -> Vec<QueueMetrics> {
        // Not used under the lock: one of them may turn out to be its queue's last owner.
        let queues: Vec<Arc<dyn Listed>> = self.lock().values().filter_map(Weak::upgrade).collect();
        queues.iter().map(|queue| queue.metrics()).collect()
    }

    /// As [`metrics`](Self::metrics), without waiting for those who change something; `None` if a
    /// queue comes or goes just then.
    pub(crate) fn dump(&self) -> Option<Vec<QueueDump>> {
        let guard = unless_held(self.0.try_lock())?;
        let queues: Vec<Arc<dyn Listed>> = guard.values().filter_map(Weak::upgrade).collect();
        // As above. A last owner waits for this lock, behind nobody but those who look a name up.
        drop(guard);
        let dump = |queue: &Arc<dyn Listed>| QueueDump {
            name: queue.name().to_owned(),
            metrics: queue.try_metrics(),
        };
        Some(queues.iter().map(dump).collect())
    }
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The formatter is the user's, and so not used under the lock.
        let names: Vec<Box<str>> = self.lock().keys().cloned().collect();
        f.debug_set().entries(names).finish()
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use crate::runtime::Runtime;
    use crate::workqueue::WorkQueue;

    #[test]
    fn a_dump_does_not_wait_while_queues_come_and_go() {
        let runtime = Runtime::new().unwrap();
        let handle = runtime.handle();
        let _mail = WorkQueue::builder("mail").build_on(handle).unwrap();
        let held = handle.queues().lock();
        let dump = handle.dump();
        assert!(dump.queues.is_none());
        assert!(
            dump.to_string()
                .contains("Work queues\n===========\nbusy\n")
        );
        assert!(dump.to_json().contains(r#""queues":null,"#));
        drop(held);
        assert_eq!(handle.dump().queues.unwrap().len(), 1);
    }
}
