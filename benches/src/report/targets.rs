#![forbid(unsafe_code)]
//! What is aimed at: for the figures that matter most, how many times tokio's fastwake is to be at
//! least (the floor) and at best (the aim), on two CPUs.

use crate::results::Results;
use crate::spread::Spread;

use super::table::{Cell, Table, Tone};

/// A ratio that is aimed at.
#[derive(Debug, Clone, Copy)]
struct Target {
    what: &'static str,
    /// Row and figure; the first that was measured counts.
    figures: &'static [(&'static str, &'static str)],
    /// It is about runs of at least so many operations.
    operations: usize,
    floor: f64,
    aim: f64,
}

const fn target(
    what: &'static str,
    figures: &'static [(&'static str, &'static str)],
    floor: f64,
    aim: f64,
) -> Target {
    Target {
        what,
        figures,
        operations: 0,
        floor,
        aim,
    }
}

impl Target {
    const fn of_runs_of(self, operations: usize) -> Self {
        Self { operations, ..self }
    }
}

const TARGETS: &[Target] = &[
    target(
        "spawn from a worker, joined",
        &[("spawn-worker", "time")],
        2.0,
        3.0,
    ),
    target(
        "the same, a million at once",
        &[("spawn-worker-million", "time")],
        2.0,
        3.0,
    )
    .of_runs_of(1_000_000),
    target(
        "spawn from outside, idle",
        &[("spawn-outside", "time")],
        1.2,
        1.4,
    ),
    target(
        "spawn from outside, busy",
        &[("spawn-outside-busy", "time")],
        1.3,
        1.7,
    ),
    target(
        "batched, 8 producers: items/s",
        &[("batch-8", "time")],
        1.6,
        2.0,
    ),
    target(
        "enqueue p50 at 8 producers",
        &[("batch-8", "enqueue p50"), ("producers-8", "enqueue p50")],
        2.0,
        2.8,
    ),
    target(
        "enqueue p99 at 8 producers",
        &[("batch-8", "enqueue p99"), ("producers-8", "enqueue p99")],
        2.0,
        4.0,
    ),
    target("yield", &[("yield", "time")], 1.3, 2.0),
    target("ping-pong", &[("ping-pong", "time")], 1.3, 2.0),
    target("chained spawn", &[("spawn-chain", "time")], 2.0, 3.0),
    target("mpsc fan-in", &[("fan-in", "time")], 1.1, 1.5),
    target(
        "wake latency from outside, p50",
        &[("wake-latency", "p50")],
        1.3,
        2.0,
    ),
    target(
        "spawn_blocking, 1 submitter",
        &[("blocking-outside", "time")],
        4.0,
        10.0,
    ),
    target(
        "spawn_blocking, 8 async submitters",
        &[("blocking-tasks-8", "time")],
        4.0,
        10.0,
    ),
    target(
        "spawn_blocking, latency to start, p50",
        &[("blocking-latency", "p50")],
        1.5,
        2.5,
    ),
    target(
        "100,000 timers: CPU per timer",
        &[("timers", "cpu")],
        2.0,
        4.0,
    )
    .of_runs_of(100_000),
    target(
        "100,000 timers: lateness p50",
        &[("timers", "p50")],
        20.0,
        200.0,
    )
    .of_runs_of(100_000),
    target("TCP echo, 64 connections", &[("echo-64", "time")], 1.1, 1.3),
    target(
        "memory per parked task",
        &[("memory-task", "bytes")],
        2.0,
        3.0,
    ),
];

/// Of the geometric mean over all figures.
const MEAN: Target = target("geometric mean of all that was measured", &[], 2.0, 2.5);

/// How a measurement stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Unmeasured,
    /// Only with fewer operations than it is about.
    Smaller,
    Below,
    Floor,
    Aim,
}

impl Target {
    /// By the median of the ratios, in the digits that are shown.
    fn verdict(&self, ratio: Option<f64>) -> Verdict {
        let ratio = ratio.map(|ratio| (100.0 * ratio).round() / 100.0);
        match ratio {
            None => Verdict::Unmeasured,
            Some(ratio) if ratio >= self.aim => Verdict::Aim,
            Some(ratio) if ratio >= self.floor => Verdict::Floor,
            Some(_) => Verdict::Below,
        }
    }
}

impl From<Verdict> for Cell {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Unmeasured => Self::toned("not measured", Tone::Plain),
            Verdict::Smaller => Self::toned("not measured in a quick run", Tone::Plain),
            Verdict::Below => Self::toned("BELOW THE FLOOR", Tone::Bad),
            Verdict::Floor => Self::toned("floor met", Tone::Good),
            Verdict::Aim => Self::toned("aim met", Tone::Good),
        }
    }
}

/// Which targets are met.
#[must_use]
pub fn table(results: &Results) -> Table {
    let mut table = Table::new(&[
        "target",
        "measured by",
        "ratio",
        "CPU",
        "floor",
        "aim",
        "verdict",
    ]);
    let rows = TARGETS.iter().map(|target| line(target, results));
    table.rows = rows.collect();
    let mean = results.geometric_mean();
    let shown = mean.map_or("-".to_owned(), |mean| format!("{mean:.2}"));
    let start = [MEAN.what.into(), "".into(), shown.into(), "".into()];
    table.rows.push(ending(start, &MEAN, MEAN.verdict(mean)));
    table
}

fn line(target: &Target, results: &Results) -> Vec<Cell> {
    let mut smaller = false;
    let found = target.figures.iter().find_map(|(row, figure)| {
        let summary = results.summary(row, figure)?;
        if operations(results, row) < target.operations {
            smaller = true;
            return None;
        }
        Some((format!("{row} {figure}"), summary.ratio, cpu(results, row)))
    });
    let start = match &found {
        Some((
            name,
            Spread {
                min, median, max, ..
            },
            cpu,
        )) => {
            let ratio = format!("{median:.2} ({min:.2}-{max:.2})");
            [name.clone(), ratio, cpu.clone()]
        }
        None => {
            let (row, figure) = target.figures[0];
            [format!("{row} {figure}"), "-".to_owned(), "-".to_owned()]
        }
    };
    let [name, ratio, cpu] = start.map(Cell::from);
    let verdict = match found {
        None if smaller => Verdict::Smaller,
        found => target.verdict(found.map(|(_, ratio, _)| ratio.median)),
    };
    ending([target.what.into(), name, ratio, cpu], target, verdict)
}

fn ending(start: [Cell; 4], target: &Target, verdict: Verdict) -> Vec<Cell> {
    let bounds = [target.floor, target.aim].map(|bound| Cell::from(format!("{bound:.1}")));
    let verdict = Cell::from(verdict);
    start.into_iter().chain(bounds).chain([verdict]).collect()
}

/// How many operations the runs of a row had.
fn operations(results: &Results, row: &str) -> usize {
    let row = results.rows.iter().find(|found| found.name == row);
    row.map_or(0, |row| row.operations)
}

fn cpu(results: &Results, row: &str) -> String {
    let row = results.rows.iter().find(|found| found.name == row);
    row.map_or("-".to_owned(), super::terminal::cpu)
}

/// Names the figures in which fastwake is not as good as the best of tokio's variants, by the median.
#[must_use]
pub fn below_par(results: &Results) -> String {
    let mut below = Vec::new();
    for row in &results.rows {
        let summaries = row.summaries().into_iter();
        for summary in summaries.filter(|summary| summary.best.1.median < 1.0) {
            let (who, ratio) = (&summary.best.0, summary.best.1.median);
            below.push(format!("{} {} ({ratio:.2} {who})", row.name, summary.name));
        }
    }
    if below.is_empty() {
        "no ratio is below 1".to_owned()
    } else {
        format!("ratios below 1: {}", below.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{results, row};
    use super::*;
    use crate::results::RowResults;
    use crate::sample::Unit;
    use crate::workload::Row;

    fn verdict(table: &Table, what: &str) -> Vec<String> {
        let found = table.rows.iter().find(|row| row[0].text == what);
        let row = found.unwrap_or_else(|| panic!("no target {what}"));
        row[1..].iter().map(|cell| cell.text.clone()).collect()
    }

    fn enqueue(name: &str, fastwake: f64, tokio: f64) -> RowResults {
        let mut made = row(name, &[fastwake], &[tokio]);
        for sample in made.rounds[0].values_mut() {
            let value = sample.cost.wall;
            *sample = sample.clone().with("enqueue p50", Unit::Nanoseconds, value);
        }
        made
    }

    #[test]
    fn a_ratio_meets_its_aim_or_its_floor_or_neither_or_was_not_measured() {
        let table = table(&results(vec![
            row("yield", &[100.0], &[200.0]),
            row("ping-pong", &[100.0], &[130.0]),
            row("spawn-chain", &[100.0], &[199.0]),
        ]));
        let expected = [
            "yield time",
            "2.00 (2.00-2.00)",
            "2.00",
            "1.3",
            "2.0",
            "aim met",
        ];
        assert_eq!(verdict(&table, "yield"), expected);
        assert_eq!(verdict(&table, "ping-pong").last().unwrap(), "floor met");
        assert_eq!(
            verdict(&table, "chained spawn").last().unwrap(),
            "BELOW THE FLOOR"
        );
        let expected = ["fan-in time", "-", "-", "1.1", "1.5", "not measured"];
        assert_eq!(verdict(&table, "mpsc fan-in"), expected);
        let mean = verdict(&table, MEAN.what);
        assert_eq!(mean[1], "1.73");
        assert_eq!(mean.last().unwrap(), "BELOW THE FLOOR");
    }

    #[test]
    fn enqueueing_is_judged_by_the_batched_row_if_it_was_measured() {
        let what = "enqueue p50 at 8 producers";
        let single = enqueue("producers-8", 100.0, 100.0);
        let batched = enqueue("batch-8", 100.0, 300.0);
        let one = table(&results(vec![single.clone()]));
        assert_eq!(verdict(&one, what)[0], "producers-8 enqueue p50");
        let both = table(&results(vec![single, batched]));
        assert_eq!(verdict(&both, what)[0], "batch-8 enqueue p50");
        assert_eq!(verdict(&both, what).last().unwrap(), "aim met");
    }

    #[test]
    fn a_target_that_names_a_number_is_not_judged_by_smaller_runs() {
        let what = "the same, a million at once";
        let mut measured = results(vec![row("spawn-worker-million", &[100.0], &[900.0])]);
        measured.rows[0].operations = 200_000;
        let expected = [
            "spawn-worker-million time",
            "-",
            "-",
            "2.0",
            "3.0",
            "not measured in a quick run",
        ];
        assert_eq!(verdict(&table(&measured), what), expected);
        measured.rows[0].operations = 1_000_000;
        assert_eq!(verdict(&table(&measured), what).last().unwrap(), "aim met");
    }

    #[test]
    fn whole_runs_are_as_large_as_the_targets_ask_for() {
        for target in TARGETS {
            for (name, _) in target.figures {
                let row = Row::named(name).unwrap_or_else(|| panic!("no row {name}"));
                assert!(row.operations >= target.operations, "{target:?}");
            }
        }
    }

    #[test]
    fn an_aim_is_above_its_floor_and_a_floor_above_par() {
        for target in TARGETS.iter().chain([&MEAN]) {
            assert!(
                target.aim > target.floor && target.floor > 1.0,
                "{target:?}"
            );
        }
    }

    #[test]
    fn figures_below_par_are_named() {
        let mut measured = results(vec![row("yield", &[100.0], &[200.0])]);
        assert_eq!(below_par(&measured), "no ratio is below 1");
        measured.rows.push(row("slow", &[100.0], &[75.0]));
        assert_eq!(
            below_par(&measured),
            "ratios below 1: slow time (0.75 tokio)"
        );
    }
}
