#![forbid(unsafe_code)]
//! Tasks: what runs on the runtime, and the handles to it.
//!
//! A task is a future that the runtime polls until it is done, beside all others. It costs one
//! allocation. Tasks that only wait, compute briefly and wait again are spawned by [`spawn`](spawn());
//! work that blocks its thread belongs in [`spawn_blocking`], work that computes for long in
//! [`spawn_cpu_intensive`]. A panic in a task ends that task alone, and is given to its
//! [`JoinHandle`].

mod builder;
pub mod join_set;
mod local;
mod local_key;
mod spawn;
mod yield_now;

pub use builder::Builder;
#[doc(inline)]
pub use join_set::JoinSet;
pub use local::{LocalEnterGuard, LocalSet, spawn_local};
pub use local_key::{AccessError, LocalKey};
pub use spawn::{block_in_place, id, spawn, spawn_blocking, spawn_cpu_intensive, try_id};
pub use yield_now::yield_now;

pub use crate::cell::{AbortHandle, Id, JoinError, JoinHandle};
pub use crate::coop::{Unconstrained, consume_budget, unconstrained};

/// The futures of this module that have a name.
pub mod futures {
    pub use super::local_key::TaskLocalFuture;
}

/// Cooperation: how often one poll of a task may find what it waits for ready.
///
/// A worker polls one task at a time. One whose socket always has data would never suspend, and keep
/// the worker from all other tasks. So each poll of a task has a budget, and every operation of
/// fastwake's own that finds what it wants (sockets, timers, join handles) spends one unit of it.
/// With nothing left, operations say that they are not ready and wake their task, which then is
/// queued behind the others.
///
/// What is re-exported from tokio (`fastwake::sync`, in-memory pipes) has tokio's budget, which is
/// only counted in tokio's own tasks. **A loop over such a channel that is never empty has to call
/// [`consume_budget`], or to wrap its operation in [`cooperative`](coop::cooperative)**, or timeouts,
/// aborts and the other branches of a `select!` around it are never seen, and on a current-thread runtime
/// no other task runs:
///
/// ```no_run
/// # #[cfg(feature = "sync")]
/// # async fn run(mut jobs: fastwake::sync::mpsc::Receiver<u32>) {
/// while let Some(job) = jobs.recv().await {
///     println!("{job}");
///     fastwake::task::consume_budget().await;
/// }
/// # }
/// ```
pub mod coop {
    pub use crate::coop::{
        Coop, RestoreOnPending, Unconstrained, consume_budget, cooperative, has_budget_remaining,
        poll_proceed, unconstrained,
    };
}
