#![forbid(unsafe_code)]
//! Tasks: what runs on the runtime, and the handles to it.
//!
//! A task is a future that the runtime polls until it is done, beside all others. It costs one
//! allocation. Tasks that only wait, compute briefly and wait again are spawned by [`spawn`](spawn());
//! work that blocks its thread belongs in [`spawn_blocking`], work that computes for long in
//! [`spawn_cpu_intensive`]. A panic in a task ends that task alone, and is given to its
//! [`JoinHandle`].

mod builder;
mod join_set;
mod local_key;
mod spawn;
mod yield_now;

pub use builder::Builder;
pub use join_set::JoinSet;
pub use local_key::{AccessError, LocalKey, TaskLocalFuture};
pub use spawn::{block_in_place, id, spawn, spawn_blocking, spawn_cpu_intensive, try_id};
pub use yield_now::yield_now;

pub use crate::cell::{AbortHandle, Id, JoinError, JoinHandle};
