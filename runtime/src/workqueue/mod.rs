#![forbid(unsafe_code)]
//! Work queues: named front ends to worker pools, as the Linux kernel has them.
//!
//! A task that is spawned with [`fastwake::spawn`](crate::spawn) is one of many: it runs as soon as a
//! worker has time. A [`WorkQueue`] is for tasks that belong together and that something is to be said
//! about: how many may be active at once, whether they keep their order, on which CPUs and at which
//! priority they run; and that are to be waited for, held up or ended together.
//!
//! A queue has no threads, and tasks that wait in it wake none: a hundred queues cost a hundred small
//! allocations. Which queue is for which work is told in
//! [`docs/work-queues.md`](https://github.com/fastwake/fastwake/blob/main/docs/work-queues.md).
//!
//! | in here | |
//! |---|---|
//! | `queue`, `builder`, `attributes` | what the user says, and whether it can be |
//! | `ledger`, `flushes` | who may run and who waits for whom: pure decisions |
//! | `shared` | the lock around the ledger, and what is done after it |
//! | `ticket` | a task, and its place in the queue |
//! | `activation` | waking what has been activated |
//! | `metrics` | what a queue tells of itself |

mod activation;
mod attributes;
mod builder;
mod flushes;
mod ledger;
mod metrics;
mod queue;
mod shared;
#[cfg(all(test, not(fastwake_loom)))]
mod tests;
mod ticket;

/// Compiles the examples of the page, which lies beside the crate in the repository.
#[cfg(all(doctest, unix, feature = "full"))]
#[doc = include_str!("../../../docs/work-queues.md")]
struct Page;

pub use crate::metrics::{QueueDump, QueueMetrics};
pub use builder::WorkQueueBuilder;
pub use queue::WorkQueue;
