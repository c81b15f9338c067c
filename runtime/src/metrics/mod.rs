#![forbid(unsafe_code)]
//! What the runtime counts, always.

mod counter;
mod snapshot;

pub(crate) use counter::{Counter, InjectorCounters, SharedCounter, WorkerCounters};
pub use snapshot::{BlockingMetrics, PoolKind, PoolMetrics, RuntimeMetrics};
