#![forbid(unsafe_code)]
//! Whether the monitor's alarm is set.

use crate::primitives::atomic::Ordering::{AcqRel, Relaxed, SeqCst};
use crate::primitives::atomic::{AtomicBool, fence};

/// Is the alarm set? Agreed on between workers that begin to run, or leave drivers, and the monitor that
/// finds nobody running and no driver left.
pub(in crate::scheduler) struct Vigil(AtomicBool);

impl Vigil {
    pub(in crate::scheduler) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// A worker has begun to run, or a driver has been left; the caller has a sequentially consistent
    /// fence behind that. True: it is to set the alarm.
    pub(in crate::scheduler) fn begin(&self) -> bool {
        // ORDERING: with the fence before and the one in `end`: either this sees that the alarm is
        // no longer set, or the monitor sees that it is wanted.
        !self.0.load(Relaxed) && !self.0.swap(true, AcqRel)
    }

    /// The alarm has rung, and it was not wanted any more. True: it has been since, and the caller is to
    /// set the alarm again.
    pub(in crate::scheduler) fn end(&self, is_wanted: impl FnOnce() -> bool) -> bool {
        self.0.store(false, Relaxed);
        // ORDERING: as in `begin`.
        fence(SeqCst);
        is_wanted() && self.begin()
    }
}
