#![forbid(unsafe_code)]
//! The tables of what was counted, on the terminal.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use crate::count::idle::Idle;
use crate::count::{Counts, RowCounts, SystemCalls};
use crate::results::{FASTWAKE, TOKIO};
use crate::sample::Unit;
use crate::spread::Spread;

use super::terminal::show;

const SMOL: &str = "smol";
/// So many of the most frequent kinds are named.
const KINDS: usize = 2;

/// All of them.
#[must_use]
pub fn tables(counts: &Counts) -> String {
    let mut text = table(
        counts,
        "System calls of the process for each operation (strace), medians of the runs, with the least and\n\
         the greatest; which are the most frequent of fastwake's and of tokio's.",
        &calls_line("row", "fastwake", "tokio", "smol", "mostly"),
        system_calls,
    );
    text += &table(
        counts,
        "Instructions for each operation (callgrind, which runs one thread at a time), medians of the runs;\n\
         ratio: tokio's by fastwake's.",
        &line("row", ["fastwake", "tokio", "ratio"]),
        instructions,
    );
    text += &idle(&counts.idle);
    if !counts.omitted.is_empty() {
        text += "\nNot counted:\n";
        for what in &counts.omitted {
            let _ = writeln!(text, "    {what}");
        }
    }
    text
}

/// A table of the rows that have a line in it; nothing if none has.
fn table(
    counts: &Counts,
    title: &str,
    header: &str,
    line: impl Fn(&RowCounts) -> Option<String>,
) -> String {
    let lines: String = counts
        .rows
        .iter()
        .filter_map(line)
        .map(|line| line + "\n")
        .collect();
    if lines.is_empty() {
        return lines;
    }
    format!("\n{title}\n\n{header}\n{lines}")
}

fn line(name: &str, cells: [impl Display; 3]) -> String {
    let [one, two, three] = cells;
    format!("{name:<22} {one:>9} {two:>9} {three:>9}")
}

fn calls_line(name: &str, fastwake: &str, tokio: &str, smol: &str, mostly: &str) -> String {
    format!("{name:<22} {fastwake:>22} {tokio:>22} {smol:>7}  {mostly}")
}

fn system_calls(row: &RowCounts) -> Option<String> {
    let fastwake = row.system_calls.get(FASTWAKE)?;
    let tokio = row.system_calls.get(TOKIO)?;
    let smol = row.system_calls.get(SMOL);
    let smol = smol.map_or("-".to_owned(), |calls| rate(calls.total.median));
    let mostly = format!("{} : {}", mostly(fastwake), mostly(tokio));
    let [fastwake, tokio] = [fastwake, tokio].map(|calls| spread(&calls.total));
    Some(calls_line(&row.row, &fastwake, &tokio, &smol, &mostly))
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

fn instructions(row: &RowCounts) -> Option<String> {
    let median = |who| row.instructions.get(who).map(|of| of.per_operation.median);
    let (fastwake, tokio) = (median(FASTWAKE)?, median(TOKIO)?);
    let cells = [
        format!("{fastwake:.0}"),
        format!("{tokio:.0}"),
        format!("{:.2}", tokio / fastwake),
    ];
    Some(line(&row.row, cells))
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
