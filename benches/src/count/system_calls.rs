#![forbid(unsafe_code)]
//! System calls of a row, counted by strace.
//!
//! strace holds a thread up at each system call, so a wake-up takes longer than it does alone, and more
//! of them coalesce; all contestants are held up alike.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::peer::Which;
use crate::spread::Spread;
use crate::workload::{Row, Setting};

use super::trace::{Kinds, of_last_run};
use super::{Rounds, STRACE, SystemCalls, arguments};

/// Operations in a run, where the row has more.
const MOST: usize = 10_000;
/// A round as small as this shows how long a whole one will take.
const PART: usize = 10;
const ROUNDS: u32 = 11;

/// What each contestant's run made.
type Round = BTreeMap<String, Kinds>;

/// Counts round by round, as many as have room in `share`. If not even one has, with a tenth of the
/// operations.
pub(super) fn count(
    workload: &Path,
    row: &Row,
    workers: usize,
    share: Duration,
) -> io::Result<BTreeMap<String, SystemCalls>> {
    let mut peers: Vec<Which> = Which::ALL
        .into_iter()
        .filter(|which| row.peers.contains(which))
        .collect();
    let whole = row.operations.min(MOST);
    let mut setting = Setting {
        workers,
        operations: whole.div_ceil(PART),
    };
    let started = Instant::now();
    let small = round(workload, row, &peers, setting)?;
    let mut all = Vec::new();
    if started.elapsed() * PART as u32 <= share {
        setting.operations = whole;
    } else {
        all.push(small);
    }
    let left = share.saturating_sub(started.elapsed());
    let mut rounds = Rounds::start(left);
    while rounds.another(ROUNDS) {
        peers.rotate_left(1);
        all.push(round(workload, row, &peers, setting)?);
    }
    let of = |which: &Which| {
        let runs: Vec<&Kinds> = all.iter().map(|round| &round[which.name()]).collect();
        (which.name().to_owned(), summary(&runs, setting.operations))
    };
    Ok(peers.iter().map(of).collect())
}

fn round(workload: &Path, row: &Row, peers: &[Which], setting: Setting) -> io::Result<Round> {
    let run = |&which: &Which| {
        let mut arguments = arguments(which, row, setting);
        arguments.insert(0, "warm".to_owned());
        let log = STRACE.watch(workload, &arguments)?;
        let runs = if row.warm_up { 2 } else { 1 };
        let kinds = of_last_run(&log, runs);
        let kinds = kinds.ok_or_else(|| io::Error::other("no stopwatch is seen in its trace"))?;
        Ok((which.name().to_owned(), kinds))
    };
    peers.iter().map(run).collect()
}

fn summary(runs: &[&Kinds], operations: usize) -> SystemCalls {
    let each = |count: usize| count as f64 / operations as f64;
    let total = runs.iter().map(|kinds| each(kinds.values().sum()));
    let median = |kind: &String| {
        let counts = runs
            .iter()
            .map(|kinds| each(kinds.get(kind).copied().unwrap_or(0)));
        (kind.clone(), Spread::of(counts).median)
    };
    let mut kinds: Vec<String> = runs
        .iter()
        .flat_map(|kinds| kinds.keys().cloned())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut kinds: Vec<(String, f64)> = kinds.iter().map(median).collect();
    // What only a few runs have done is not usual.
    kinds.retain(|&(_, count)| count > 0.0);
    kinds.sort_by(|one, other| other.1.total_cmp(&one.1));
    SystemCalls {
        operations,
        total: Spread::of(total),
        kinds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(counts: &[(&str, usize)]) -> Kinds {
        let owned = |&(kind, count): &(&str, usize)| (kind.to_owned(), count);
        counts.iter().map(owned).collect()
    }

    #[test]
    fn the_most_frequent_come_first_and_the_unusual_not_at_all() {
        let runs = [
            kinds(&[("futex wake", 10), ("epoll_wait", 30)]),
            kinds(&[("futex wake", 20), ("epoll_wait", 40), ("mmap", 9)]),
            kinds(&[("futex wake", 30), ("epoll_wait", 50)]),
        ];
        let runs: Vec<&Kinds> = runs.iter().collect();
        let summary = summary(&runs, 10);
        assert_eq!(summary.total.median, 6.9);
        assert_eq!(summary.total.min, 4.0);
        let expected = [
            ("epoll_wait".to_owned(), 4.0),
            ("futex wake".to_owned(), 2.0),
        ];
        assert_eq!(summary.kinds, expected);
    }
}
