#![forbid(unsafe_code)]
//! What came out of a run.

use serde::{Deserialize, Serialize};

/// What came out of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Items each second, between the first tenth and the last.
    pub throughput: f64,
    /// Latency of the call that enqueues, in nanoseconds: half of the calls took at most so long.
    pub p50: u64,
    /// 95 % took at most so long.
    pub p95: u64,
    /// 99 % took at most so long.
    pub p99: u64,
    /// Sleeping workers roused for each item.
    pub wakes: f64,
    /// Kicks for each item that found the picked worker awake.
    pub futile: f64,
    /// Share of the time that a pool's lock is held or on its way to the next holder, mean of all pools.
    pub lock_busy: f64,
}

/// What is noted down during a run.
#[derive(Debug)]
pub(super) struct Record {
    /// How often each item ran.
    pub(super) runs: Vec<u32>,
    pub(super) latencies: Vec<u64>,
    /// When items had run, in this order.
    completions: Vec<u64>,
    pub(super) wakes: u64,
    pub(super) futile: u64,
}

impl Record {
    pub(super) fn new(items: usize) -> Self {
        Self {
            runs: vec![0; items],
            latencies: Vec::with_capacity(items),
            completions: Vec::with_capacity(items),
            wakes: 0,
            futile: 0,
        }
    }

    pub(super) fn ran(&mut self, item: usize, now: u64) {
        self.runs[item] += 1;
        self.completions.push(now);
    }

    pub(super) fn all_ran(&self) -> bool {
        self.completions.len() == self.runs.len()
    }

    /// `held` is the time that each pool's lock was held, `end` the time of the last event.
    pub(super) fn outcome(mut self, held: &[u64], end: u64) -> Outcome {
        self.latencies.sort_unstable();
        let items = self.runs.len();
        let (first, last) = (items / 10, items - 1 - items / 10);
        let took = self.completions[last] - self.completions[first];
        let percentile = |percent: usize| self.latencies[(items * percent / 100).min(items - 1)];
        Outcome {
            throughput: (last - first) as f64 * 1e9 / took.max(1) as f64,
            p50: percentile(50),
            p95: percentile(95),
            p99: percentile(99),
            wakes: self.wakes as f64 / items as f64,
            futile: self.futile as f64 / items as f64,
            lock_busy: held.iter().sum::<u64>() as f64 / (held.len() as f64 * end as f64),
        }
    }
}
