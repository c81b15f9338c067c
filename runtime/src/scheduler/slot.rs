#![forbid(unsafe_code)]
//! A worker's place in its pool: what of it others may touch.

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
pub(super) struct Slot {
    pub(super) parker: Parker,
    pub(super) lifo: LifoSlot,
    pub(super) queue: LocalQueue,
    pub(super) owned: OwnedTasks,
    pub(super) counters: WorkerCounters,
    pub(super) standing: StandingWord,
    pub(super) poll: CurrentPoll,
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
            parker: Parker::new(),
            lifo: LifoSlot::new(),
            queue: LocalQueue::new(),
            owned: OwnedTasks::new(),
            counters: WorkerCounters::default(),
            standing: StandingWord::new(),
            poll: CurrentPoll::default(),
            occupant: Occupant::default(),
        }
    }
}
