#![forbid(unsafe_code)]
//! The tables of what was counted, on the terminal.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use crate::count::idle::Idle;
use crate::count::{Counts, RowCounts, SystemCalls};
use crate::results::{FASTWAKE, TOKIO};
use crate::sample::Unit;

use super::terminal::show;

const SMOL: &str = "smol";
/// So many of the most frequent kinds are named.
const KINDS: usize = 2;

/// All of them.
#[must_use]
pub fn tables(counts: &Counts) -> String {
    let mut text = String::new();
    let rows = || counts.rows.iter();
    if rows().any(|row| !row.system_calls.is_empty()) {
        text += "\nSystem calls of the process for each operation (strace), medians of the runs; which are\n\
                 the most frequent of fastwake's and of tokio's.\n\n";
        let _ = writeln!(
            text,
            "{}  mostly",
            line("row", ["fastwake", "tokio", "smol"])
        );
        rows().for_each(|row| text += &system_calls(row));
    }
    if rows().any(|row| !row.instructions.is_empty()) {
        text += "\nInstructions for each operation (callgrind, which runs one thread at a time), medians of\n\
                 the runs; ratio: tokio's by fastwake's.\n\n";
        let _ = writeln!(text, "{}", line("row", ["fastwake", "tokio", "ratio"]));
        rows().for_each(|row| text += &instructions(row));
    }
    text += &idle(&counts.idle);
    if !counts.omitted.is_empty() {
        text += "\nNot counted:\n";
        for what in &counts.omitted {
            let _ = writeln!(text, "    {what}");
        }
    }
    text
}

fn line(name: &str, cells: [impl Display; 3]) -> String {
    let [one, two, three] = cells;
    format!("{name:<22} {one:>9} {two:>9} {three:>9}")
}

fn system_calls(row: &RowCounts) -> String {
    let of = |who| row.system_calls.get(who);
    let total = |who| of(who).map_or("-".to_owned(), |calls| rate(calls.total.median));
    let mostly = [FASTWAKE, TOKIO].map(|who| of(who).map_or(String::new(), mostly));
    let cells = line(&row.row, [FASTWAKE, TOKIO, SMOL].map(total));
    if of(FASTWAKE).is_none() {
        return String::new();
    }
    format!("{cells}  {}\n", mostly.join(" : "))
}

fn mostly(calls: &SystemCalls) -> String {
    let kinds = calls.kinds.iter().take(KINDS);
    let kinds: Vec<_> = kinds
        .map(|(kind, count)| format!("{kind} {}", rate(*count)))
        .collect();
    kinds.join(", ")
}

fn instructions(row: &RowCounts) -> String {
    let median = |who| row.instructions.get(who).map(|of| of.per_operation.median);
    let (Some(fastwake), Some(tokio)) = (median(FASTWAKE), median(TOKIO)) else {
        return String::new();
    };
    let cells = [
        format!("{fastwake:.0}"),
        format!("{tokio:.0}"),
        format!("{:.2}", tokio / fastwake),
    ];
    line(&row.row, cells) + "\n"
}

fn idle(idle: &BTreeMap<String, Idle>) -> String {
    let Some(seconds) = idle.values().map(|idle| idle.seconds).next() else {
        return String::new();
    };
    let mut text = format!(
        "\nAn idle runtime, with 1,000 tasks that wait and 1,000 timers that are far off, in {seconds} s.\n\n"
    );
    let _ = writeln!(text, "{}", line("", ["fastwake", "tokio", "smol"]));
    let mut row = |name, cell: &dyn Fn(&Idle) -> String| {
        let cells = [FASTWAKE, TOKIO, SMOL].map(|who| idle.get(who).map_or("-".to_owned(), cell));
        let _ = writeln!(text, "{}", line(name, cells));
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
    text
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
    use crate::spread::Spread;

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
        let text = tables(&Counts {
            rows: vec![counted, profiled],
            idle: BTreeMap::new(),
            omitted: vec!["idle: it went wrong".to_owned()],
        });
        let words = |name: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        };
        assert_eq!(
            words("some"),
            ["some 0.031 1.50 - futex wake 0.020, read 0.010 : futex wake 1.50"]
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
