#![forbid(unsafe_code)]
//! What one run of a workload gives.

use serde::{Deserialize, Serialize};

use crate::cost::Cost;
use crate::latency::Latencies;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// A number of something: threads, system calls.
    Count,
}

/// One of the numbers that a workload compares. Of all of them less is better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is, as it is printed after the row's name.
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// The number.
    pub value: f64,
}

/// The figure that most rows have: wall-clock time per operation.
pub const TIME: &str = "time";

/// What one run gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// What an operation cost, in time and otherwise.
    pub cost: Cost,
    /// What is compared. The first is the row's own question.
    pub figures: Vec<Figure>,
    /// What was measured along with it, to judge the figures by; not compared.
    #[serde(default)]
    pub beside: Vec<Figure>,
    /// How the latencies of its operations lie, if it has measured each of them.
    pub latencies: Option<Latencies>,
}

impl Sample {
    /// Of a workload that asks for the time per operation.
    #[must_use]
    pub fn timed(cost: Cost) -> Self {
        let time = cost.wall;
        Self::of(cost).with(TIME, Unit::Nanoseconds, time)
    }

    /// Of a workload that compares something else, which [`with`](Self::with) adds.
    #[must_use]
    pub fn of(cost: Cost) -> Self {
        Self {
            cost,
            figures: Vec::new(),
            beside: Vec::new(),
            latencies: None,
        }
    }

    /// Adds a figure.
    #[must_use]
    pub fn with(mut self, name: &str, unit: Unit, value: f64) -> Self {
        let name = name.to_owned();
        self.figures.push(Figure { name, unit, value });
        self
    }

    /// Adds a figure that is not compared.
    #[must_use]
    pub fn beside(mut self, name: &str, unit: Unit, value: f64) -> Self {
        let name = name.to_owned();
        self.beside.push(Figure { name, unit, value });
        self
    }

    /// Adds these quantiles of latencies, each as a figure (0.5 is `p50` after `prefix`), and keeps
    /// the whole of them for a plot.
    #[must_use]
    pub fn with_latencies(self, prefix: &str, quantiles: &[f64], latencies: Latencies) -> Self {
        let mut sample = self.with_quantiles(prefix, quantiles, &latencies);
        sample.latencies = Some(latencies);
        sample
    }

    /// Adds these quantiles of latencies, and no more of them.
    #[must_use]
    pub fn with_quantiles(self, prefix: &str, quantiles: &[f64], latencies: &Latencies) -> Self {
        let add = |sample: Self, &quantile: &f64| {
            let name = match quantile {
                1.0 => format!("{prefix}max"),
                _ => format!("{prefix}p{}", quantile * 100.0),
            };
            sample.with(&name, Unit::Nanoseconds, latencies.at(quantile))
        };
        quantiles.iter().fold(self, add)
    }

    /// The value of the figure of this name.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<f64> {
        let found = self.figures.iter().find(|figure| figure.name == name);
        found.map(|figure| figure.value)
    }
}
