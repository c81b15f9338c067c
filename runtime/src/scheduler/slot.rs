#![forbid(unsafe_code)]
//! A worker's place in its pool: what of it others may touch.

use std::sync::Arc;

use crate::cell::OwnedTasks;
use crate::metrics::WorkerCounters;
use crate::park::Parker;

use super::lifo_slot::LifoSlot;
use super::local_queue::LocalQueue;
use super::occupant::Occupant;

/// Made with the first thread that takes the place, and kept until the pool goes: a wake-up that
/// comes late finds the parker in its place (rule I3).
pub(super) struct Slot {
    pub(super) parker: Parker,
    pub(super) lifo: LifoSlot,
    pub(super) queue: LocalQueue,
    pub(super) owned: OwnedTasks,
    pub(super) counters: WorkerCounters,
    pub(super) occupant: Arc<Occupant>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            parker: Parker::new(),
            lifo: LifoSlot::new(),
            queue: LocalQueue::new(),
            owned: OwnedTasks::new(),
            counters: WorkerCounters::default(),
            occupant: Arc::default(),
        }
    }
}
