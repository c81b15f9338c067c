#![forbid(unsafe_code)]
//! The table on the terminal.

use std::fmt::Write;

use crate::results::{FASTWAKE, Results, RowResults, TOKIO};
use crate::sample::{Figure, Sample, Unit};
use crate::spread::Spread;
use crate::workload::Row;

use super::changes::Changes;
use super::targets;

/// What stands above the table: how to read it.
#[must_use]
pub fn header() -> String {
    let mut text = String::from(
        "Medians of the rounds. ratio: tokio's figure by fastwake's, round by round, with the least and\n\
         the greatest; above 1, fastwake is better. A/A: the same for tokio by tokio. best: against the\n\
         best of tokio's builds. CPU: ratio of the CPU time per operation. sw: voluntary context\n\
         switches in 1000 operations, fastwake:tokio.\n\n",
    );
    let _ = writeln!(
        text,
        "{:<34} {:>9} {:>9} {:>20} {:>17} {:>18} {:>5} {:>11}",
        "row", "fastwake", "tokio", "ratio", "A/A", "best", "CPU", "sw"
    );
    text
}

/// The lines of one row, one for each of its figures.
#[must_use]
pub fn row(row: &RowResults) -> String {
    let mut text = String::new();
    for (index, summary) in row.summaries().iter().enumerate() {
        let name = format!("{} {}", row.name, summary.name);
        let value = |who| {
            let found = summary.value(who);
            found.map_or("-".to_owned(), |spread| show(spread.median, summary.unit))
        };
        let _ = write!(
            text,
            "{name:<34} {:>9} {:>9} {:>20} {:>17} {:>18}",
            value(FASTWAKE),
            value(TOKIO),
            ratio(&summary.ratio),
            ratio(&summary.noise),
            format!("{:.2} {}", summary.best.1.median, summary.best.0),
        );
        // They are the row's, not the figure's.
        if index == 0 {
            let _ = write!(text, " {:>5} {:>11}", cpu(row), switches(row));
        }
        text.push('\n');
    }
    for (name, unit, value) in beside(row) {
        let _ = writeln!(text, "    {name}: {}", show(value, unit));
    }
    text
}

/// What fastwake's runs measured along with the figures: medians.
#[must_use]
pub fn beside(row: &RowResults) -> Vec<(String, Unit, f64)> {
    let first = row.rounds.first().and_then(|round| round.get(FASTWAKE));
    let figures = first.map_or(&[][..], |sample| &sample.beside);
    let median = |(index, figure): (usize, &Figure)| {
        let value = row.median(FASTWAKE, |sample| sample.beside[index].value)?;
        Some((figure.name.clone(), figure.unit, value))
    };
    figures.iter().enumerate().filter_map(median).collect()
}

/// What stands below the table: the mean, the targets, and what has changed since `earlier` results.
#[must_use]
pub fn footer(results: &Results, earlier: Option<&Results>) -> String {
    let mut text = String::new();
    if let Some(mean) = results.geometric_mean() {
        let _ = writeln!(text, "geometric mean of all ratios: {mean:.2}");
    }
    let _ = writeln!(text, "{}\n", targets::below_par(results));
    text.push_str(&targets::table(results).text());
    if let Some(earlier) = earlier {
        let changes = Changes::between(earlier, results);
        text.push_str("\nAgainst the earlier results; medians, with quartiles:\n\n");
        text.push_str(&changes.table().text());
        for note in changes.notes() {
            let _ = writeln!(text, "{note}");
        }
    }
    text
}

/// What a row asks.
#[must_use]
pub fn question(row: &Row) -> String {
    format!(
        "{}\n    {}\n    refuted by: {}\n",
        row.name, row.question, row.refuted_by
    )
}

/// A ratio with the least and the greatest.
#[must_use]
pub fn ratio(spread: &Spread) -> String {
    let Spread {
        min, median, max, ..
    } = spread;
    format!("{median:.2} ({min:.2}-{max:.2})")
}

/// The ratio of the CPU times.
#[must_use]
pub fn cpu(row: &RowResults) -> String {
    let ratio = row.cpu_ratio();
    ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// Voluntary context switches in 1000 operations, fastwake's and tokio's.
#[must_use]
pub fn switches(row: &RowResults) -> String {
    let in_1000 = |sample: &Sample| 1000.0 * sample.cost.switches;
    let median = |who| {
        row.median(who, in_1000)
            .map_or("-".to_owned(), |n| format!("{n:.0}"))
    };
    format!("{}:{}", median(FASTWAKE), median(TOKIO))
}

/// A value with its unit, in four digits or so.
#[must_use]
pub fn show(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds if value >= 1e7 => format!("{:.1} ms", value / 1e6),
        Unit::Nanoseconds if value >= 1e4 => format!("{:.1} µs", value / 1e3),
        Unit::Nanoseconds => format!("{value:.0} ns"),
        Unit::Bytes => format!("{value:.0} B"),
        Unit::Count => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_in_a_unit_that_suits_them() {
        assert_eq!(show(123.4, Unit::Nanoseconds), "123 ns");
        assert_eq!(show(12_345.0, Unit::Nanoseconds), "12.3 µs");
        assert_eq!(show(12_345_678.0, Unit::Nanoseconds), "12.3 ms");
        assert_eq!(show(512.0, Unit::Bytes), "512 B");
    }
}
