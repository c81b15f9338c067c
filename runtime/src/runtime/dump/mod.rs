#![forbid(unsafe_code)]
//! What a runtime looks like at one moment: its pods, its pools, their workers, its
//! work queues.
//!
//! [`Handle::dump`] answers what the Linux kernel's `wq_dump` does for work queues. It waits for no
//! lock of the scheduler, so it answers also when a pool is stuck.
//!
//! ```
//! let runtime = fastwake::runtime::Runtime::new()?;
//! println!("{}", runtime.handle().dump());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! To look into a runtime from another process, see [`Builder::inspect`](super::Builder::inspect).

mod json;
mod table;
mod text;

use std::collections::BTreeMap;
use std::process;

use super::{Handle, Id, RuntimeFlavor};
use crate::topology::{AffinityScope, CpuSet, Topology};

pub use crate::metrics::QueueDump;
pub use crate::metrics::{BlockingDump, DriverState, PoolDump, WorkerDump, WorkerState};
pub(super) use json::{write_blocking, write_pool, write_queues};

/// A runtime at one moment; from [`Handle::dump`].
///
/// Its parts are read one after the other while the runtime works, so they need not agree to the
/// last task. [`Display`](std::fmt::Display) prints tables, [`to_json`](Self::to_json) gives the same as JSON.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::Builder;
///
/// let runtime = Builder::new_multi_thread().worker_threads(2).name("ingest").build()?;
/// let dump = runtime.handle().dump();
/// assert_eq!(dump.name.as_deref(), Some("ingest"));
/// assert!(dump.to_string().contains("Worker pools"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Dump {
    /// The process.
    pub process: u32,
    /// Which runtime of the process it is.
    pub id: Id,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its kind.
    pub flavor: RuntimeFlavor,
    /// The CPUs that it may use.
    pub allowed_cpus: CpuSet,
    /// The scope that its pools are made for; `None` for a current-thread runtime, which has none.
    pub scope: Option<AffinityScope>,
    /// Are workers pinned to their pods?
    pub strict: bool,
    /// The pods under each scope.
    pub scopes: Vec<ScopeDump>,
    /// Its pools: those of the pods, then the one for CPU-intensive work, then the per-CPU ones that
    /// have been used.
    pub pools: Vec<PoolDump>,
    /// For each CPU the place in `pools` of the one where work goes that is spawned there. Pods are
    /// merged where there are fewer workers.
    pub pools_by_cpu: BTreeMap<usize, usize>,
    /// Its work queues that have a handle or a task, in the order of their names; `None` if one was
    /// coming or going just then.
    pub queues: Option<Vec<QueueDump>>,
    /// The threads for blocking closures.
    pub blocking: BlockingDump,
}

/// How one affinity scope groups the CPUs.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// let dump = runtime.handle().dump();
/// let default = dump.scopes.iter().find(|scope| scope.is_default).unwrap();
/// assert_eq!(default.scope, fastwake::topology::AffinityScope::default());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ScopeDump {
    /// The scope.
    pub scope: AffinityScope,
    /// Is it the one that runtimes have if nothing else is said?
    pub is_default: bool,
    /// Is it the one that this runtime's pools are made for?
    pub is_current: bool,
    /// Its pods.
    pub pods: Vec<PodDump>,
    /// For each CPU the place in `pods` of the one that it is in.
    pub pods_by_cpu: BTreeMap<usize, usize>,
}

/// A group of CPUs under an affinity scope.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// for pod in &runtime.handle().dump().scopes[0].pods {
///     println!("CPUs {} of memory nodes {:?}", pod.cpus, pod.nodes);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PodDump {
    /// Its CPUs.
    pub cpus: CpuSet,
    /// The memory nodes that these belong to, as far as the system has told.
    pub nodes: Vec<u32>,
}

impl Dump {
    /// The dump as JSON: an object with the names of these fields; durations are in nanoseconds, and
    /// sets of CPUs are text such as `0-3,8`. The member `version` is 1, and becomes 2 when something
    /// goes or changes its meaning; what is added does not change it.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// assert!(runtime.handle().dump().to_json().starts_with(r#"{"version":1,"#));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(self)
    }

    pub(super) fn new(handle: &Handle) -> Self {
        let inner = handle.inner();
        let group = &inner.group;
        let (scope, strict) = group.scope().unzip();
        let machine = group.machine();
        let own = inner.current_thread.iter();
        let own = own.map(|scheduler| scheduler.dump());
        Self {
            process: process::id(),
            id: inner.id,
            name: inner.name.clone(),
            flavor: handle.runtime_flavor(),
            allowed_cpus: machine.cpus().clone(),
            scope,
            strict: strict.unwrap_or(false),
            scopes: AffinityScope::ALL
                .map(|each| ScopeDump::new(machine, each, scope))
                .into(),
            pools: own.chain(group.dump()).collect(),
            pools_by_cpu: group.pools_by_cpu().collect(),
            queues: handle.queues().dump(),
            blocking: inner.blocking.dump(),
        }
    }
}

impl ScopeDump {
    fn new(machine: &Topology, scope: AffinityScope, current: Option<AffinityScope>) -> Self {
        let pod = |cpus: &CpuSet| PodDump {
            nodes: machine.nodes_of(cpus),
            cpus: cpus.clone(),
        };
        let place = |cpu| Some((cpu, machine.pod_of(scope, cpu)?));
        Self {
            scope,
            is_default: scope == AffinityScope::default(),
            is_current: Some(scope) == current,
            pods: machine.pods(scope).iter().map(pod).collect(),
            pods_by_cpu: machine.cpus().iter().filter_map(place).collect(),
        }
    }
}
