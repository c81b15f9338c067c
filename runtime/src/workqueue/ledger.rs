#![forbid(unsafe_code)]
//! What a queue has let in, and what of it may run: pure decisions, made under the queue's lock and
//! carried out after it.
//!
//! ```text
//!           room, and nobody waits
//!  admit ───────────────────────────────▶ active ───▶ end
//!    │                                       ▲         ▲
//!    └───▶ waiting ───── activate ───────────┘         │
//!             └────────── aborted, cancelled ──────────┘
//! ```
//!
//! Rules:
//!
//! * W1: after each locked section, nobody waits or as many are active as may be, or the queue is
//!   paused: whoever gives a slot back hands it on in the same section.
//! * W2: numbers are given in the order of admission, and the oldest is activated first; so all that
//!   wait have larger numbers than all that are active.
//! * W3: a task is active from its activation until its future has been dropped, also while it
//!   awaits something.

use std::collections::BTreeMap;

use super::flushes::Flushes;

/// `H` is a handle to a task, through which it can be woken or aborted.
#[derive(Debug)]
pub(super) struct Ledger<H> {
    max_active: usize,
    paused: bool,
    /// Only the queue's own tasks may queue more.
    draining: bool,
    active: usize,
    /// The number of the next task.
    next: u64,
    /// Those that are not active, oldest first. A task that is still being made has no handle yet.
    waiting: BTreeMap<u64, Option<H>>,
    /// Those that have ever been suspended, for [`cancel_all`](Self::cancel_all).
    suspended: BTreeMap<u64, H>,
    /// Tasks with smaller numbers are to be cancelled.
    cancelled: u64,
    flushes: Flushes,
    counts: Counts,
}

/// What has become of the tasks so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Given a slot.
    pub(super) started: u64,
    pub(super) completed: u64,
    pub(super) panicked: u64,
    pub(super) cancelled: u64,
    pub(super) refused: u64,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Completed,
    Panicked,
    Cancelled,
}

/// A task that has been let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    pub(super) number: u64,
    /// Does it run now? Otherwise a handle to it is to be [deposited](Ledger::deposit).
    pub(super) is_active: bool,
}

/// What is to be done with the handle of a task that was to wait.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Deposited<H> {
    Kept,
    /// It has been activated meanwhile.
    Wake(H),
    /// It has been cancelled meanwhile.
    Abort(H),
}

/// What is to be done now that a task has ended.
#[must_use]
#[derive(Debug)]
pub(super) struct Ended<H> {
    /// To be woken.
    pub(super) next: Option<H>,
    /// To be dropped.
    pub(super) own: Option<H>,
    pub(super) some_flush_is_done: bool,
}

/// How a queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) max_active: usize,
    pub(super) paused: bool,
    pub(super) draining: bool,
    pub(super) active: usize,
    pub(super) inactive: usize,
    pub(super) queued: u64,
    pub(super) counts: Counts,
}

impl<H> Ledger<H> {
    pub(super) fn new(max_active: usize) -> Self {
        Self {
            max_active,
            paused: false,
            draining: false,
            active: 0,
            next: 0,
            waiting: BTreeMap::new(),
            suspended: BTreeMap::new(),
            cancelled: 0,
            flushes: Flushes::default(),
            counts: Counts::default(),
        }
    }

    /// Lets a task in, unless the queue is being drained and it is none of its own tasks' that asks.
    pub(super) fn admit(&mut self, by_own_task: bool) -> Option<Admitted> {
        if self.draining && !by_own_task {
            self.counts.refused += 1;
            return None;
        }
        let number = self.next;
        self.next += 1;
        self.flushes.begin();
        // Not past those that wait.
        let is_active = self.waiting.is_empty() && self.has_room();
        if is_active {
            self.begin();
        } else {
            self.waiting.insert(number, None);
        }
        Some(Admitted { number, is_active })
    }

    fn has_room(&self) -> bool {
        !self.paused && self.active < self.max_active
    }

    fn begin(&mut self) {
        self.active += 1;
        self.counts.started += 1;
    }

    /// Takes the handle to a task that waits.
    pub(super) fn deposit(&mut self, number: u64, handle: H) -> Deposited<H> {
        if self.is_cancelled(number) {
            return Deposited::Abort(handle);
        }
        match self.waiting.get_mut(&number) {
            None => Deposited::Wake(handle),
            Some(place) => {
                *place = Some(handle);
                Deposited::Kept
            }
        }
    }

    /// Activates the oldest task that waits, if there is room. One that is still being made is found
    /// active when its handle is deposited, and one that is being cancelled needs no waking.
    pub(super) fn activate(&mut self) -> Option<Option<H>> {
        if !self.has_room() {
            return None;
        }
        let (_, handle) = self.waiting.pop_first()?;
        self.begin();
        Some(handle)
    }

    /// A task has been suspended for the first time. Back if it is to be cancelled instead.
    pub(super) fn suspend(&mut self, number: u64, handle: H) -> Result<(), H> {
        if self.is_cancelled(number) {
            return Err(handle);
        }
        self.suspended.insert(number, handle);
        Ok(())
    }

    /// The future of a task has been dropped.
    pub(super) fn end(&mut self, number: u64, outcome: Outcome) -> Ended<H> {
        let own = match self.waiting.remove(&number) {
            Some(handle) => handle,
            None => {
                self.active -= 1;
                self.suspended.remove(&number)
            }
        };
        *match outcome {
            Outcome::Completed => &mut self.counts.completed,
            Outcome::Panicked => &mut self.counts.panicked,
            Outcome::Cancelled => &mut self.counts.cancelled,
        } += 1;
        Ended {
            next: self.activate().flatten(),
            own,
            some_flush_is_done: self.flushes.end(number),
        }
    }

    fn is_cancelled(&self, number: u64) -> bool {
        number < self.cancelled
    }

    /// All tasks that there are have been cancelled. Returns below which number, and the handles of
    /// those that are suspended; those of the waiting ones are for
    /// [`take_waiting`](Self::take_waiting).
    pub(super) fn cancel_all(&mut self) -> (u64, BTreeMap<u64, H>) {
        self.cancelled = self.next;
        (self.cancelled, std::mem::take(&mut self.suspended))
    }

    /// Moves handles of waiting tasks that have been cancelled to `into`, as many as it has room for.
    /// The tasks go on waiting, until they are found cancelled. Returns from where to go on.
    pub(super) fn take_waiting(&mut self, from: u64, into: &mut Vec<H>) -> Option<u64> {
        for (&number, handle) in self.waiting.range_mut(from..self.cancelled) {
            if into.len() == into.capacity() {
                return Some(number);
            }
            into.extend(handle.take());
        }
        None
    }

    /// More may be active now, for [`activate`](Self::activate).
    pub(super) fn set_max_active(&mut self, max_active: usize) {
        self.max_active = max_active;
    }

    /// As [`set_max_active`](Self::set_max_active).
    pub(super) fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub(super) fn drain(&mut self) {
        self.draining = true;
    }

    /// Has every task ended?
    pub(super) fn is_empty(&self) -> bool {
        self.active == 0 && self.waiting.is_empty()
    }

    /// A mark behind all tasks that there are.
    pub(super) fn mark(&mut self) -> u64 {
        self.flushes.mark(self.next)
    }

    /// Have all tasks before the mark ended?
    pub(super) fn is_flushed(&self, mark: u64) -> bool {
        self.flushes.is_done(mark)
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            max_active: self.max_active,
            paused: self.paused,
            draining: self.draining,
            active: self.active,
            inactive: self.waiting.len(),
            queued: self.next,
            counts: self.counts,
        }
    }
}
