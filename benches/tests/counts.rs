//! Counting, with the tools themselves. Where a tool is not there or may not do its work, the test
//! says so and is content.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use fastwake_benches::count::{Counts, Plan, RowCounts};
use fastwake_benches::peer::Which;
use fastwake_benches::workload::Row;

const WORKLOAD: &str = env!("CARGO_BIN_EXE_workload");

/// Past the test harness, which keeps to itself what a test prints that passes.
fn say_skipped(reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED: {reason}");
}

/// Why this is not counted here, if it is not.
fn tool_is_missing(counts: &Counts, what: &str) -> bool {
    let note = counts.omitted.iter().find(|note| note.starts_with(what));
    if let Some(note) = note {
        say_skipped(note);
    }
    note.is_some()
}

fn count(rows: &[&'static Row], idle: bool) -> Counts {
    let one_round = Duration::ZERO;
    let plan = Plan::whole(rows, idle, 2).within(one_round, one_round);
    plan.count(Path::new(WORKLOAD), |_| {})
}

#[test]
fn a_row_that_sleeps_once_in_each_operation_is_seen_to_sleep_once_in_each() {
    let row = Row::named("wake-latency").expect("there is such a row");
    let counts = count(&[row], false);
    let [
        RowCounts {
            system_calls,
            instructions,
            ..
        },
    ] = &counts.rows[..]
    else {
        panic!("one row: {counts:?}");
    };
    if !tool_is_missing(&counts, "system calls") {
        for which in Which::ALL {
            let calls = &system_calls[which.name()];
            let sleeps = calls
                .kinds
                .iter()
                .find(|(kind, _)| kind == "clock_nanosleep");
            assert_eq!(
                sleeps.map(|&(_, each)| each),
                Some(1.0),
                "{}: {calls:?}",
                which.name()
            );
            // The task that is spawned then wakes a worker.
            assert!(calls.total.median >= 2.0, "{}: {calls:?}", which.name());
        }
    }
    if !tool_is_missing(&counts, "instructions") {
        for which in [Which::Fastwake, Which::Tokio] {
            let each = instructions[which.name()].per_operation.median;
            assert!(
                (200.0..10_000_000.0).contains(&each),
                "{}: {each}",
                which.name()
            );
        }
    }
}

#[test]
fn a_runtime_that_has_nothing_to_do_does_nothing() {
    let counts = count(&[], true);
    let fastwake = &counts.idle[Which::Fastwake.name()];
    // A few are left to what the start has still to do where threads get their turn late. Whoever
    // looks around each tenth of a second does more.
    assert!(fastwake.switches < 15.0, "{fastwake:?}");
    if !tool_is_missing(&counts, "system calls") {
        let calls = fastwake.system_calls.as_ref().expect("they were counted");
        let sum: usize = calls.iter().map(|(_, count)| count).sum();
        assert!(sum < 15, "{fastwake:?}");
    }
}

#[test]
fn what_cannot_be_counted_is_named_and_the_rest_goes_on() {
    let rows = ["wake-latency", "ping-pong"].map(|name| Row::named(name).expect("it is a row"));
    let counts = Plan::whole(&rows, true, 2).count(Path::new("no-such-program"), |_| {});
    let names: Vec<_> = counts.rows.iter().map(|row| row.row.as_str()).collect();
    assert_eq!(names, ["wake-latency", "ping-pong"]);
    assert!(counts.rows.iter().all(|row| row.system_calls.is_empty()));
    assert!(counts.idle.is_empty());
    assert!(
        counts.omitted.iter().any(|note| note.starts_with("idle: ")),
        "{counts:?}"
    );
}
