//! The scheduler: worker pools, who works in them, and who is woken when.
//!
//! | room | what is in it |
//! |---|---|
//! | [`group`] | the pools of one runtime, their threads, their end |
//! | [`pod_set`] | the pools of the pods of one set of CPUs, which share work |
//! | [`lane`], [`sets`] | the pools of a work queue |
//! | [`placement`] | which pools there are, from the machine's pods |
//! | [`pool`] | one pool: putting work down, picking, delivering |
//! | [`injector`] | the pool's lock and what it guards |
//! | [`guest`] | a thread of the blocking pool that goes on with the task that it has made ready |
//! | [`schedule`] | where a scheduled task goes: to this thread's worker, or to its pool |
//! | [`report`] | what a pool has counted, and what its workers do |
//! | [`kick`] | the wake-up that a pick owes |
//! | [`experiment`] | wake-ups inside the lock, for comparison; only in builds that ask for it |
//! | [`policy`] | every threshold, as a question |
//! | [`slot`], [`local_queue`], [`lifo_slot`], [`standing`], [`current_poll`], [`occupant`] | what others may touch of a worker |
//! | [`worker`] | the loop, going idle, searching, blocking |
//! | [`current_thread`] | the scheduler that runs on the caller's thread |
//! | [`local`] | that of a `LocalSet`, whose tasks stay on its thread |
//!
//! The protocols, their rules and the argument that no wake-up is lost are in `README.md` beside
//! this file.

mod bench;
mod current_poll;
mod current_thread;
#[cfg(fastwake_experiment)]
pub mod experiment;
#[cfg(not(fastwake_experiment))]
mod experiment;
mod group;
mod guest;
mod injector;
mod interval;
mod kick;
mod lane;
mod lifo_slot;
mod local;
mod local_queue;
mod monitor;
mod occupant;
mod placement;
mod pod_set;
pub(crate) mod policy;
mod pool;
mod relief;
mod report;
mod rng;
mod schedule;
mod sets;
mod slot;
mod standing;
mod streak;
#[cfg(test)]
mod tests;
mod worker;
mod worklist;

pub(crate) use current_thread::{CurrentThread, CurrentThreadConfig};
#[cfg(feature = "time")]
pub(crate) use group::is_ending;
pub(crate) use group::{Group, GroupConfig, block_in_place, is_short_of_threads, worker_index};
pub(crate) use guest::{Guests, Held, hold_back, take_held};
pub(crate) use lane::{Lane, Place, Turn};
pub(crate) use local::{Entered as EnteredLocal, LocalScheduler};
pub use monitor::{LongPoll, PoolStall};
pub(crate) use monitor::{LongPollHook, MonitorConfig, StallHook};
pub use relief::Substitute;
pub(crate) use sets::{Class, NICE, PoolAttributes};
