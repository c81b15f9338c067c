//! The counterpart of `affinity.rs` for systems where threads cannot choose their CPUs.
//!
//! Placement is a matter of speed alone, so what cannot be done counts as done.

#![forbid(unsafe_code)]

use std::io;
use std::thread::available_parallelism;

use super::CpuSet;

/// Where this system describes its CPUs: nowhere.
pub(super) const SYSFS: Option<&str> = None;

/// The CPUs that the calling thread may run on.
///
/// Here it is as many CPUs as [`available_parallelism`] reports, numbered from 0. On Linux it is
/// the affinity mask of the calling thread, which the cpuset of its cgroup narrows, too.
///
/// # Examples
///
/// ```
/// let allowed = fastwake::topology::allowed_cpus()?;
/// println!("{} CPUs to run on: {allowed}", allowed.len());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the system does not tell how many CPUs there are.
pub fn allowed_cpus() -> io::Result<CpuSet> {
    let cpus = available_parallelism()?.get().min(CpuSet::MAX_CPUS);
    Ok((0..cpus).collect())
}

/// Does nothing: threads stay where the system puts them.
///
/// # Errors
///
/// None; on Linux there are.
pub(crate) fn set_current_thread(_cpus: &CpuSet) -> io::Result<()> {
    Ok(())
}

/// The CPU this thread runs on, which is not known here.
pub(crate) fn current_cpu() -> Option<usize> {
    None
}

/// Does nothing: threads keep the priority they have.
///
/// # Errors
///
/// None; on Linux there are.
pub(crate) fn set_current_thread_nice(_nice: i32) -> io::Result<()> {
    Ok(())
}

/// The niceness of the calling thread: unknown here, and never changed.
pub(crate) fn current_thread_nice() -> io::Result<i32> {
    Ok(0)
}
