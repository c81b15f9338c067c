#![forbid(unsafe_code)]
//! How a worker stands with its pool: does it count as running, and if not, why?
//!
//! ```text
//!   vacant ──▶ running ◀──▶ idle          README.md: edges 2, 5, 6 and 8
//!               ▲ ▲ ▲
//!               │ │ └─────▶ blocked       in `block_in_place`
//!               │ └───────▶ apart         in a poll of a task that is on probation
//!               └─────────▶ relieved      in a poll that the monitor has found to be a long one
//! ```
//!
//! From the three below a worker comes back to **surplus** if too many run without it: it counts as
//! running, too, and goes idle at the next chance.

use crate::primitives::atomic::AtomicU32;
use crate::primitives::atomic::Ordering::Relaxed;

/// Of all that do not [count as running](Self::counts), the pool's count knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Standing {
    /// No thread has the slot, or it has not arrived yet.
    Vacant,
    Running,
    Idle,
    Blocked,
    Apart,
    Relieved,
    Surplus,
}

impl Standing {
    /// Of one that counts again.
    pub(super) fn back(surplus: bool) -> Self {
        match surplus {
            true => Self::Surplus,
            false => Self::Running,
        }
    }

    /// Does it count as running?
    pub(super) fn counts(self) -> bool {
        matches!(self, Self::Running | Self::Surplus)
    }
}

/// Written under the lock of the pool's injector, together with the count; elsewhere a hint. A guest, to
/// whom the vacant slot has been given under the lock, writes that it runs after the unlock.
pub(super) struct StandingWord(AtomicU32);

impl StandingWord {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(Standing::Vacant as u32))
    }

    pub(super) fn set(&self, standing: Standing) {
        // ORDERING: the lock orders it for those who hold it. For the monitor, a worker that begins to
        // run has a fence between this and its look at the vigil.
        self.0.store(standing as u32, Relaxed);
    }

    pub(super) fn get(&self) -> Standing {
        // ORDERING: as above.
        match self.0.load(Relaxed) {
            0 => Standing::Vacant,
            1 => Standing::Running,
            2 => Standing::Idle,
            3 => Standing::Blocked,
            4 => Standing::Apart,
            5 => Standing::Relieved,
            _ => Standing::Surplus,
        }
    }

    /// Does it run, and may go on?
    #[inline]
    pub(super) fn is_running(&self) -> bool {
        self.0.load(Relaxed) == Standing::Running as u32
    }

    /// Has the monitor put another in the place of this worker?
    #[inline]
    pub(super) fn is_relieved(&self) -> bool {
        self.0.load(Relaxed) == Standing::Relieved as u32
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_got() {
        let word = StandingWord::new();
        assert_eq!(word.get(), Standing::Vacant);
        for standing in [
            Standing::Vacant,
            Standing::Running,
            Standing::Idle,
            Standing::Blocked,
            Standing::Apart,
            Standing::Relieved,
            Standing::Surplus,
        ] {
            word.set(standing);
            assert_eq!(word.get(), standing);
            assert_eq!(word.is_running(), standing == Standing::Running);
            assert_eq!(word.is_relieved(), standing == Standing::Relieved);
        }
    }
}
