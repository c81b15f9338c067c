#![forbid(unsafe_code)]
//! What has changed since earlier results.

use std::collections::BTreeSet;

use crate::results::{Results, Summary};
use crate::spread::Spread;

use super::table::{Cell, Table, Tone};

/// Two results side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// In what the two measurements differ otherwise: each may be the reason for a change.
    pub conditions: Vec<String>,
    /// The figures that both have.
    pub changes: Vec<Change>,
    /// Rows, and figures of common rows, that only the earlier results have.
    pub only_before: Vec<String>,
    /// Those that only the new ones have.
    pub only_now: Vec<String>,
}

/// One figure of one row, before and now.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Row and figure.
    pub name: String,
    /// tokio's by fastwake's, then.
    pub before: Spread,
    /// And now.
    pub now: Spread,
    /// The factor by which tokio's ratio to itself strays from 1, by its quartiles, in the noisier of
    /// the two.
    pub noise: f64,
    /// The rounds of whichever had fewer.
    pub rounds: usize,
}

/// With fewer rounds, quartiles say nothing: by mere chance, two pairs of numbers lie apart one time in
/// three.
const FEWEST_ROUNDS: usize = 5;

impl Change {
    /// By how many per cent the median of the ratio is higher.
    #[must_use]
    pub fn percent(&self) -> f64 {
        100.0 * (self.now.median / self.before.median - 1.0)
    }

    /// Were there rounds enough to tell a change from noise?
    #[must_use]
    pub fn has_rounds_enough(&self) -> bool {
        self.rounds >= FEWEST_ROUNDS
    }

    /// Is it more than chance? There must be rounds enough, the quartiles must not overlap, and the medians must differ by a greater
    /// factor than two measurements of the same tokio do.
    #[must_use]
    pub fn is_beyond_noise(&self) -> bool {
        let apart = self.now.lower > self.before.upper || self.now.upper < self.before.lower;
        self.has_rounds_enough()
            && apart
            && factor(self.now.median / self.before.median) > self.noise
    }
}

/// How far a ratio is from 1, in either direction.
fn factor(ratio: f64) -> f64 {
    ratio.max(1.0 / ratio)
}

impl Changes {
    /// From the earlier results to the new ones.
    #[must_use]
    pub fn between(before: &Results, now: &Results) -> Self {
        let (old, new) = (figures(before), figures(now));
        let find = |name: &str| old.iter().find(|(found, ..)| found == name);
        let changes = new.iter().filter_map(|(name, new_rounds, now)| {
            let (_, old_rounds, before) = find(name)?;
            let strays = [before, now].map(|summary| {
                let noise = summary.noise;
                factor(noise.lower).max(factor(noise.upper))
            });
            Some(Change {
                rounds: (*old_rounds).min(*new_rounds),
                name: name.clone(),
                before: before.ratio,
                now: now.ratio,
                noise: strays[0].max(strays[1]),
            })
        });
        Self {
            conditions: conditions(before, now),
            changes: changes.collect(),
            only_before: missing(before, now),
            only_now: missing(now, before),
        }
    }

    /// The figures that both have, as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["row", "ratio before", "ratio now", "change", "is it noise?"]);
        table.rows = self.changes.iter().map(line).collect();
        table
    }

    /// What stands beside the table.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.conditions.clone();
        for (names, when) in [(&self.only_before, "before"), (&self.only_now, "now")] {
            if !names.is_empty() {
                notes.push(format!("measured only {when}: {}", names.join(", ")));
            }
        }
        notes
    }
}

fn line(change: &Change) -> Vec<Cell> {
    let ratio =
        |Spread {
             lower,
             median,
             upper,
             ..
         }: Spread| { Cell::from(format!("{median:.2} ({lower:.2}-{upper:.2})")) };
    let verdict = match (change.is_beyond_noise(), change.percent() > 0.0) {
        _ if !change.has_rounds_enough() => Cell::from("too few rounds"),
        (false, _) => Cell::from("within noise"),
        (true, true) => Cell::toned("better", Tone::Good),
        (true, false) => Cell::toned("WORSE", Tone::Bad),
    };
    vec![
        change.name.as_str().into(),
        ratio(change.before),
        ratio(change.now),
        format!("{:+.0}%", change.percent()).into(),
        verdict,
    ]
}

/// All figures: row and figure, in how many rounds, and what they came to.
fn figures(results: &Results) -> Vec<(String, usize, Summary)> {
    let rows = results.rows.iter();
    let figures = rows.flat_map(|row| {
        let summaries = row.summaries().into_iter();
        summaries.map(|summary| {
            let name = format!("{} {}", row.name, summary.name);
            (name, row.rounds.len(), summary)
        })
    });
    figures.collect()
}

/// What one has and the other has not: whole rows by their name, single figures of others.
fn missing(of: &Results, from: &Results) -> Vec<String> {
    let there: BTreeSet<String> = figures(from).into_iter().map(|(name, ..)| name).collect();
    let mut missing = Vec::new();
    for row in &of.rows {
        if !from.rows.iter().any(|found| found.name == row.name) {
            missing.push(row.name.clone());
            continue;
        }
        let names = row.summaries().into_iter();
        let names = names.map(|summary| format!("{} {}", row.name, summary.name));
        missing.extend(names.filter(|name| !there.contains(name)));
    }
    missing
}

/// In what machines, versions and settings differ.
fn conditions(before: &Results, now: &Results) -> Vec<String> {
    let (old, new) = (&before.machine, &now.machine);
    let mut differences = Vec::new();
    let mut compare = |what: &str, old: &str, new: &str| {
        if old != new {
            differences.push(format!("{what}: {old} before, {new} now"));
        }
    };
    compare("CPU", &old.cpu, &new.cpu);
    compare("CPUs", &old.cpus.to_string(), &new.cpus.to_string());
    compare("kernel", &old.kernel, &new.kernel);
    compare("compiler", &old.compiler, &new.compiler);
    compare("pinning", &old.pinning, &new.pinning);
    let built = |optimized| {
        if optimized {
            "optimized"
        } else {
            "not optimized"
        }
    };
    compare("build", built(old.optimized), built(new.optimized));
    let packages = old.versions.iter().chain(&new.versions);
    let packages: BTreeSet<&str> = packages.map(|(package, _)| package.as_str()).collect();
    for package in packages {
        let version = |versions: &[(String, String)]| {
            let found = versions.iter().find(|(name, _)| name == package);
            found.map_or("none".to_owned(), |(_, version)| version.clone())
        };
        compare(package, &version(&old.versions), &version(&new.versions));
    }
    let workers = [before, now].map(|results| results.workers.to_string());
    compare("workers", &workers[0], &workers[1]);
    compare("run", before.processes(), now.processes());
    for row in &now.rows {
        if let Some(earlier) = before.rows.iter().find(|found| found.name == row.name) {
            let operations = [earlier, row].map(|row| row.operations.to_string());
            let what = format!("operations of {}", row.name);
            compare(&what, &operations[0], &operations[1]);
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{results, row};
    use super::*;
    use crate::results::{RowResults, TOKIO_AGAIN};

    /// Five rounds, in which tokio takes `times` of fastwake's 100.
    fn five(name: &str, times: [f64; 5]) -> RowResults {
        row(name, &[100.0; 5], &times)
    }

    fn around(time: f64) -> [f64; 5] {
        [-20.0, -10.0, 0.0, 10.0, 20.0].map(|off| time + off)
    }

    #[test]
    fn a_change_beyond_quartiles_and_noise_is_told_from_noise() {
        let before = results(vec![
            five("better", around(200.0)),
            five("worse", around(200.0)),
            five("overlapping", [100.0, 150.0, 200.0, 250.0, 300.0]),
        ]);
        let now = results(vec![
            five("better", around(300.0)),
            five("worse", around(100.0)),
            five("overlapping", [200.0, 240.0, 300.0, 350.0, 400.0]),
        ]);
        let changes = Changes::between(&before, &now);
        let verdicts: Vec<_> = changes
            .changes
            .iter()
            .map(Change::is_beyond_noise)
            .collect();
        assert_eq!(verdicts, [true, true, false]);
        let [better, worse, _] = &changes.changes[..] else {
            panic!("{changes:?}");
        };
        assert_eq!(better.name, "better time");
        assert_eq!(better.percent().round(), 50.0);
        assert_eq!(worse.percent().round(), -50.0);
        assert_eq!((better.before.median, better.now.median), (2.0, 3.0));
        let text = changes.table().text();
        for expected in [
            "2.00 (1.90-2.10)",
            "3.00 (2.90-3.10)",
            "+50%",
            "better\n",
            "WORSE",
            "within noise",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
        assert!(changes.notes().is_empty(), "{:?}", changes.notes());
    }

    #[test]
    fn a_change_that_tokio_makes_against_itself_is_noise() {
        let calm = results(vec![five("row", [200.0; 5])]);
        let mut restless = results(vec![five("row", [300.0; 5])]);
        assert!(Changes::between(&calm, &restless).changes[0].is_beyond_noise());
        let again = [150.0, 200.0, 300.0, 400.0, 600.0];
        for (round, again) in restless.rows[0].rounds.iter_mut().zip(again) {
            let sample = round.get_mut(TOKIO_AGAIN).unwrap();
            sample.figures[0].value = again;
        }
        let one_way = Changes::between(&calm, &restless);
        let other_way = Changes::between(&restless, &calm);
        for change in [&one_way.changes[0], &other_way.changes[0]] {
            assert_eq!(change.noise, 1.5);
            assert!(!change.is_beyond_noise());
        }
    }

    #[test]
    fn few_rounds_tell_no_change_from_noise() {
        let before = results(vec![five("row", [200.0; 5])]);
        let now = results(vec![row("row", &[100.0; 4], &[900.0; 4])]);
        let changes = Changes::between(&before, &now);
        assert!(!changes.changes[0].is_beyond_noise());
        let text = changes.table().text();
        assert!(text.contains("too few rounds"), "{text}");
    }

    #[test]
    fn rows_and_figures_of_one_side_only_are_named() {
        let mut before = results(vec![
            row("both", &[1.0], &[2.0]),
            row("gone", &[1.0], &[2.0]),
        ]);
        for sample in before.rows[0].rounds[0].values_mut() {
            *sample = sample
                .clone()
                .with("p50", crate::sample::Unit::Nanoseconds, 1.0);
        }
        let now = results(vec![
            row("new", &[1.0], &[2.0]),
            row("both", &[1.0], &[2.0]),
        ]);
        let changes = Changes::between(&before, &now);
        assert_eq!(changes.only_before, ["both p50", "gone"]);
        assert_eq!(changes.only_now, ["new"]);
        assert_eq!(changes.changes.len(), 1);
        assert_eq!(
            changes.notes(),
            [
                "measured only before: both p50, gone",
                "measured only now: new"
            ]
        );
    }

    #[test]
    fn other_machines_versions_and_settings_are_named() {
        let before = results(vec![row("row", &[1.0], &[2.0])]);
        let mut now = before.clone();
        now.machine.load = "9.99".to_owned();
        assert!(Changes::between(&before, &now).conditions.is_empty());
        now.machine.cpu = "another CPU".to_owned();
        now.machine.kernel = "another kernel".to_owned();
        now.machine.versions[1].1 = "2.0".to_owned();
        now.workers += 1;
        now.own_processes = false;
        now.rows[0].operations = 7;
        let conditions = Changes::between(&before, &now).conditions;
        assert_eq!(
            conditions,
            [
                "CPU: a CPU before, another CPU now",
                "kernel: a kernel before, another kernel now",
                "tokio: 1.0 before, 2.0 now",
                "workers: 2 before, 3 now",
                "run: in a process for each contestant and row before, in one process for most \
                 contestants and all rows now",
                "operations of row: 10 before, 7 now",
            ]
        );
    }
}
