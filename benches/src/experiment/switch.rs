//! The runtime's switch, which only some builds have.

#[cfg(fastwake_experiment)]
pub(super) use on::*;

#[cfg(not(fastwake_experiment))]
pub(super) use off::*;

#[cfg(fastwake_experiment)]
mod on {
    pub(in crate::experiment) use fastwake::experiment::{
        cycles, lock_holds, measure_lock_holds, wake_inside_lock, wakes_inside_lock,
    };

    pub(in crate::experiment) const AVAILABLE: bool = true;
}

/// Wake-ups are issued after the lock, and nothing is measured.
#[cfg(not(fastwake_experiment))]
mod off {
    pub(in crate::experiment) const AVAILABLE: bool = false;

    pub(in crate::experiment) fn wake_inside_lock(_inside: bool) {}

    pub(in crate::experiment) fn wakes_inside_lock() -> u64 {
        0
    }

    pub(in crate::experiment) fn measure_lock_holds(_measure: bool) -> bool {
        false
    }

    pub(in crate::experiment) fn lock_holds() -> Vec<(u64, u64)> {
        Vec::new()
    }

    pub(in crate::experiment) fn cycles() -> Option<u64> {
        None
    }
}
