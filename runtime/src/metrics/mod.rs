#![forbid(unsafe_code)]
//! What the runtime counts, always.

mod counter;
mod snapshot;

pub(crate) use counter::{Counter, InjectorCounters, SharedCounter, WorkerCounters};
pub(crate) use snapshot::WorkerTimes;
pub use snapshot::{BlockingMetrics, PoolKind, PoolMetrics};
