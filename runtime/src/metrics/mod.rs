#![forbid(unsafe_code)]
//! What the runtime counts, always.

mod counter;
mod snapshot;

pub(crate) use counter::{Counter, InjectorCounters, SharedCounter, WorkerCounters};
pub(crate) use snapshot::WorkerParks;
pub use snapshot::{BlockingMetrics, PoolKind, PoolMetrics};
