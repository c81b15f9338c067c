//! fastwake side by side with its peers: the same workloads, on each of them, in one process.
//!
//! * [`peer`]: what a workload may ask of a runtime, and an adapter for each runtime.
//! * [`workload`]: the rows. Each is written once, over [`peer::Peer`].
//! * [`cost`]: what a run costs: wall-clock time, CPU time, voluntary context switches.
//! * [`compare`]: runs the peers in turn, round by round.
//! * [`experiment`]: wake-ups after the unlock against wake-ups inside the lock.
//! * [`report`], [`spread`]: what is printed, and the little statistics that it takes.
//! * [`options`]: the command line.
//!
//! `docs/benchmarks.md` says how to run them and what the rows ask.

pub mod compare;
pub mod cost;
pub mod experiment;
pub mod options;
pub mod peer;
pub mod report;
pub mod spread;
pub mod workload;
