#![forbid(unsafe_code)]
//! What a queue has done, for the user.

use std::time::Duration;

use crate::topology::{AffinityScope, CpuSet};

use super::attributes::Attributes;
use super::ledger::{Counts, Standing};
use super::shared::Shared;

/// A work queue at one moment: its attributes, how it stands, and its counts since it was built.
///
/// From [`WorkQueue::metrics`](super::WorkQueue::metrics), and for all queues of a runtime from
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
    /// How long its tasks have been polled, all together. A task that has had less than a millisecond
    /// since it was last counted is not in it before it ends.
    pub busy: Duration,
}

impl QueueMetrics {
    pub(super) fn of(queue: &Shared) -> Self {
        let settings = queue.settings().clone();
        Self::new(queue, settings, queue.standing())
    }

    /// For reports, which must not wait: `None` if one of the queue's locks is held.
    fn try_of(queue: &Shared) -> Option<Self> {
        let settings = queue.try_settings()?.clone();
        Some(Self::new(queue, settings, queue.try_standing()?))
    }

    fn new(queue: &Shared, settings: Attributes, standing: Standing) -> Self {
        let runtimes = queue.handle.group().default_attributes();
        let Attributes {
            scope,
            strict,
            cpus,
            nice,
            max_active: _,
            cpu_intensive,
            ordered,
            high_priority,
            percpu,
            mem_reclaim,
        } = settings;
        let Standing {
            max_active,
            paused,
            draining,
            active,
            inactive,
            queued,
            counts,
        } = standing;
        let Counts {
            started,
            completed,
            panicked,
            cancelled,
            refused,
        } = counts;
        let in_pods = !percpu && !cpu_intensive;
        Self {
            name: queue.name.to_string(),
            affinity_scope: in_pods.then(|| scope.unwrap_or(runtimes.scope)),
            affinity_strict: percpu || in_pods && strict.unwrap_or(runtimes.strict),
            cpus: cpus.unwrap_or(runtimes.cpus),
            nice: nice.unwrap_or(0),
            ordered,
            high_priority,
            cpu_intensive,
            percpu,
            mem_reclaim,
            max_active,
            paused,
            draining,
            active,
            inactive,
            queued,
            started,
            completed,
            panicked,
            cancelled,
            refused,
            busy: queue.busy(),
        }
    }
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
    pub(super) fn of(queue: &Shared) -> Self {
        Self {
            name: queue.name.to_string(),
            metrics: QueueMetrics::try_of(queue),
        }
    }

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
