//! Which CPUs there are, and which of them belong together.
//!
//! [`Topology`] is the machine as the runtime sees it: for each [`AffinityScope`] the CPUs fall
//! into pods, every CPU into exactly one. On Linux it comes from sysfs and from the CPUs this
//! thread is allowed to run on; what sysfs does not tell makes pods coarser, never an error.

mod cgroup;
mod cpu_set;
mod facts;
mod machine;
mod parse;
mod pods;
mod scope;
mod sysfs;

#[cfg(all(target_os = "linux", not(fastwake_portable)))]
mod affinity;
#[cfg(not(all(target_os = "linux", not(fastwake_portable))))]
#[path = "affinity_portable.rs"]
mod affinity;

#[cfg(test)]
mod testing;

pub use self::affinity::allowed_cpus;
pub use self::cpu_set::{CpuSet, Iter};
pub use self::machine::Topology;
pub use self::parse::ParseCpuSetError;
pub use self::scope::{AffinityScope, ParseAffinityScopeError};

pub(crate) use self::affinity::{
    current_cpu, current_thread_nice, set_current_thread, set_current_thread_nice,
};
pub(crate) use self::cgroup::available_workers;
