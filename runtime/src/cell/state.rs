#![forbid(unsafe_code)]
//! The task's state word.
//!
//! | bit | set means |
//! |---|---|
//! | `RUNNING` | one thread has the future to itself: it polls it, cancels it or stores its output |
//! | `COMPLETE` | the output is stored (or dropped); final |
//! | `SCHEDULED` | a [`Runnable`](super::Runnable) exists or, while `RUNNING`, the runner owes one |
//! | `CANCELLED` | the future is to be dropped instead of polled |
//! | `JOIN_INTEREST` | the `JoinHandle` lives, and the output is its |
//! | `JOIN_WAKER` | the join handle's waker is stored, and is the completer's |
//! | `WAITING` | never polled, and in the list of those that wait for a work queue's turn |
//! | `NAMED` | the task has a name; never changes |
//! | `NEW` | no poll has suspended the task yet |
//!
//! Three bits more count the polls for which the task is on probation, as it has stayed in one for long.
//!
//! The bits above count references: one for the runtime as a whole, from the spawn to the
//! completion, one for the join handle, one for each waker and abort handle.
//!
//! ```text
//!             start                  complete
//! SCHEDULED ─────────▶ RUNNING ───────────────────▶ COMPLETE
//!   ▲   ▲               │  ▲ │ └─ suspend, woken meanwhile ─▶ SCHEDULED (the runner's)
//!   │   └── refuse, ─┐  │  └─┼──────────────────┐
//!   │       wait     │  │    │                  │
//!   │ schedule,      ▼  ▼    │ suspend          │ claim (shutdown)
//!   └ cancel ─────── idle ◀──┘ ─────────────────┘
//! ```
//!
//! Rules:
//!
//! * T1: `SCHEDULED` without `RUNNING` and without `COMPLETE` means that exactly one `Runnable`
//!   exists, and it owns the runtime's reference. It alone may `start`.
//! * T2: whoever sets `SCHEDULED` on an idle task makes the `Runnable`; on a running one, its
//!   runner does so after the poll; on a complete one nobody does.
//! * T3: `SCHEDULED` is cleared before the poll, so a wake-up that comes during it is seen by
//!   [`suspend`](TaskState::suspend); a waker that finds the bit set may leave, for the coming poll
//!   sees what the waker wrote.
//! * T4: an idle task is in its owner's list, which holds the runtime's reference meanwhile.
//! * T5: the output belongs to the join handle if `JOIN_INTEREST` was set at completion, otherwise
//!   to the completer, which drops it.
//! * T6: the join waker's cell belongs to the join handle while `JOIN_WAKER` is clear, to nobody
//!   while it is set, and to the completer from the completion on if it was set then.
//! * T7: `NEW` and the probation belong to whoever holds `RUNNING`, or the `Runnable`.

use std::fmt;

use crate::primitives::atomic::AtomicUsize;
use crate::primitives::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

const RUNNING: usize = 1 << 0;
const COMPLETE: usize = 1 << 1;
const SCHEDULED: usize = 1 << 2;
const CANCELLED: usize = 1 << 3;
const JOIN_INTEREST: usize = 1 << 4;
const JOIN_WAKER: usize = 1 << 5;
const WAITING: usize = 1 << 6;
const NAMED: usize = 1 << 7;
const NEW: usize = 1 << 8;
const PROBATION_ONE: usize = 1 << 9;
const PROBATION: usize = 0b111 * PROBATION_ONE;
const REF_ONE: usize = 1 << 12;
const REF_MASK: usize = !(REF_ONE - 1);

/// The references of a task that has just been made: the runtime's and the join handle's.
const INITIAL: usize = SCHEDULED | JOIN_INTEREST | NEW | (2 * REF_ONE);

/// The state word. All transitions are here.
pub(super) struct TaskState(AtomicUsize);

/// What the runner of a `Runnable` has to do.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    Poll,
    Cancel,
}

/// What became of a task whose poll returned pending.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Suspend {
    /// Not the runner's any more; it may be gone already.
    Idle,
    /// Woken during the poll: the runner has the `Runnable`.
    Requeue,
}

/// What a completer has still to do, while it holds the runtime's reference.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completed {
    /// Nothing: the runtime's reference has been given up in the same step.
    Released,
    /// See to the output and the waker, then give the reference up.
    Pending {
        output_is_wanted: bool,
        wake_joiner: bool,
    },
}

/// What a waker that is used up has to do.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WakeByValue {
    Submit,
    Nothing,
    Free,
}

/// What a join handle that goes away has to do.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Detach {
    /// Nothing: its reference has been given up in the same step.
    Released,
    /// Drop the stored waker, then give the reference up.
    DropWaker,
    /// Drop the output, then give the reference up.
    DropOutput,
}

impl TaskState {
    pub(super) fn new(named: bool) -> Self {
        let name = if named { NAMED } else { 0 };
        Self(AtomicUsize::new(INITIAL | name))
    }

    fn update(&self, mut change: impl FnMut(usize) -> Option<usize>) -> Result<usize, usize> {
        // ORDERING: Release for what the caller wrote into the cell before, Acquire for what it
        // is going to read; every hand-over in the rules goes through such a pair.
        let mut current = self.0.load(Acquire);
        loop {
            let Some(next) = change(current) else {
                return Err(current);
            };
            match self.0.compare_exchange_weak(current, next, AcqRel, Acquire) {
                Ok(_) => return Ok(current),
                Err(actual) => current = actual,
            }
        }
    }

    /// The owner of the `Runnable` takes the future (T1, T3).
    pub(super) fn start(&self) -> Start {
        // One bit is set and the other clear (T1), so there is nothing to carry.
        let before = self.0.fetch_sub(SCHEDULED - RUNNING, AcqRel);
        debug_assert_eq!(
            before & (SCHEDULED | RUNNING | COMPLETE),
            SCHEDULED,
            "{self:?}"
        );
        if before & CANCELLED != 0 {
            Start::Cancel
        } else {
            Start::Poll
        }
    }

    /// The runner gives the future back after a pending poll, the first one or a later one. Unless it
    /// is to requeue the task, it must not touch it any more.
    pub(super) fn suspend(&self, first: bool) -> Suspend {
        let gone = if first { RUNNING | NEW } else { RUNNING };
        // What goes is set: there is nothing to borrow.
        let before = self.0.fetch_sub(gone, AcqRel);
        debug_assert_eq!(before & (RUNNING | COMPLETE), RUNNING);
        debug_assert_eq!(before & NEW != 0, first);
        if before & SCHEDULED != 0 {
            Suspend::Requeue
        } else {
            Suspend::Idle
        }
    }

    /// The runner has stored the output (T5, T6). In the usual case, an output that is wanted and a
    /// join handle that does not sleep, this also gives up the runtime's reference.
    pub(super) fn complete(&self) -> Completed {
        let current = self.0.load(Relaxed);
        if current & (JOIN_INTEREST | JOIN_WAKER) == JOIN_INTEREST {
            debug_assert!(
                current >= 2 * REF_ONE,
                "the join handle holds a reference of its own"
            );
            let next = (current ^ (RUNNING | COMPLETE)) - REF_ONE;
            // ORDERING: Release publishes the output to `is_complete`. Nothing is read after.
            if self
                .0
                .compare_exchange(current, next, Release, Relaxed)
                .is_ok()
            {
                return Completed::Released;
            }
        }
        let before = self.0.fetch_xor(RUNNING | COMPLETE, AcqRel);
        debug_assert_eq!(before & (RUNNING | COMPLETE), RUNNING);
        Completed::Pending {
            output_is_wanted: before & JOIN_INTEREST != 0,
            wake_joiner: before & JOIN_WAKER != 0,
        }
    }

    /// A waker schedules the task. True: the caller makes the `Runnable` (T2).
    pub(super) fn schedule(&self) -> bool {
        self.0.fetch_or(SCHEDULED, AcqRel) & (SCHEDULED | RUNNING | COMPLETE) == 0
    }

    /// As [`schedule`](Self::schedule), and gives the waker's own reference up in the same step.
    pub(super) fn schedule_by_value(&self) -> WakeByValue {
        let result = self.update(|current| Some((current | SCHEDULED) - REF_ONE));
        let (Ok(before) | Err(before)) = result;
        if before & REF_MASK == REF_ONE {
            // Only a complete task has no reference of the runtime's.
            WakeByValue::Free
        } else if before & (SCHEDULED | RUNNING | COMPLETE) == 0 {
            WakeByValue::Submit
        } else {
            WakeByValue::Nothing
        }
    }

    /// Asks for the future to be dropped. True: the caller makes the `Runnable`, whose runner will
    /// do so.
    pub(super) fn cancel(&self) -> bool {
        let before = self.0.fetch_or(CANCELLED | SCHEDULED, AcqRel);
        before & (SCHEDULED | RUNNING | COMPLETE) == 0
    }

    /// Takes the future of an idle task, to cancel it at shutdown. A running or scheduled one is
    /// marked; its runner sees to it.
    pub(super) fn claim(&self) -> bool {
        let result = self.update(|current| {
            if current & COMPLETE != 0 {
                None
            } else if current & (RUNNING | SCHEDULED) != 0 {
                Some(current | CANCELLED)
            } else {
                Some(current | CANCELLED | RUNNING)
            }
        });
        result.is_ok_and(|before| before & (RUNNING | SCHEDULED) == 0)
    }

    /// Undoes a [`schedule`](Self::schedule) whose `Runnable` no queue would take. The task is in
    /// its owner's list (T4), where the shutdown finds it; the caller must not touch it any more.
    pub(super) fn refuse(&self) {
        let before = self.0.fetch_and(!SCHEDULED, AcqRel);
        debug_assert_eq!(before & (SCHEDULED | RUNNING | COMPLETE), SCHEDULED);
    }

    /// Is there nothing to be seen to before the task is polled? It has been polled before, has no name
    /// and is not on probation. For the owner of the `Runnable`.
    #[inline]
    pub(super) fn is_ordinary(&self) -> bool {
        // ORDERING: all change in the hands of whoever holds `RUNNING` or the `Runnable` alone, who hands
        // it on with more.
        self.0.load(Relaxed) & (WAITING | NAMED | NEW | PROBATION) == 0
    }

    /// Has it no name, and is it not in the list of those that wait? For the owner of the `Runnable`.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        // ORDERING: as in `is_ordinary`.
        self.0.load(Relaxed) & (WAITING | NAMED) == 0
    }

    /// Is its first poll still to come, without its being in the list of those that wait? For the owner
    /// of the `Runnable`.
    #[inline]
    pub(super) fn is_new(&self) -> bool {
        // ORDERING: as in `is_ordinary`.
        self.0.load(Relaxed) & (NEW | WAITING) == NEW
    }

    /// For how many polls more the task is on probation (T7).
    pub(super) fn probation(&self) -> usize {
        // ORDERING: only the runner writes it, and hands it on with the task.
        (self.0.load(Relaxed) & PROBATION) / PROBATION_ONE
    }

    /// The runner says of the poll that has just ended, before it gives the future back, whether it was
    /// a long one (T7).
    pub(super) fn judge(&self, long: bool) {
        // ORDERING: as in `probation`.
        if long {
            self.0.fetch_or(PROBATION, Relaxed);
        } else if self.probation() > 0 {
            self.0.fetch_sub(PROBATION_ONE, Relaxed);
        }
    }

    /// A new task is not to run yet; it has an owner already (T4). The caller gives the `Runnable` up.
    /// False: the shutdown has seen the task meanwhile, and the caller is to cancel it.
    pub(super) fn wait(&self) -> bool {
        let result = self.update(|current| {
            (current & CANCELLED == 0).then_some(current ^ (SCHEDULED | WAITING))
        });
        let (Ok(before) | Err(before)) = result;
        debug_assert_eq!(
            before & (SCHEDULED | RUNNING | COMPLETE | WAITING),
            SCHEDULED
        );
        result.is_ok()
    }

    /// Has the task been made to wait, and not been let go since? For the owner of the `Runnable`.
    pub(super) fn is_waiting(&self) -> bool {
        // ORDERING: it changes in the hands of a `Runnable`'s owner alone, who hands it on with more.
        self.0.load(Relaxed) & WAITING != 0
    }

    /// The owner of the `Runnable` is going to take the task out of the list of those that wait.
    pub(super) fn end_wait(&self) {
        // ORDERING: as above.
        let before = self.0.fetch_and(!WAITING, Relaxed);
        debug_assert_eq!(
            before & (SCHEDULED | RUNNING | WAITING),
            SCHEDULED | WAITING
        );
    }

    /// Is the output there?
    pub(super) fn is_complete(&self) -> bool {
        // ORDERING: Acquire pairs with the Release of `complete`.
        self.0.load(Acquire) & COMPLETE != 0
    }

    /// The join handle hands its waker to the completer (T6). False: the task is complete, and the
    /// waker's cell is still the handle's.
    pub(super) fn store_join_waker(&self) -> bool {
        self.update(|current| (current & COMPLETE == 0).then_some(current | JOIN_WAKER))
            .is_ok()
    }

    /// The join handle takes the waker's cell back, if it had given it away. False: the task is
    /// complete, and the cell is not the handle's.
    pub(super) fn reclaim_join_waker(&self) -> bool {
        // Nobody but the handle sets the bit, so a clear one stays clear.
        if self.0.load(Acquire) & (JOIN_WAKER | COMPLETE) == 0 {
            return true;
        }
        self.update(|current| (current & COMPLETE == 0).then_some(current & !JOIN_WAKER))
            .is_ok()
    }

    /// The join handle goes away.
    pub(super) fn detach(&self) -> Detach {
        let result = self.update(|current| {
            if current & COMPLETE != 0 {
                None
            } else if current & JOIN_WAKER != 0 {
                Some(current & !(JOIN_INTEREST | JOIN_WAKER))
            } else {
                Some((current & !JOIN_INTEREST) - REF_ONE)
            }
        });
        match result {
            Err(_complete) => Detach::DropOutput,
            Ok(before) if before & JOIN_WAKER != 0 => Detach::DropWaker,
            Ok(_) => Detach::Released,
        }
    }

    /// One reference more.
    pub(super) fn reference(&self) {
        // ORDERING: a new reference is made from one that is held, which orders it.
        let before = self.0.fetch_add(REF_ONE, Relaxed);
        if before > isize::MAX as usize {
            // More than 2^51 leaked wakers (2^19 where a word has 32 bits): counting on would free a task in use.
            std::process::abort();
        }
    }

    /// One reference less. True: it was the last, and the caller frees the task.
    pub(super) fn release(&self) -> bool {
        // ORDERING: Release for this holder's accesses, Acquire for the one that frees.
        let before = self.0.fetch_sub(REF_ONE, AcqRel);
        debug_assert!(
            before & REF_MASK != 0,
            "a task's reference was given up twice"
        );
        before & REF_MASK == REF_ONE
    }
}

impl fmt::Debug for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.load(Relaxed);
        let names = [
            (RUNNING, "running"),
            (COMPLETE, "complete"),
            (SCHEDULED, "scheduled"),
            (CANCELLED, "cancelled"),
            (JOIN_INTEREST, "join interest"),
            (JOIN_WAKER, "join waker"),
            (WAITING, "waiting"),
            (NAMED, "named"),
            (NEW, "new"),
        ];
        let set = names.iter().filter(|(bit, _)| bits & bit != 0);
        f.debug_struct("TaskState")
            .field("bits", &set.map(|(_, name)| *name).collect::<Vec<_>>())
            .field("references", &(bits / REF_ONE))
            .finish()
    }
}
