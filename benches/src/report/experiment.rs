#![forbid(unsafe_code)]
//! The workqueue experiment in short: a line for each scope. `experiment::tables` has all of it.

use std::fmt::Write;

use crate::experiment::{Form, Held, Moments, Results, Row, alike};
use crate::sample::Unit;

use super::study::EXPERIMENT;
use super::table::{Cell, Table};
use super::terminal::show;

const HEAD: [&str; 9] = [
    "scope",
    "M items/s, in the lock",
    "after the unlock",
    "gain",
    "by round",
    "enqueue p50",
    "enqueue p99",
    "wakes per item",
    "lock held, p99 in cycles",
];

/// For the terminal: a table for each form that was run.
#[must_use]
pub fn text(results: &Results) -> String {
    let mut text = format!(
        "\n{}: means of the processes, with the least and the greatest\n",
        EXPERIMENT.title
    );
    // Writing to a string cannot fail, here and below.
    for pods in alike(&results.pods) {
        let _ = writeln!(text, "{pods}");
    }
    for form in Form::ALL {
        if let Some(conditions) = results.conditions(form) {
            let _ = write!(text, "\n{conditions}\n\n{}", table(results, form).text());
        }
    }
    text
}

/// Wake-ups inside the lock, and after it: one line for each scope.
#[must_use]
pub fn table(results: &Results, form: Form) -> Table {
    let mut table = Table::new(&HEAD);
    table.rows = results.of_form(form).map(line).collect();
    table
}

fn line(row: &Row) -> Vec<Cell> {
    let (before, after) = (&row.in_lock, &row.after_unlock);
    let nanoseconds = |before: Moments, after: Moments| {
        let [before, after] = [before, after].map(|moments| show(moments.mean, Unit::Nanoseconds));
        format!("{before} → {after}")
    };
    let rounds = row.gain_by_round;
    let cells = [
        row.scope.clone(),
        millions(before.items_per_second),
        millions(after.items_per_second),
        percent(row.gain),
        format!("{} to {}", percent(rounds.min), percent(rounds.max)),
        nanoseconds(before.p50_ns, after.p50_ns),
        nanoseconds(before.p99_ns, after.p99_ns),
        format!(
            "{:.4} → {:.4}",
            before.wakes_per_item.mean, after.wakes_per_item.mean
        ),
        format!(
            "{} → {}",
            cycles(before.held.as_ref()),
            cycles(after.held.as_ref())
        ),
    ];
    cells.map(Cell::from).into()
}

fn millions(moments: Moments) -> String {
    let [mean, min, max] = [moments.mean, moments.min, moments.max].map(|value| value / 1e6);
    format!("{mean:.3} ({min:.3}-{max:.3})")
}

fn percent(value: f64) -> String {
    format!("{value:+.1} %")
}

fn cycles(held: Option<&Held>) -> String {
    held.map_or("-".to_owned(), |held| format!("{:.0}", held.p99_cycles))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_scope_has_a_line_with_both_modes_for_each_form() {
        let results = fixture::experiment(true);
        for form in Form::ALL {
            let table = table(&results, form);
            assert_eq!(table.rows.len(), results.pods.len());
            for row in &table.rows {
                assert_eq!(row.len(), table.head.len());
                let cells: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
                assert_eq!(
                    cells[1..4],
                    ["1.000 (0.900-1.100)", "1.500 (1.400-1.600)", "+50.0 %"]
                );
                assert_eq!(cells[6], "40.0 µs → 4000 ns");
                assert_eq!(cells[8], "5000 → 200");
            }
        }
    }

    #[test]
    fn the_terminal_says_which_scopes_are_the_same_and_how_it_was_run() {
        let text = text(&fixture::experiment(false));
        for part in [
            "pods of cpu: 0 | 1\n",
            "pods of cache, system: 0-1 (",
            "\nbatched: 8 producers, pinned, ",
            "\nclosed: 8 producers, pinned, ",
            "- → -\n",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }
}
