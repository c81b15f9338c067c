#![forbid(unsafe_code)]
//! What the runtime counts, always.

mod counter;
mod dump;
mod queues;
mod snapshot;

pub(crate) use counter::{Counter, InjectorCounters, SharedCounter, WorkerCounters};
pub use dump::{BlockingDump, DriverState, PoolDump, WorkerDump, WorkerState};
pub(crate) use queues::{Listed, Queues, unless_held};
pub use queues::{QueueDump, QueueMetrics};
pub(crate) use snapshot::WorkerTimes;
pub use snapshot::{BlockingMetrics, PoolKind, PoolMetrics};
