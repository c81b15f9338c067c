//! Contestants in processes of their own: all are asked, each is alone, and who fails is told.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use fastwake_benches::peer::Which;
use fastwake_benches::results::{FASTWAKE, TOKIO, TOKIO_AGAIN};
use fastwake_benches::suite::process::{PATIENCE, Process};
use fastwake_benches::suite::{self, Contestant};
use fastwake_benches::workload::{Row, Setting};

const WORKLOAD: &str = env!("CARGO_BIN_EXE_workload");

const SMALL: Setting = Setting {
    workers: 2,
    operations: 200,
};

fn row(name: &str) -> &'static Row {
    Row::named(name).expect("there is such a row")
}

fn serving() -> Process {
    Process::start(Command::new(WORKLOAD).arg("serve")).expect("the program starts")
}

fn shell(script: &str) -> Process {
    Process::start(Command::new("sh").args(["-c", script])).expect("there is a shell")
}

/// What an attempt to measure comes to, that fails.
fn failure(process: &mut Process, patience: Duration) -> String {
    let measured = process.measure(row("yield"), Which::Tokio, SMALL, patience);
    measured.expect_err("it does not serve").to_string()
}

/// Voluntary context switches of all threads of a process.
#[cfg(target_os = "linux")]
fn switches(process: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let of_thread = |thread: std::io::Result<fs::DirEntry>| -> Option<u64> {
        let status = fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
        let count = status.split_once("\nvoluntary_ctxt_switches:")?.1;
        count.lines().next()?.trim().parse().ok()
    };
    threads.filter_map(of_thread).sum()
}

#[test]
fn every_contestant_of_a_row_has_a_sample_in_every_round() {
    let workload = Path::new(WORKLOAD);
    let mut contestants = Contestant::few(workload);
    contestants.push(Contestant::new("smol", Which::Smol, workload));
    contestants.push(Contestant::new("two-tokios", Which::TwoTokios, workload));
    let mut rounds = 0;
    let results = suite::run(row("yield"), &contestants, SMALL, 3, || rounds += 1);
    let results = results.expect("nobody fails");
    assert_eq!((results.rounds.len(), rounds), (3, 3));
    for round in &results.rounds {
        // The row is not one for two runtimes.
        let names: Vec<&str> = round.keys().map(String::as_str).collect();
        assert_eq!(names, [FASTWAKE, "smol", TOKIO, TOKIO_AGAIN]);
        assert!(round.values().all(|sample| sample.cost.wall > 0.0));
    }
    assert_eq!(results.summaries().len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn who_is_not_asked_sleeps() {
    for which in [Which::Fastwake, Which::Tokio, Which::Smol, Which::TwoTokios] {
        let mut process = serving();
        let row = row("mixed-io-0");
        let row = if row.peers.contains(&which) {
            row
        } else {
            self::row("mixed-plain")
        };
        let asked = process.measure(row, which, SMALL, PATIENCE);
        asked.expect("the program serves");
        // What its runtime has left goes to sleep.
        thread::sleep(Duration::from_millis(700));
        let before = switches(process.id());
        thread::sleep(Duration::from_millis(300));
        let after = switches(process.id());
        assert!(
            after < before + 15,
            "{}: {before}, then {after}",
            which.name()
        );
    }
}

#[test]
fn a_process_ends_when_nobody_asks_it_any_more() {
    let process = serving();
    let id = process.id();
    drop(process);
    // It has been waited for: its number is free, or another process has it that is not ours.
    let parent = fs::read_to_string(format!("/proc/{id}/stat")).ok();
    let parent = parent.and_then(|stat| {
        stat.rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()
    });
    assert_ne!(parent, Some(std::process::id()));
}

#[test]
fn who_fails_is_named_with_the_row_and_what_it_said() {
    let missing = Path::new("no-such-program-anywhere");
    let contestants = [Contestant::new("broken", Which::Tokio, missing)];
    let error = suite::run(row("yield"), &contestants, SMALL, 1, || ());
    let error = error.expect_err("it cannot be started").to_string();
    assert!(
        error.contains("broken in yield") && error.contains("no-such-program"),
        "{error}"
    );

    // `true` ignores its argument, and ends.
    let contestants = [Contestant::new("gone", Which::Tokio, Path::new("true"))];
    let error = suite::run(row("yield"), &contestants, SMALL, 1, || ());
    let error = error.expect_err("it has ended").to_string();
    assert!(
        error.contains("gone in yield") && error.contains("has ended"),
        "{error}"
    );

    let mut process = shell("read request; echo it went wrong >&2; exit 3");
    let error = failure(&mut process, PATIENCE);
    assert!(
        error.contains("it went wrong") && error.contains("status: 3"),
        "{error}"
    );
    // There is nobody left to be asked.
    assert!(failure(&mut process, PATIENCE).contains("has ended"));
}

#[test]
fn a_panic_in_a_row_is_told_and_no_hang() {
    let mut process = serving();
    // No runtime has so few workers.
    let none = Setting {
        workers: 0,
        operations: 1,
    };
    let error = process.measure(row("yield"), Which::Tokio, none, PATIENCE);
    let error = error.expect_err("it panics").to_string();
    assert!(
        error.contains("panicked at") && error.contains("has ended"),
        "{error}"
    );
}

#[test]
fn an_answer_that_makes_no_sense_is_refused() {
    let error = failure(
        &mut shell("read request; echo nonsense; read more"),
        PATIENCE,
    );
    assert!(error.contains("expected"), "{error}");
}

#[test]
fn who_gives_no_answer_is_ended() {
    let mut process = Process::start(Command::new("sleep").arg("1000")).expect("it starts");
    let error = failure(&mut process, Duration::from_millis(50));
    assert!(error.contains("no answer within 0.05 s"), "{error}");
}
