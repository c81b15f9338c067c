#![forbid(unsafe_code)]
//! The table of all figures, and what the rows ask.

use crate::report::counts::{calls_of, instructions_of};
use crate::report::table::{Cell, Table, Tone};
use crate::report::terminal::{beside, cpu, ratio, show, switches};
use crate::results::{Results, RowResults, Summary};

use super::{Section, contestants};

/// Every figure of every row, of all contestants.
pub(super) fn section(results: &Results) -> Section {
    let names = contestants(results);
    let mut head = vec![
        "row",
        "operations",
        "ratio",
        "A/A",
        "best",
        "CPU",
        "switches",
        "system calls",
        "instructions",
    ];
    head.extend(names.iter().map(String::as_str));
    let mut table = Table::new(&head);
    for row in &results.rows {
        let of_row = of_row(results, row);
        for (index, summary) in row.summaries().iter().enumerate() {
            // They are the row's, not the figure's.
            let of_row = if index == 0 {
                of_row.clone()
            } else {
                Default::default()
            };
            table.rows.push(line(row, summary, of_row, &names));
        }
    }
    let mean = results.geometric_mean();
    let mean = mean.map_or_else(String::new, |mean| {
        format!("Geometric mean of all ratios: {mean:.2}.")
    });
    let section = Section::new("All figures").table(table).text(&mean);
    let along: Vec<_> = results.rows.iter().flat_map(along).collect();
    if along.is_empty() {
        return section;
    }
    section
        .text("Measured along with them in fastwake's runs, medians, not compared:")
        .list(along)
}

fn along(row: &RowResults) -> impl Iterator<Item = String> {
    let beside = beside(row).into_iter();
    beside.map(|(name, unit, value)| format!("{}, {name}: {}", row.name, show(value, unit)))
}

/// What a row has once, whatever its figures: its operations, what they cost otherwise, and what was
/// counted.
fn of_row(results: &Results, row: &RowResults) -> [String; 5] {
    let counts = results.counts.as_ref();
    [
        row.operations.to_string(),
        cpu(row),
        switches(row),
        counts
            .and_then(|counts| calls_of(counts, &row.name))
            .unwrap_or_default(),
        counts
            .and_then(|counts| instructions_of(counts, &row.name))
            .unwrap_or_default(),
    ]
}

fn line(row: &RowResults, summary: &Summary, of_row: [String; 5], names: &[String]) -> Vec<Cell> {
    let tone = if summary.ratio.median < 1.0 {
        Tone::Bad
    } else {
        Tone::Plain
    };
    let best = format!("{:.2} {}", summary.best.1.median, summary.best.0);
    let [operations, cpu, switches, calls, instructions] = of_row.map(Cell::from);
    let mut cells = vec![
        format!("{} {}", row.name, summary.name).into(),
        operations,
        Cell::toned(ratio(&summary.ratio), tone),
        ratio(&summary.noise).into(),
        best.into(),
        cpu,
        switches,
        calls,
        instructions,
    ];
    cells.extend(names.iter().map(|who| {
        let value = summary.value(who);
        let shown = value.map(|spread| show(spread.median, summary.unit));
        Cell::from(shown.unwrap_or_default())
    }));
    cells
}

/// What each row asks, and what would refute fastwake's claim.
pub(super) fn questions(results: &Results) -> Section {
    let rows = results.rows.iter();
    let line = |row: &RowResults| {
        format!(
            "{}: {} Refuted by: {}",
            row.name, row.question, row.refuted_by
        )
    };
    Section::new("What the rows ask").list(rows.map(line).collect())
}
