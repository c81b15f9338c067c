//! The task cell: one allocation with a future, its state and everything its handles need.
//!
//! ```text
//! Cell<F, S>
//! ┌ Header ──────────────────────────────────┬ S ────────┬ Stage<F> ─────────────────────┐
//! │ state · vtable · queue link · owner links │ scheduler │ future | output | nothing     │
//! │ join waker · id · location · name · span  │           │                               │
//! └───────────────────────────────────────────┴───────────┴───────────────────────────────┘
//!    ▲ Runnable (a queue's)   ▲ Waker     ▲ AbortHandle   ▲ JoinHandle<T>   ▲ OwnedTasks
//! ```
//!
//! Who may touch what (the rules T1 to T7 are in [`state`]):
//!
//! | field | access |
//! |---|---|
//! | `state` | anybody, through its transitions |
//! | `queue_next` | the owner of the `Runnable` (T1), or whoever has claimed the future |
//! | `owner` | whoever holds `RUNNING`, or owns the `Runnable`; `state` orders them |
//! | `links` | under the lock of the owner's list |
//! | `join_waker` | T6 |
//! | the stage | whoever holds `RUNNING`; after the completion T5 |
//! | the rest | set when made, then read-only |

mod error;
mod header;
mod id;
mod join;
mod list;
mod owned;
mod raw;
mod runnable;
mod state;
#[cfg(test)]
mod tests;
mod verdict;
mod waker;

pub use error::JoinError;
pub use id::Id;
pub use join::{AbortHandle, JoinHandle};
pub(crate) use list::{TaskList, again};
pub(crate) use owned::{OwnedTasks, Swept};
pub(crate) use raw::{Schedule, TaskMeta, new, new_local, not_started};
pub(crate) use runnable::{Ran, Runnable};
