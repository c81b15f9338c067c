#![forbid(unsafe_code)]
//! What a runtime does that has nothing to do: its tasks wait, its timers are far off. The best is
//! nothing at all.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cost::{Cost, Stopwatch};
use crate::peer::{Fastwake, Peer, Smol, Tokio, TwoTokios, Which};

use super::STRACE;
use super::tool::run;
use super::trace::of_last_run;

/// What it is called among the rows.
pub const NAME: &str = "idle";

/// What it asks, and what would refute fastwake's claim.
pub const QUESTION: &str = "What does a runtime do that has nothing to do, with tasks that wait and timers \
    that are far off?\n    refuted by: anything at all: system calls, switches";

/// How long the runtime is watched.
pub const SECONDS: u64 = 2;

/// Tasks that wait for ever, and as many that sleep.
const TASKS: usize = 1_000;
/// The first timer is due then, each of the others a second later.
const FAR: Duration = Duration::from_secs(60);
/// Until each task has been polled and each worker sleeps, also under strace.
const SETTLING: Duration = Duration::from_millis(500);

/// What it did in that time, beside the one sleep of the thread that watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// How long it was watched, in seconds.
    pub seconds: u64,
    /// System calls by kind, the most frequent first; None if they could not be counted.
    pub system_calls: Option<Vec<(String, usize)>>,
    /// Voluntary context switches, in a run without strace.
    pub switches: f64,
    /// CPU time in nanoseconds, in a run without strace.
    pub cpu: f64,
}

/// Lets a runtime idle for that many seconds, and says what it cost, all in all.
#[must_use]
pub fn cost(which: Which, workers: usize, seconds: u64) -> Cost {
    match which {
        Which::Fastwake => cost_of::<Fastwake>(workers, seconds),
        Which::Tokio => cost_of::<Tokio>(workers, seconds),
        Which::Smol => cost_of::<Smol>(workers, seconds),
        Which::TwoTokios => cost_of::<TwoTokios>(workers, seconds),
    }
}

fn cost_of<P: Peer>(workers: usize, seconds: u64) -> Cost {
    let peer = P::build(workers);
    for n in 0..TASKS {
        drop(peer.spawn_from_outside(pending::<()>()));
        let due = FAR + Duration::from_secs(n as u64);
        drop(peer.spawn_from_outside(async move { P::sleep(due).await }));
    }
    thread::sleep(SETTLING);
    let stopwatch = Stopwatch::start();
    thread::sleep(Duration::from_secs(seconds));
    stopwatch.stop(1)
}

/// Watches each contestant, alone and, if `strace` works, once more under it.
pub(super) fn count(
    workload: &Path,
    workers: usize,
    strace: bool,
) -> io::Result<BTreeMap<String, Idle>> {
    let idle = |which: Which| {
        let seconds = SECONDS.to_string();
        let arguments = [which.name(), NAME, &seconds, &workers.to_string()].map(str::to_owned);
        let alone = run(&[], workload, &arguments)?;
        let cost: Cost = serde_json::from_slice(&alone.stdout)?;
        let system_calls = strace.then(|| system_calls(workload, &arguments));
        let idle = Idle {
            seconds: SECONDS,
            system_calls: system_calls.transpose()?,
            switches: (cost.switches - 1.0).max(0.0),
            cpu: cost.cpu,
        };
        Ok((which.name().to_owned(), idle))
    };
    Which::ALL.into_iter().map(idle).collect()
}

fn system_calls(workload: &Path, arguments: &[String]) -> io::Result<Vec<(String, usize)>> {
    let log = STRACE.watch(workload, arguments)?;
    let kinds = of_last_run(&log, 1);
    let mut kinds = kinds.ok_or_else(|| io::Error::other("no stopwatch is seen in its trace"))?;
    // The sleep of the thread that watches.
    if let Some(sleeps) = kinds.get_mut("clock_nanosleep") {
        *sleeps -= 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().filter(|&(_, count)| count > 0).collect();
    kinds.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    Ok(kinds)
}
