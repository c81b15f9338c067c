#![forbid(unsafe_code)]
//! Latencies of many operations, kept by `hdrhistogram` and passed on as a few points.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Collects latencies; within a hundredth of what they are, up to a minute.
#[derive(Debug, Clone)]
pub struct Recorder(Histogram<u64>);

const LONGEST: u64 = 60_000_000_000;

impl Default for Recorder {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, 2);
        Self(histogram.expect("the bounds are in order"))
    }
}

impl Recorder {
    /// Adds one. What is longer than a minute counts as a minute.
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(LONGEST);
        self.0.saturating_record(nanoseconds);
    }

    /// Adds what another has collected.
    ///
    /// # Panics
    ///
    /// Never: all have the same bounds.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the bounds are the same");
    }

    /// How they lie.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    pub fn latencies(&self) -> Latencies {
        assert!(!self.0.is_empty(), "no latencies have no quantiles");
        let point = |&quantile: &f64| (quantile, self.0.value_at_quantile(quantile) as f64);
        Latencies {
            count: self.0.len(),
            points: QUANTILES.iter().map(point).collect(),
        }
    }
}

/// Where the curve is sampled; dense where tails are.
const QUANTILES: [f64; 24] = [
    0.0, 0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95,
    0.975, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1.0,
];

/// How latencies lie: some points of their distribution, in nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latencies {
    /// How many there were.
    pub count: u64,
    /// Quantile, from 0 to 1, and the latency that so many do not exceed.
    pub points: Vec<(f64, f64)>,
}

impl Latencies {
    /// The latency at a quantile; between two points, that of the next.
    ///
    /// # Panics
    ///
    /// If the quantile is above 1.
    #[must_use]
    pub fn at(&self, quantile: f64) -> f64 {
        let point = self.points.iter().find(|point| point.0 >= quantile);
        point.expect("a quantile is at most 1").1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut one = Recorder::default();
        let mut other = Recorder::default();
        for micros in 1..=500 {
            one.record(Duration::from_micros(micros));
            other.record(Duration::from_micros(500 + micros));
        }
        one.merge(&other);
        let latencies = one.latencies();
        assert_eq!(latencies.count, 1_000);
        for (quantile, micros) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1_000.0)] {
            let error = latencies.at(quantile) / (micros * 1_000.0) - 1.0;
            assert!(error.abs() < 0.01, "{quantile}: {error}");
        }
    }

    #[test]
    fn what_takes_longer_than_a_minute_counts_as_a_minute() {
        let mut recorder = Recorder::default();
        recorder.record(Duration::from_secs(600));
        assert!(recorder.latencies().at(1.0) <= 1.01 * LONGEST as f64);
    }
}
