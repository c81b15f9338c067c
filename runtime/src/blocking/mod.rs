#![forbid(unsafe_code)]
//! Threads for closures that block.
//!
//! The same discipline as the scheduler's: whom to wake is decided under the queue's lock, the
//! wake-up is issued after it, and a thread that was chosen stays visible until it comes.
//!
//! ```text
//!  submit: lock ─ queue ─ choose: idle thread, or a new one ─ unlock ─ wake / make it
//!
//!  thread:  idle ──woken──▶ comes ──▶ takes a closure, calls the next thread if more wait ──▶ runs
//!            ▲                │  ▲                                                            │
//!            │ nothing left   │  └──────────────── looks again ◀──────────────────────────────┘
//!            └────────────────┤
//!                             └──▶ watches, if enough run: takes one only when they do not get on
//! ```
//!
//! How many threads? A closure may block for ever, and may wait for one that is still queued, so
//! every queued closure must get a thread in the end, whatever the others do (unless the system has
//! no more threads to give). But a thread that is woken or made costs some 50 µs of somebody's time,
//! and closures that are shorter than that are done sooner by the threads that run already. So as
//! many threads as CPUs take closures at once; beyond them, one thread at a time stands watch, and
//! takes a closure only when those that run have not got on since it last looked while CPUs were
//! idle. While nobody gets on at all, the next ones do not wait.
//!
//! A closure that is awaited makes a task ready when it ends. Its thread goes on with that task, if a worker
//! would have to be woken for it, as a guest of the task's pool. That is a part of the closure, until the task
//! begins to block in its poll, or does not get on for long. From then on the thread is none of this pool's:
//! the task may wait for another closure in whatever way, also if there is no other seat.

mod load;
mod pool;
mod queue;
#[cfg(all(test, not(fastwake_loom)))]
mod tests;

pub(crate) use pool::{BlockingConfig, BlockingPool};
