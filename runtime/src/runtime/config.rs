#![forbid(unsafe_code)]
//! What the environment says, and whether what was asked for can be had.

use std::env::{self, VarError};
use std::io;
use std::ops::RangeInclusive;
#[cfg(unix)]
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process;
use std::sync::Arc;
use std::time::Duration;

#[cfg(unix)]
use super::Id;
use crate::topology::{AffinityScope, CpuSet, Topology, available_workers};

pub(super) const WORKER_THREADS: &str = "FASTWAKE_WORKER_THREADS";
pub(super) const LONG_POLL: &str = "FASTWAKE_LONG_POLL_US";
pub(super) const AFFINITY_SCOPE: &str = "FASTWAKE_AFFINITY_SCOPE";
#[cfg(unix)]
pub(super) const INSPECT: &str = "FASTWAKE_INSPECT";

/// As many workers as a runtime may have: one for each CPU of the largest machine that Linux is
/// configured for. Many more, and a process runs out of memory mappings for their stacks.
/// Polls that are shorter are common, and each would take a thread.
pub(super) const LEAST_LONG_POLL: Duration = Duration::from_millis(1);

pub(super) const WORKERS: RangeInclusive<usize> = 1..=8_192;

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// A variable's value, if it is set.
fn variable(name: &str) -> io::Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(value)) => Err(invalid(format!(
            "{name} is {value:?}, which is not text; set or unset it"
        ))),
    }
}

/// How many workers: what the code says, or the environment, or the machine.
pub(super) fn worker_threads(code: Option<usize>, cpus: &CpuSet) -> io::Result<usize> {
    if let Some(workers) = code {
        return Ok(workers);
    }
    let Some(value) = variable(WORKER_THREADS)? else {
        return Ok(available_workers(cpus));
    };
    let workers = value
        .trim()
        .parse()
        .ok()
        .filter(|workers| WORKERS.contains(workers));
    workers.ok_or_else(|| {
        invalid(format!(
            "{WORKER_THREADS} is {value:?}; it must be a whole number from {} to {}, or unset for \
             one worker per CPU",
            WORKERS.start(),
            WORKERS.end(),
        ))
    })
}

/// Which scope: what the code says, or the environment, or the default.
pub(super) fn affinity_scope(code: Option<AffinityScope>) -> io::Result<AffinityScope> {
    if let Some(scope) = code {
        return Ok(scope);
    }
    match variable(AFFINITY_SCOPE)? {
        None => Ok(AffinityScope::default()),
        Some(value) => value.trim().parse().map_err(|_| {
            let scopes = AffinityScope::ALL.map(AffinityScope::as_str).join(", ");
            invalid(format!(
                "{AFFINITY_SCOPE} is {value:?}; it must be one of {scopes}, or unset for {}",
                AffinityScope::default().as_str()
            ))
        }),
    }
}

/// From when on a poll is a long one: what the code says, or the environment, or the workqueue's 10 ms.
pub(super) fn long_poll(code: Option<Duration>) -> io::Result<Duration> {
    if let Some(threshold) = code {
        return Ok(threshold);
    }
    let Some(value) = variable(LONG_POLL)? else {
        return Ok(Duration::from_millis(10));
    };
    let threshold = value.trim().parse().ok().map(Duration::from_micros);
    threshold
        .filter(|threshold| *threshold >= LEAST_LONG_POLL)
        .ok_or_else(|| {
            invalid(format!(
                "{LONG_POLL} is {value:?}; it must be a whole number of microseconds, {} at least, or \
                 unset for 10000",
                LEAST_LONG_POLL.as_micros()
            ))
        })
}

/// Where the runtime listens for those who want to look into it: where the code says or, for each
/// runtime on its own, in the folder that the environment says.
#[cfg(unix)]
pub(super) fn inspection(code: Option<&Path>, id: Id) -> io::Result<Option<PathBuf>> {
    if let Some(path) = code {
        return Ok(Some(path.to_owned()));
    }
    let Some(folder) = env::var_os(INSPECT) else {
        return Ok(None);
    };
    if !Path::new(&folder).is_dir() {
        return Err(invalid(format!(
            "{INSPECT} is {folder:?}; it must be a folder that exists, for sockets named \
             PROCESS.RUNTIME, or unset for none"
        )));
    }
    let name = format!("{}.{id}", process::id());
    Ok(Some(Path::new(&folder).join(name)))
}

/// The part of the machine that the runtime may use.
pub(super) fn machine(cpus: Option<&CpuSet>) -> io::Result<Arc<Topology>> {
    let machine = Topology::remembered();
    let Some(cpus) = cpus else { return Ok(machine) };
    let allowed = machine.cpus();
    if cpus.is_empty() {
        return Err(invalid(format!(
            "the runtime's CPU set is empty; it must have at least one of the CPUs that this \
             process may use: {allowed}"
        )));
    }
    let foreign = cpus.difference(allowed);
    if !foreign.is_empty() {
        return Err(invalid(format!(
            "the runtime's CPU set is {cpus}, but this process may not use {foreign}; choose \
             among {allowed}"
        )));
    }
    Ok(Arc::new(machine.restricted_to(cpus)))
}
