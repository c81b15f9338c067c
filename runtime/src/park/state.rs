#![forbid(unsafe_code)]
//! The parker's word; rules and picture are in the [module above](super).

use std::fmt;

use crate::primitives::atomic::AtomicU32;
use crate::primitives::atomic::Ordering::{AcqRel, Acquire, Relaxed};

const EMPTY: u32 = 0;
const PARKED: u32 = 1;
const NOTIFIED: u32 = 2;
const ELSEWHERE: u32 = 3;

/// What a notification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nobody sleeps, or somebody has notified before.
    Awake,
    Parked,
    ParkedElsewhere,
}

pub(super) struct ParkState(AtomicU32);

impl ParkState {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(EMPTY))
    }

    /// `EMPTY` → `PARKED`. A notification that is already there stays, and ends the wait at once.
    pub(super) fn prepare(&self) {
        let _ = self.park(PARKED);
    }

    /// `EMPTY` → `ELSEWHERE`; says whether it was so. A notification that is already there stays.
    pub(super) fn prepare_elsewhere(&self) -> bool {
        self.park(ELSEWHERE)
    }

    fn park(&self, how: u32) -> bool {
        // ORDERING: Acquire on failure pairs with `notify`: what the waker wrote is visible to an
        // owner that finds itself notified. Success publishes nothing of its own: the lock around
        // it does.
        self.0
            .compare_exchange(EMPTY, how, Relaxed, Acquire)
            .is_ok()
    }

    /// `NOTIFIED` → `EMPTY`; says whether it was so.
    pub(super) fn take_notification(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `notify`.
        self.0
            .compare_exchange(NOTIFIED, EMPTY, Acquire, Relaxed)
            .is_ok()
    }

    /// Any → `EMPTY`; says whether a notification was taken with it.
    pub(super) fn reset(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `notify`.
        self.0.swap(EMPTY, Acquire) == NOTIFIED
    }

    /// Any → `NOTIFIED`; says what was there, which is who has to be woken.
    pub(super) fn notify(&self) -> Found {
        // ORDERING: Release pairs with the Acquires above; Acquire orders the waker after the
        // notification that it finds and does not repeat.
        match self.0.swap(NOTIFIED, AcqRel) {
            PARKED => Found::Parked,
            ELSEWHERE => Found::ParkedElsewhere,
            _ => Found::Awake,
        }
    }

    pub(super) fn is_parked(&self) -> bool {
        // ORDERING: a hint for those without the sleeper's lock; under the lock it is exact, for
        // the lock orders it after `prepare`.
        matches!(self.0.load(Relaxed), PARKED | ELSEWHERE)
    }

    /// Has the owner said that it sleeps elsewhere? A hint.
    pub(super) fn is_parked_elsewhere(&self) -> bool {
        // ORDERING: as in `is_parked`.
        self.0.load(Relaxed) == ELSEWHERE
    }

    /// The word itself, for the kernel to compare.
    #[cfg(all(target_os = "linux", not(fastwake_portable), not(fastwake_loom)))]
    pub(super) fn word(&self) -> (&AtomicU32, u32) {
        (&self.0, PARKED)
    }
}

impl fmt::Debug for ParkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.load(Relaxed) {
            EMPTY => "empty",
            PARKED => "parked",
            ELSEWHERE => "parked elsewhere",
            _ => "notified",
        })
    }
}
