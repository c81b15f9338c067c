//! The primitives that the rest of the crate is built from, in one place.
//!
//! Every lock-free protocol here is checked by a model checker. It replaces atomics, cells, mutexes
//! and threads by its own; this module is the one that names it, and everything else takes these
//! types from here.

mod lock;
#[cfg(fastwake_loom)]
mod model;
mod on_thread;
mod quiet;
#[cfg(not(fastwake_loom))]
mod real;

#[cfg(fastwake_loom)]
use model as imp;
#[cfg(not(fastwake_loom))]
use real as imp;

#[cfg(any(not(target_os = "linux"), fastwake_portable, fastwake_loom))]
pub(crate) use imp::blocking;
#[cfg(all(test, fastwake_loom))]
pub(crate) use imp::thread;
pub(crate) use imp::{Arc, ThreadId, UnsafeCell, atomic, pause};
#[cfg(fastwake_experiment)]
pub(crate) use lock::as_if_unlocked;
pub(crate) use lock::{Lock, LockGuard, assert_no_lock_held};
pub(crate) use on_thread::OnThread;
pub(crate) use quiet::quietly;
