#![forbid(unsafe_code)]
//! The table of all figures, and what the rows ask.

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
    ];
    head.extend(names.iter().map(String::as_str));
    let mut table = Table::new(&head);
    for row in &results.rows {
        for (index, summary) in row.summaries().iter().enumerate() {
            table.rows.push(line(row, summary, index == 0, &names));
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

fn line(row: &RowResults, summary: &Summary, first: bool, names: &[String]) -> Vec<Cell> {
    // They are the row's, not the figure's.
    let of_row = |text: String| if first { text } else { String::new() };
    let tone = if summary.ratio.median < 1.0 {
        Tone::Bad
    } else {
        Tone::Plain
    };
    let best = format!("{:.2} {}", summary.best.1.median, summary.best.0);
    let mut cells = vec![
        format!("{} {}", row.name, summary.name).into(),
        of_row(row.operations.to_string()).into(),
        Cell::toned(ratio(&summary.ratio), tone),
        ratio(&summary.noise).into(),
        best.into(),
        of_row(cpu(row)).into(),
        of_row(switches(row)).into(),
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
