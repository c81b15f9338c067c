//! fastwake side by side with its peers: the same workloads, on each of them.
//!
//! * [`peer`]: what a workload may ask of a runtime, and an adapter for each runtime.
//! * [`workload`]: the rows. Each is written once, over [`peer::Peer`].
//! * [`sample`], [`cost`], [`latency`], [`heap`]: what one run gives.
//! * [`limits`]: lets the process have the files that some rows need.
//! * [`suite`]: runs the contestants in turn, round by round, also those that are built apart.
//! * [`count`]: counts system calls and instructions, with tools that watch a process.
//! * [`results`], [`spread`], [`machine`]: what a whole comparison gives, and on what.
//! * [`experiment`]: wake-ups after the unlock against wake-ups inside the lock.
//! * [`model`]: a simulation of machines that we do not have.
//! * [`report`]: what is shown of it.
//! * [`options`]: the command line.
//!
//! `docs/benchmarks.md` says how to run them and what the rows ask.

mod build;
pub mod cost;
pub mod count;
pub mod experiment;
pub mod heap;
pub mod latency;
pub mod limits;
pub mod machine;
pub mod model;
pub mod options;
pub mod peer;
pub mod report;
pub mod results;
pub mod sample;
pub mod spread;
pub mod suite;
pub mod workload;
