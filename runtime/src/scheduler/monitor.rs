#![forbid(unsafe_code)]
//! The monitor: a thread that sees to what no worker sees, because every worker that could is in a
//! poll or asleep.
//!
//! A worker that comes out of its pool's driver to run a task leaves the driver to nobody. Most polls
//! end soon, and the worker looks after the driver again. Waking a sibling each time, only in case
//! this poll is a long one, would cost more than the poll. So the worker sets an alarm, if it is not
//! set, which is a system call that wakes nobody; when it rings and the driver has been left alone
//! all the time, the monitor calls an idle worker to it.
//!
//! While nobody leaves a driver, the alarm is not set: an idle runtime makes no system call.

use std::io;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crate::park::Alarm;
use crate::primitives::atomic::{AtomicBool, fence};

use super::pool::Pool;

/// How long a driver may be left alone.
const PATIENCE: Duration = Duration::from_millis(10);

pub(super) struct Monitor {
    alarm: Alarm,
    set: AtomicBool,
    stopped: AtomicBool,
}

impl Monitor {
    /// # Errors
    ///
    /// The system's, if it has no timer to give.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            alarm: Alarm::new()?,
            set: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        })
    }

    /// A worker has left its driver. It has a sequentially consistent fence between that and this.
    pub(super) fn watch(&self) {
        // ORDERING: SeqCst, with the fences here and in `patrol`: either this sees that the alarm
        // is no longer set, or the monitor sees that the driver has been left.
        if !self.set.load(SeqCst) && !self.set.swap(true, SeqCst) {
            self.alarm.set(PATIENCE);
        }
    }

    /// Ends the patrol, for good.
    pub(super) fn stop(&self) {
        self.stopped.store(true, SeqCst);
        self.set.store(true, SeqCst);
        self.alarm.set(Duration::ZERO);
    }

    /// The life of the monitor's thread.
    pub(super) fn patrol(&self, pools: &[Pool]) {
        let mut seen = vec![None; pools.len()];
        loop {
            self.alarm.wait();
            if self.stopped.load(SeqCst) {
                return;
            }
            if self.round(pools, &mut seen) {
                self.alarm.set(PATIENCE);
                continue;
            }
            // ORDERING: as in `watch`.
            self.set.store(false, SeqCst);
            fence(SeqCst);
            if pools.iter().any(|pool| pool.unattended_driver().is_some()) {
                self.watch();
            }
        }
    }

    /// Calls somebody to each driver that has been alone since the last round. `seen` says how many
    /// turns each had made then. False: none is alone.
    fn round(&self, pools: &[Pool], seen: &mut [Option<u64>]) -> bool {
        let mut any = false;
        for (pool, seen) in pools.iter().zip(seen) {
            let turns = pool.unattended_driver().map(crate::driver::Driver::turns);
            if turns.is_some() && turns == *seen {
                pool.attend_driver();
            }
            any |= turns.is_some();
            *seen = turns;
        }
        any
    }
}
