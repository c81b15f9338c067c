#![forbid(unsafe_code)]
//! Instructions of a row, counted by callgrind, which runs one thread at a time: what is counted is
//! the way through the code, not how the threads meet.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::peer::Which;
use crate::spread::Spread;
use crate::workload::{Row, Setting};

use super::{CALLGRIND, Instructions, Rounds, arguments};

/// The rows that are short paths through a runtime, and operations for the smaller run: so many that
/// it takes about a second.
const ROWS: [(&str, usize); 8] = [
    ("spawn-worker", 20_000),
    ("spawn-chain", 20_000),
    ("spawn-outside", 20_000),
    ("spawn-batch", 20_000),
    ("yield", 100_000),
    ("ping-pong", 20_000),
    ("ping-pong-64", 19_200),
    ("wake-latency", 500),
];
/// So many times as many operations in the larger run.
const LARGER: usize = 3;
const ROUNDS: u32 = 3;

/// Who is asked.
const PEERS: [Which; 2] = [Which::Fastwake, Which::Tokio];

fn operations(row: &Row) -> Option<usize> {
    let found = ROWS.iter().find(|(name, _)| *name == row.name);
    found.map(|&(_, operations)| operations)
}

/// Is it such a row?
pub(super) fn asked_of(row: &Row) -> bool {
    operations(row).is_some()
}

/// Counts round by round, as many as have room in `share`. Nothing for a row that is not asked.
pub(super) fn count(
    workload: &Path,
    row: &Row,
    workers: usize,
    share: Duration,
) -> io::Result<BTreeMap<String, Instructions>> {
    let Some(small) = operations(row) else {
        return Ok(BTreeMap::new());
    };
    let large = LARGER * small;
    let run = |which, operations| {
        let setting = Setting {
            workers,
            operations,
        };
        let said = CALLGRIND.watch(workload, &arguments(which, row, setting))?;
        collected(&said).ok_or_else(|| io::Error::other("callgrind does not say what it collected"))
    };
    let mut values = PEERS.map(|_| Vec::new());
    let mut rounds = Rounds::start(share);
    while rounds.another(ROUNDS) {
        for (which, values) in PEERS.into_iter().zip(&mut values) {
            let more = run(which, large)? as f64 - run(which, small)? as f64;
            values.push(more / (large - small) as f64);
        }
    }
    let of = |(which, values): (Which, Vec<f64>)| {
        let instructions = Instructions {
            operations: (small, large),
            per_operation: Spread::of(values),
        };
        (which.name().to_owned(), instructions)
    };
    Ok(PEERS.into_iter().zip(values).map(of).collect())
}

/// The number in callgrind's summary.
fn collected(said: &str) -> Option<u64> {
    let line = said
        .lines()
        .find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_one_that_was_collected() {
        let said = "==9536== Callgrind, a call-graph generating cache profiler\n\
                    ==9536== Command: workload fastwake yield 10000\n\
                    ==9536== \n\
                    ==9536== Events    : Ir\n\
                    ==9536== Collected : 14719723\n\
                    ==9536== \n\
                    ==9536== I   refs:      14,719,723\n";
        assert_eq!(collected(said), Some(14_719_723));
        assert_eq!(collected("==1== Events    : Ir\n"), None);
        assert_eq!(collected("==1== Collected : \n"), None);
    }

    #[test]
    fn the_rows_that_are_asked_exist() {
        for (name, _) in ROWS {
            assert!(Row::named(name).is_some(), "{name}");
        }
    }
}
