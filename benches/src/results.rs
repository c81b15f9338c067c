#![forbid(unsafe_code)]
//! What a whole comparison gives: every sample of every round, and what follows from them. It is what
//! the reports read, and what is written as JSON.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::count::Counts;
use crate::experiment;
use crate::machine::Machine;
use crate::model;
use crate::sample::{Sample, Unit};
use crate::spread::Spread;

/// A comparison.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Results {
    /// What ran where.
    pub machine: Machine,
    /// Workers of each runtime.
    pub workers: usize,
    /// Did each contestant have a process of its own in each row? In results from before it did, one
    /// process ran all rows of most of them.
    #[serde(default)]
    pub own_processes: bool,
    /// The rows, in their order.
    pub rows: Vec<RowResults>,
    /// What was counted beside the times, if it was.
    #[serde(default)]
    pub counts: Option<Counts>,
    /// The workqueue experiment, if it was run.
    #[serde(default)]
    pub experiment: Option<experiment::Results>,
    /// What the model says, if it was asked.
    #[serde(default)]
    pub model: Option<model::Answers>,
}

/// What one row gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowResults {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// What would refute fastwake's claim.
    pub refuted_by: String,
    /// Operations in a run.
    pub operations: usize,
    /// Round by round: what each contestant gave, by name.
    pub rounds: Vec<BTreeMap<String, Sample>>,
}

/// Whose figures the ratios are about.
pub const FASTWAKE: &str = "fastwake";
/// Whose figures are divided by fastwake's.
pub const TOKIO: &str = "tokio";
/// tokio, a second time in the same round: how far its ratio to itself strays from 1 is how much of a
/// difference this machine makes of nothing.
pub const TOKIO_AGAIN: &str = "tokio again";

/// One figure of one row, over all rounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// Each contestant's values, in the order of their names.
    pub values: Vec<(String, Spread)>,
    /// tokio's value by fastwake's, round by round. Above 1, fastwake is better.
    pub ratio: Spread,
    /// tokio's value by its own of the second run.
    pub noise: Spread,
    /// The value of the best of tokio's variants by fastwake's, and which it is.
    pub best: (String, Spread),
}

impl Results {
    /// Writes them as JSON.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        serde_json::to_writer(&mut file, self)?;
        file.flush()
    }

    /// Reads what [`save`](Self::save) has written.
    ///
    /// # Errors
    ///
    /// What the file system says; [`InvalidData`](io::ErrorKind::InvalidData) for what is no such file.
    pub fn load(path: &Path) -> io::Result<Self> {
        let named = |kind, error: &dyn std::fmt::Display| {
            io::Error::new(kind, format!("{}: {error}", path.display()))
        };
        let file = File::open(path).map_err(|error| named(error.kind(), &error))?;
        let read = serde_json::from_reader(BufReader::new(file));
        read.map_err(|error| named(io::ErrorKind::InvalidData, &error))
    }

    /// In which processes the contestants ran.
    #[must_use]
    pub fn processes(&self) -> &'static str {
        if self.own_processes {
            "in a process for each contestant and row"
        } else {
            "in one process for most contestants and all rows"
        }
    }

    /// What a figure of a row has come to, if it was measured against tokio.
    #[must_use]
    pub fn summary(&self, row: &str, figure: &str) -> Option<Summary> {
        let row = self.rows.iter().find(|found| found.name == row)?;
        let mut summaries = row.summaries().into_iter();
        summaries.find(|found| found.name == figure)
    }

    /// The geometric mean over the rows of the geometric mean of each row's ratios (medians); `None`
    /// without any. The mixed rows are left out, of which one alone could make it what it likes.
    #[must_use]
    pub fn geometric_mean(&self) -> Option<f64> {
        let rows = self.rows.iter();
        let counted = rows.filter(|row| !row.name.starts_with("mixed-"));
        mean_of_logs(counted.filter_map(|row| {
            let summaries = row.summaries().into_iter();
            mean_of_logs(summaries.map(|summary| summary.ratio.median.ln()))
        }))
        .map(f64::exp)
    }
}

impl Summary {
    /// How a contestant's values lie.
    #[must_use]
    pub fn value(&self, who: &str) -> Option<Spread> {
        let found = self.values.iter().find(|(name, _)| name == who);
        found.map(|(_, spread)| *spread)
    }
}

impl RowResults {
    /// What each of its figures has come to.
    #[must_use]
    pub fn summaries(&self) -> Vec<Summary> {
        let Some(first) = self.rounds.first().and_then(|round| round.get(FASTWAKE)) else {
            return Vec::new();
        };
        let figures = first.figures.iter();
        figures
            .filter_map(|figure| self.summary(&figure.name, figure.unit))
            .collect()
    }

    fn summary(&self, name: &str, unit: Unit) -> Option<Summary> {
        let contestants = self.rounds.first()?.keys();
        let spread = |who: &String| {
            let values = self.values(who, name)?;
            Some((who.clone(), Spread::of(values)))
        };
        let values: Vec<_> = contestants.filter_map(spread).collect();
        let rivals = values.iter().filter(|(who, _)| is_rival(who));
        let best = rivals.min_by(|one, other| one.1.median.total_cmp(&other.1.median))?;
        Some(Summary {
            name: name.to_owned(),
            unit,
            ratio: self.ratio(TOKIO, FASTWAKE, name)?,
            noise: self.ratio(TOKIO, TOKIO_AGAIN, name)?,
            best: (best.0.clone(), self.ratio(&best.0, FASTWAKE, name)?),
            values,
        })
    }

    fn values(&self, who: &str, figure: &str) -> Option<Vec<f64>> {
        let value = |round: &BTreeMap<String, Sample>| round.get(who)?.figure(figure);
        self.rounds.iter().map(value).collect()
    }

    fn ratio(&self, of: &str, by: &str, figure: &str) -> Option<Spread> {
        let pairs = self
            .values(of, figure)?
            .into_iter()
            .zip(self.values(by, figure)?);
        Some(Spread::of(pairs.map(|(of, by)| quotient(of, by))))
    }

    /// tokio's CPU time per operation by fastwake's, by medians.
    #[must_use]
    pub fn cpu_ratio(&self) -> Option<f64> {
        let median = |who| self.median(who, |sample| sample.cost.cpu);
        let fastwake = median(FASTWAKE).filter(|&cpu| cpu > 0.0)?;
        Some(median(TOKIO)? / fastwake)
    }

    /// The median of what a contestant's operation costs otherwise.
    #[must_use]
    pub fn median(&self, who: &str, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        let values: Option<Vec<f64>> = self
            .rounds
            .iter()
            .map(|round| round.get(who).map(&of))
            .collect();
        let values = values.filter(|values| !values.is_empty())?;
        Some(Spread::of(values).median)
    }
}

/// One of tokio's variants.
fn is_rival(who: &str) -> bool {
    who.contains(TOKIO) && who != TOKIO_AGAIN
}

fn mean_of_logs(logs: impl Iterator<Item = f64>) -> Option<f64> {
    let logs: Vec<f64> = logs.collect();
    (!logs.is_empty()).then(|| logs.iter().sum::<f64>() / logs.len() as f64)
}

/// Two zeros are equal; nothing is infinitely better than a nanosecond, or a byte.
fn quotient(of: f64, by: f64) -> f64 {
    of.max(1.0) / by.max(1.0)
}
