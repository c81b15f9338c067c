//! The experiment's runs: every item is run, once, whoever is woken where; and its orchestrator.
//!
//! A run itself counts its items, and fails if one has not been run exactly once.

use std::process::{Command, Output};

use fastwake_benches::experiment::{BATCH, Form, Outcome, PRODUCERS};

/// Of each producer. Not a multiple of the batch, so that the last one is a smaller one.
const ITEMS: usize = 10 * BATCH + 1;

fn experiment(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_experiment"))
        .args(arguments)
        .output()
        .expect("it has been built for this test")
}

fn run(scope: &str, mode: &str, form: Form) -> Outcome {
    let output = experiment(&["run", scope, mode, form.name(), &ITEMS.to_string()]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("a run prints its outcome")
}

fn every_item_is_run_once(mode: &str, check: impl Fn(&Outcome)) {
    for scope in ["cpu", "cache_shard", "system"] {
        for form in Form::ALL {
            let outcome = run(scope, mode, form);
            assert_eq!(outcome.items, PRODUCERS * ITEMS, "{outcome:?}");
            assert_eq!(
                (&*outcome.scope, outcome.mode.name(), outcome.form),
                (scope, mode, form)
            );
            assert!(outcome.items_per_second > 0.0, "{outcome:?}");
            assert!(
                outcome.enqueue_ns.p50 <= outcome.enqueue_ns.p99,
                "{outcome:?}"
            );
            check(&outcome);
        }
    }
}

#[test]
fn a_single_producer_is_enough() {
    let output = experiment(&[
        "run",
        "system",
        "after-unlock",
        "closed",
        "9",
        "--producers",
        "1",
    ]);
    assert!(output.status.success(), "{output:?}");
    let outcome: Outcome = serde_json::from_slice(&output.stdout).expect("it is an outcome");
    assert_eq!((outcome.producers, outcome.items), (1, 9));
}

#[test]
fn every_item_is_run_once_with_wake_ups_after_the_unlock() {
    every_item_is_run_once("after-unlock", |outcome| {
        assert_eq!(outcome.wakes_inside_lock_per_item, 0.0);
    });
}

#[cfg(fastwake_experiment)]
#[test]
fn every_item_is_run_once_with_wake_ups_inside_the_lock() {
    every_item_is_run_once("in-lock", |outcome| {
        assert!(
            outcome.wakes_inside_lock_per_item >= outcome.wakes_per_item,
            "{outcome:?}"
        );
    });
}

#[cfg(not(fastwake_experiment))]
#[test]
fn a_build_without_the_switch_refuses_to_wake_inside_the_lock_and_says_what_to_do() {
    for arguments in [
        ["run", "cpu", "in-lock", "closed", "1"].as_slice(),
        &["run", "cpu", "after-unlock", "closed", "1", "--holds"],
    ] {
        let output = experiment(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("--cfg fastwake_experiment"), "{error}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused_with_the_usage() {
    for arguments in [
        [].as_slice(),
        &["some"],
        &["all", "--processes", "0"],
        &["all", "--items", "many"],
        &["run", "cpu", "in-lock"],
        &["run", "cpu", "in-lock", "closed", "0"],
        &["run", "cpu", "in-lock", "open", "1"],
        &["run", "cpu", "sometimes", "closed", "1"],
        &["run", "core", "in-lock", "closed", "1"],
    ] {
        let output = experiment(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains("usage:"), "{arguments:?}: {error}");
    }
}

/// In a build with the switch, because the others build it apart, which takes minutes.
#[cfg(fastwake_experiment)]
#[test]
fn the_whole_ends_in_tables_and_a_file_with_every_process() {
    use fastwake_benches::experiment::Results;

    let path = std::env::temp_dir().join(format!("fastwake-experiment-{}", std::process::id()));
    let file = path.to_str().expect("the directory's name is text");
    let output = experiment(&[
        "all",
        "--processes",
        "1",
        "--items",
        "70",
        "--closed-items",
        "5",
        "--json",
        file,
    ]);
    assert!(output.status.success(), "{output:?}");
    let json = std::fs::read(&path).expect("it was written");
    std::fs::remove_file(&path).expect("it is ours");
    let results: Results = serde_json::from_slice(&json).expect("it can be read back");
    let scopes = results.pods.len();
    assert_eq!((scopes, results.rows.len()), (6, 12));
    let holds = results
        .outcomes
        .iter()
        .filter(|outcome| outcome.holds.is_some())
        .count();
    assert_eq!(results.outcomes.len() - holds, 24);
    assert_eq!(holds, if cfg!(target_arch = "x86_64") { 24 } else { 0 });
    for holds in results.outcomes.iter().flat_map(|outcome| &outcome.holds) {
        let sections = holds.histogram.iter().map(|(_, sections)| sections);
        assert_eq!(sections.sum::<u64>(), holds.sections, "{holds:?}");
    }
    let tables = String::from_utf8_lossy(&output.stdout);
    for row in &results.rows {
        assert!(tables.contains(&format!("| {}", row.scope)), "{tables}");
    }
}
