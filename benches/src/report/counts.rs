#![forbid(unsafe_code)]
//! The tables of what was counted.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::count::idle::Idle;
use crate::count::{Counts, RowCounts, SystemCalls};
use crate::results::{FASTWAKE, TOKIO};
use crate::sample::Unit;
use crate::spread::Spread;

use super::table::{Cell, Table};
use super::terminal::show;

const SMOL: &str = "smol";
/// So many of the most frequent kinds are named.
const KINDS: usize = 2;

/// All of them, for the terminal.
#[must_use]
pub fn tables(counts: &Counts) -> String {
    let mut text = String::new();
    for (title, table) in parts(counts) {
        let _ = write!(text, "\n{title}\n\n{}", table.text());
    }
    if !counts.omitted.is_empty() {
        text += "\nNot counted:\n";
        for what in &counts.omitted {
            let _ = writeln!(text, "    {what}");
        }
    }
    text
}

/// The tables, each with what stands above it; none of what was not counted.
#[must_use]
pub fn parts(counts: &Counts) -> Vec<(String, Table)> {
    let calls = table(
        counts,
        &["row", "fastwake", "tokio", "smol", "mostly"],
        system_calls,
    )
    .map(|table| {
        let title = "System calls of the process for each operation (strace), medians of the runs, with the \
                     least and the greatest; which are the most frequent of fastwake's and of tokio's.";
        (title.to_owned(), table)
    });
    let instructions =
        table(counts, &["row", "fastwake", "tokio", "ratio"], instructions).map(|table| {
            let title = "Instructions for each operation (callgrind, which runs one thread at a time), \
                         medians of the runs; ratio: tokio's by fastwake's.";
            (title.to_owned(), table)
        });
    let parts = [calls, instructions, idle(&counts.idle)];
    parts.into_iter().flatten().collect()
}

/// A row's system calls for each operation, fastwake's and tokio's, for a place beside its times; nothing
/// if they were not counted.
#[must_use]
pub fn calls_of(counts: &Counts, row: &str) -> Option<String> {
    let calls = &counts
        .rows
        .iter()
        .find(|found| found.row == row)?
        .system_calls;
    let median = |who| Some(rate(calls.get(who)?.total.median));
    Some(format!("{}:{}", median(FASTWAKE)?, median(TOKIO)?))
}

/// The same of its instructions.
#[must_use]
pub fn instructions_of(counts: &Counts, row: &str) -> Option<String> {
    let counted = &counts
        .rows
        .iter()
        .find(|found| found.row == row)?
        .instructions;
    let median = |who| Some(counted.get(who)?.per_operation.median);
    Some(format!("{:.0}:{:.0}", median(FASTWAKE)?, median(TOKIO)?))
}

/// A table of the rows that have a line in it; none if none has.
fn table(
    counts: &Counts,
    head: &[&str],
    line: impl Fn(&RowCounts) -> Option<Vec<Cell>>,
) -> Option<Table> {
    let mut table = Table::new(head);
    table.rows = counts.rows.iter().filter_map(line).collect();
    (!table.rows.is_empty()).then_some(table)
}

fn system_calls(row: &RowCounts) -> Option<Vec<Cell>> {
    let fastwake = row.system_calls.get(FASTWAKE)?;
    let tokio = row.system_calls.get(TOKIO)?;
    let smol = row.system_calls.get(SMOL);
    let smol = smol.map_or("-".to_owned(), |calls| rate(calls.total.median));
    let mostly = format!("{} : {}", mostly(fastwake), mostly(tokio));
    let [fastwake, tokio] = [fastwake, tokio].map(|calls| spread(&calls.total));
    let name = row.row.clone();
    Some([name, fastwake, tokio, smol, mostly].map(Cell::from).into())
}

fn spread(spread: &Spread) -> String {
    let Spread {
        min, median, max, ..
    } = *spread;
    format!("{} ({}-{})", rate(median), rate(min), rate(max))
}

fn mostly(calls: &SystemCalls) -> String {
    let kinds = calls.kinds.iter().take(KINDS);
    let kinds: Vec<_> = kinds
        .map(|(kind, count)| format!("{kind} {}", rate(*count)))
        .collect();
    if kinds.is_empty() {
        return "-".to_owned();
    }
    kinds.join(", ")
}

fn instructions(row: &RowCounts) -> Option<Vec<Cell>> {
    let median = |who| row.instructions.get(who).map(|of| of.per_operation.median);
    let (fastwake, tokio) = (median(FASTWAKE)?, median(TOKIO)?);
    let cells = [
        row.row.clone(),
        format!("{fastwake:.0}"),
        format!("{tokio:.0}"),
        format!("{:.2}", tokio / fastwake),
    ];
    Some(cells.map(Cell::from).into())
}

fn idle(idle: &BTreeMap<String, Idle>) -> Option<(String, Table)> {
    let seconds = idle.values().map(|idle| idle.seconds).next()?;
    let title = format!(
        "An idle runtime, with 1,000 tasks that wait and 1,000 timers that are far off, in {seconds} s."
    );
    let mut table = Table::new(&["in all", "fastwake", "tokio", "smol"]);
    let mut row = |name: &str, cell: &dyn Fn(&Idle) -> String| {
        let cells = [FASTWAKE, TOKIO, SMOL].map(|who| idle.get(who).map_or("-".to_owned(), cell));
        let cells = [name.to_owned()].into_iter().chain(cells);
        table.rows.push(cells.map(Cell::from).collect());
    };
    row("system calls", &|idle| {
        let sum =
            |calls: &Vec<(String, usize)>| calls.iter().map(|(_, count)| count).sum::<usize>();
        idle.system_calls
            .as_ref()
            .map_or("-".to_owned(), |calls| sum(calls).to_string())
    });
    row("context switches", &|idle| format!("{:.0}", idle.switches));
    row("CPU", &|idle| show(idle.cpu, Unit::Nanoseconds));
    Some((title, table))
}

/// A number from thousandths to thousands, in three digits or so.
fn rate(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        _ if value < 0.01 => format!("{value:.4}"),
        _ if value < 1.0 => format!("{value:.3}"),
        _ if value < 10.0 => format!("{value:.2}"),
        _ if value < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::Instructions;

    fn calls(kinds: &[(&str, f64)]) -> SystemCalls {
        SystemCalls {
            operations: 100,
            total: Spread::of([kinds.iter().map(|(_, each)| each).sum()]),
            kinds: kinds
                .iter()
                .map(|&(kind, each)| (kind.to_owned(), each))
                .collect(),
        }
    }

    #[test]
    fn each_row_has_a_line_in_the_tables_in_which_it_was_counted() {
        let instructions = |each| Instructions {
            operations: (10, 30),
            per_operation: Spread::of([each]),
        };
        let own = [("futex wake", 0.02), ("read", 0.01), ("brk", 0.001)];
        let system_calls = [
            (FASTWAKE, calls(&own)),
            (TOKIO, calls(&[("futex wake", 1.5)])),
        ];
        let counted = RowCounts {
            row: "some".to_owned(),
            system_calls: system_calls
                .map(|(who, calls)| (who.to_owned(), calls))
                .into(),
            instructions: BTreeMap::new(),
        };
        let profiled = RowCounts {
            row: "other".to_owned(),
            system_calls: BTreeMap::new(),
            instructions: [
                (FASTWAKE, instructions(200.0)),
                (TOKIO, instructions(500.0)),
            ]
            .map(|(who, each)| (who.to_owned(), each))
            .into(),
        };
        let counts = Counts {
            rows: vec![counted, profiled],
            idle: BTreeMap::new(),
            omitted: vec!["idle: it went wrong".to_owned()],
            apart: false,
        };
        assert_eq!(calls_of(&counts, "some").as_deref(), Some("0.031:1.50"));
        assert_eq!(instructions_of(&counts, "some"), None);
        assert_eq!(
            instructions_of(&counts, "other").as_deref(),
            Some("200:500")
        );
        let text = tables(&counts);
        let words = |name: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        };
        assert_eq!(
            words("some"),
            ["some 0.031 (0.031-0.031) 1.50 (1.50-1.50) - \
                 futex wake 0.020, read 0.010 : futex wake 1.50"]
        );
        assert_eq!(words("other"), ["other 200 500 2.50"]);
        assert!(
            text.ends_with("Not counted:\n    idle: it went wrong\n"),
            "{text}"
        );
    }

    #[test]
    fn nothing_counted_is_nothing_shown() {
        assert_eq!(tables(&Counts::default()), "");
    }
}
