//! An async runtime that wakes its workers after the lock, on pools that follow the machine.
//!
//! fastwake runs futures as tasks on a pool of worker threads for each group of CPUs that share a
//! cache ([`topology`] says which do, [`runtime::Builder`] which groups to take). Its scheduler takes
//! over the deferred wake-up of the Linux workqueue: whom to wake is decided under the pool's lock,
//! and the wake-up, which costs hundreds of times as much as the push that it follows, is issued
//! after it.
//!
//! Names and semantics are tokio's where tokio has them. Work that blocks its thread goes to
//! [`task::spawn_blocking`], work that computes for long to [`task::spawn_cpu_intensive`], so that
//! neither keeps the other tasks waiting. Tasks that belong together, of which only so many may be under
//! way or that keep an order, go to a [`WorkQueue`].
//!
//! ```
//! #[fastwake::main]
//! async fn main() {
//!     let sum = fastwake::task::spawn_cpu_intensive(|| (1..=1_000_u64).sum::<u64>());
//!     let hello = fastwake::spawn(async { "hello" });
//!     println!("{}, {}", hello.await.unwrap(), sum.await.unwrap());
//! }
//! ```
//!
//! # What is promised
//!
//! A task that is woken is polled again, exactly as often as [`std::future::Future`] demands, as long
//! as its runtime lives and some worker gets to it: a worker does, unless every one is kept by a poll
//! that does not return. A task is polled to completion or dropped, once. Which worker polls it, in
//! which order, and that wake-ups are issued after the lock, is today's behaviour.
//!
//! Who loops over channels, locks or in-memory pipes that are always ready, in a `select!` or a timeout
//! for instance, has to [ask for interruption](task::coop): these are tokio's, and spend no budget here.
//!
//! # Features
//!
//! They are called as in tokio; how a program moves over is told in
//! [`docs/migrating-from-tokio.md`](https://github.com/fastwake/fastwake/blob/main/docs/migrating-from-tokio.md).
//!
//! * `fs`: files and directories, on threads that may block.
//! * `full`: everything but `metrics`, `tokio-compat` and `tracing`.
//! * `futures-io`: the `futures-io` traits for sockets, beside tokio's.
//! * `hyper`: hyper's runtime traits, and a server for HTTP/1 and HTTP/2.
//! * `io-std`: standard input and output, on threads that may block.
//! * `io-util` (default): `AsyncReadExt` and the like, buffers, `copy`.
//! * `macros` (default): `#[fastwake::main]`, `#[fastwake::test]`, `select!`, `join!`, `try_join!`.
//! * `metrics`: the runtime's counts for the facade of that name, through `runtime::MetricsPublisher`.
//! * `net` (default): TCP, UDP, Unix sockets and pipes.
//! * `parking_lot`, `rt`, `rt-multi-thread`: always there, and named so that a program's list of
//!   features stays as it is.
//! * `process`: processes; brings `net` and `signal`.
//! * `signal`: Ctrl-C and Unix signals; brings `net`.
//! * `sync` (default): channels, locks and the like.
//! * `test-util`: a clock that can be stopped; brings `time`.
//! * `time` (default): sleeps, intervals, timeouts.
//! * `tokio-compat`: a tokio context on the runtime's threads, for libraries that insist on tokio.
//! * `tracing`: a span for each task, closure and `block_on`, and an event for what is done with a
//!   task's waker, as tokio has them under `tokio_unstable`: for tokio-console, and for subscribers of
//!   your own. Locks, channels, timers and sockets have none.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "fs")]
#[cfg_attr(docsrs, doc(cfg(feature = "fs")))]
pub mod fs;
#[cfg(feature = "hyper")]
#[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
pub mod hyper;
#[cfg(any(
    feature = "fs",
    feature = "io-std",
    feature = "io-util",
    feature = "net"
))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(
        feature = "fs",
        feature = "io-std",
        feature = "io-util",
        feature = "net"
    )))
)]
pub mod io;
#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub mod net;
#[cfg(all(unix, feature = "process"))]
#[cfg_attr(docsrs, doc(cfg(all(unix, feature = "process"))))]
pub mod process;
pub mod runtime;
#[cfg(all(unix, feature = "signal"))]
#[cfg_attr(docsrs, doc(cfg(all(unix, feature = "signal"))))]
pub mod signal;
#[cfg(feature = "sync")]
#[cfg_attr(docsrs, doc(cfg(feature = "sync")))]
pub mod sync;
pub mod task;
#[cfg(feature = "time")]
#[cfg_attr(docsrs, doc(cfg(feature = "time")))]
pub mod time;
pub mod topology;
pub mod workqueue;

mod blocking;
mod cell;
mod coop;
mod driver;
mod metrics;
mod park;
mod primitives;
mod scheduler;
mod threads;
mod trace;

#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use fastwake_macros::{main, test};
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use tokio::{join, pin, select, try_join};

pub use task::spawn;
pub use workqueue::WorkQueue;

#[cfg(fastwake_experiment)]
#[doc(hidden)]
pub use scheduler::experiment;

/// Compiles the examples of the README, which show some of everything.
#[cfg(all(doctest, unix, feature = "full"))]
#[doc = include_str!("../README.md")]
struct Readme;
