#![forbid(unsafe_code)]
//! What is printed.

use std::fs;
use std::thread;

use crate::compare::Round;
use crate::cost::Cost;
use crate::options::Options;
use crate::spread::Spread;
use crate::workload::Row;

/// The versions that were built are those of the lock file.
const LOCK_FILE: &str = include_str!("../../Cargo.lock");

fn version(package: &str) -> &str {
    let line = format!("name = \"{package}\"\nversion = \"");
    let found = LOCK_FILE
        .split_once(&line)
        .and_then(|(_, rest)| rest.split_once('"'));
    found.map_or("unknown", |(version, _)| version)
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {}", std::env::consts::OS, release.trim())
}

fn cpu_model() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    line.map_or("unknown CPU", |line| {
        line.trim_start_matches([' ', '\t', ':'])
    })
    .to_owned()
}

/// The system, its kernel, the processor, and how many CPUs of it may be used.
#[must_use]
pub fn machine() -> String {
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {}, {cpus} CPUs allowed", kernel(), cpu_model())
}

/// Says what was measured where, and how to read it.
pub fn print_header(options: &Options) {
    println!(
        "fastwake {}, tokio {}",
        version("fastwake"),
        version("tokio")
    );
    println!("{}", machine());
    let Options {
        rounds, workers, ..
    } = options;
    println!("{workers} workers, {rounds} rounds, each with a new runtime and a run to warm it up");
    if cfg!(debug_assertions) {
        println!("NOT OPTIMIZED: these numbers mean nothing");
    }
    println!();
    println!(
        "ns/op: median (least-greatest) of wall-clock time. ratio: tokio's time by fastwake's,"
    );
    println!("round by round: median (quartiles); above 1, fastwake is faster. A/A: the same for");
    println!("tokio by tokio. CPU: the ratio of CPU times. sw/1000: voluntary context switches in");
    println!("1000 operations, fastwake:tokio.");
    println!();
    println!(
        "{:<19} {:>22} {:>22} {:>17} {:>17} {:>5} {:>12}",
        "row", "fastwake ns/op", "tokio ns/op", "ratio", "A/A", "CPU", "sw/1000"
    );
}

/// Prints one row.
pub fn print_row(row: &Row, rounds: &[Round]) {
    let spread = |value: &dyn Fn(&Round) -> f64| Spread::of(rounds.iter().map(value));
    let nanoseconds = |contestant: fn(&Round) -> Cost| {
        let Spread {
            min, median, max, ..
        } = spread(&|round| contestant(round).wall);
        format!("{median:.0} ({min:.0}-{max:.0})")
    };
    let ratio = |of: fn(&Round) -> Cost, by: fn(&Round) -> Cost| {
        let Spread {
            lower,
            median,
            upper,
            ..
        } = spread(&|round| of(round).wall / by(round).wall);
        format!("{median:.2} ({lower:.2}-{upper:.2})")
    };
    let median = |value: &dyn Fn(&Round) -> f64| spread(value).median;
    let cpu = median(&|round| round.tokio.cpu) / median(&|round| round.fastwake.cpu);
    let switches =
        |contestant: fn(&Round) -> Cost| 1000.0 * median(&|round| contestant(round).switches);
    println!(
        "{:<19} {:>22} {:>22} {:>17} {:>17} {cpu:>5.2} {:>12}",
        row.name,
        nanoseconds(|round| round.fastwake),
        nanoseconds(|round| round.tokio),
        ratio(|round| round.tokio, |round| round.fastwake),
        ratio(|round| round.tokio, |round| round.tokio_again),
        format!(
            "{:.1}:{:.1}",
            switches(|r| r.fastwake),
            switches(|r| r.tokio)
        ),
    );
}

/// Prints what a row asks.
pub fn print_question(row: &Row) {
    println!("{}", row.name);
    println!("    {}", row.question);
    println!("    Refuted by {}.", row.refuted_by);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_known() {
        assert_eq!(version("fastwake"), env!("CARGO_PKG_VERSION"));
        assert!(version("tokio").starts_with("1."));
        assert_eq!(version("no-such-package"), "unknown");
    }
}
