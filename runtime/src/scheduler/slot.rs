#![forbid(unsafe_code)]
//! A worker's place in its pool: what of it others may touch.

use crossbeam_utils::CachePadded;

use crate::cell::{OwnedTasks, TaskList};
use crate::metrics::WorkerCounters;
use crate::park::Parker;

use super::current_poll::CurrentPoll;
use super::lifo_slot::LifoSlot;
use super::local_queue::LocalQueue;
use super::occupant::Occupant;
use super::standing::StandingWord;

/// Made with the first thread that takes the place, and kept until the pool goes: a wake-up that
/// comes late finds the parker in its place (rule I3).
///
/// What the worker writes in each poll is apart from what others look at.
pub(super) struct Slot {
    pub(super) parker: CachePadded<Parker>,
    pub(super) lifo: CachePadded<LifoSlot>,
    pub(super) queue: LocalQueue,
    pub(super) owned: OwnedTasks,
    pub(super) counters: CachePadded<WorkerCounters>,
    pub(super) standing: CachePadded<StandingWord>,
    pub(super) poll: CachePadded<CurrentPoll>,
    pub(super) occupant: Occupant,
}

impl Slot {
    /// Is there anything that its worker has not come to yet? A hint.
    pub(super) fn has_local(&self) -> bool {
        !self.queue.is_empty() || !self.lifo.is_empty()
    }

    /// What its worker has not come to yet.
    pub(super) fn take_local(&self) -> TaskList {
        let mut tasks: TaskList = std::iter::from_fn(|| self.queue.pop_front()).collect();
        tasks.extend(self.lifo.take());
        tasks
    }

    pub(super) fn new() -> Self {
        Self {
            parker: CachePadded::new(Parker::new()),
            lifo: CachePadded::new(LifoSlot::new()),
            queue: LocalQueue::new(),
            owned: OwnedTasks::new(),
            counters: CachePadded::default(),
            standing: CachePadded::new(StandingWord::new()),
            poll: CachePadded::default(),
            occupant: Occupant::default(),
        }
    }
}
