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
//! neither keeps the other tasks waiting.
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
//! # Features
//!
//! * `hyper`: hyper's runtime traits, and a server for HTTP/1 and HTTP/2.
//! * `macros` (default): `#[fastwake::main]` and `#[fastwake::test]`.
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

mod blocking;
mod cell;
mod coop;
mod driver;
mod metrics;
mod park;
mod primitives;
mod scheduler;
mod threads;

#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use fastwake_macros::{main, test};
#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use tokio::{join, pin, select, try_join};

pub use task::spawn;

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../README.md")]
struct Readme;
