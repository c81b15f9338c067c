#![forbid(unsafe_code)]
//! What the runtime counts, always.

mod counter;
mod dump;
mod snapshot;

pub(crate) use counter::{Counter, InjectorCounters, SharedCounter, WorkerCounters};
pub use dump::{BlockingDump, DriverState, PoolDump, WorkerDump, WorkerState};
pub(crate) use snapshot::WorkerTimes;
pub use snapshot::{BlockingMetrics, PoolKind, PoolMetrics};
