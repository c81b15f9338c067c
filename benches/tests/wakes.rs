//! How many futex wakes does a burst of work cost? Counted by strace, over the whole process, on
//! fastwake and on tokio alike. The claim is refuted if fastwake issues more than tokio does for
//! 10,000 spawns into an idle runtime, or more than one in five for blocking closures.
//!
//! strace holds a thread up at each system call, so a wake-up takes longer than it does alone, and
//! more of them coalesce; both runtimes are held up alike.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const WORKLOAD: &str = env!("CARGO_BIN_EXE_workload");
const RUNS: usize = 11;

/// What tokio needs when a worker runs dry now and then. Whether it does is up to chance: with fewer
/// than this on both sides, the difference says nothing.
const USUAL: usize = 100;

/// The futex wakes of one run.
fn futex_wakes(peer: &str, row: &str, run: usize) -> usize {
    let name = format!("fastwake-wakes-{}-{peer}-{row}-{run}", std::process::id());
    let log: PathBuf = std::env::temp_dir().join(name);
    let status = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=futex", "-o"])
        .arg(&log)
        .args([WORKLOAD, peer, row])
        .stdout(Stdio::null())
        .status()
        .expect("strace was there a moment ago");
    assert!(status.success(), "{peer} {row} under strace: {status}");
    let text = fs::read_to_string(&log).expect("strace has written its log");
    // What remains is a file in the directory for temporary ones.
    let _ = fs::remove_file(&log);
    text.lines()
        .filter(|line| line.contains("futex(") && line.contains("FUTEX_WAKE"))
        .count()
}

/// The medians of a few runs of a row on these peers, which take turns.
fn medians_of_wakes<const N: usize>(peers: [&str; N], row: &str) -> [usize; N] {
    let mut counts = peers.map(|_| Vec::new());
    for run in 0..RUNS {
        for (peer, counts) in peers.iter().zip(&mut counts) {
            counts.push(futex_wakes(peer, row, run));
        }
    }
    counts.map(|mut counts| {
        counts.sort_unstable();
        counts[RUNS / 2]
    })
}

/// Past the test harness, which keeps to itself what a test prints that passes.
fn say_skipped(reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {reason}");
}

/// Is strace there, and does it work here (a sandbox may forbid it)? Says so if not.
fn strace_works() -> bool {
    let tried = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=none", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match tried {
        Ok(status) if status.success() => return true,
        Ok(status) => say_skipped(&format!("strace does not work here: {status}")),
        Err(error) => say_skipped(&format!("strace cannot be run: {error}")),
    }
    false
}

#[test]
fn ten_thousand_spawns_from_outside_cost_no_more_futex_wakes_than_on_tokio() {
    if cfg!(debug_assertions) {
        // The slower each spawn is, the oftener a worker has nothing left before the next one.
        return say_skipped("without optimization this would count how slow a spawn is");
    }
    if !strace_works() {
        return;
    }
    let [fastwake, tokio] = medians_of_wakes(["fastwake", "tokio"], "spawn-outside");
    assert!(
        fastwake <= tokio.max(USUAL),
        "futex wakes: fastwake {fastwake}, tokio {tokio}"
    );
}

#[test]
fn ten_thousand_blocking_closures_cost_at_most_two_thousand_futex_wakes() {
    if !strace_works() {
        return;
    }
    let [fastwake] = medians_of_wakes(["fastwake"], "blocking-outside");
    assert!(fastwake <= 2_000, "futex wakes: {fastwake}");
}
