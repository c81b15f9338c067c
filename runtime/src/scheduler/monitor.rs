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
//! While nobody leaves a driver, the alarm is not set: an idle runtime makes no system call. While
//! nobody uses a driver, there is not even the thread. If the system refuses it, whoever uses or leaves
//! a driver next asks again; until then a driver that is left waits for the end of the poll.

use std::io;
use std::time::Duration;

use crate::park::Alarm;
use crate::primitives::atomic::Ordering::{AcqRel, Relaxed, SeqCst};
use crate::primitives::atomic::{AtomicBool, fence};

use super::pool::Pool;

/// How long a driver may be left alone.
const PATIENCE: Duration = Duration::from_millis(10);

pub(super) struct Monitor {
    alarm: Alarm,
    vigil: Vigil,
    /// Has it a thread, or will have soon?
    hired: AtomicBool,
    stopped: AtomicBool,
}

/// Is the alarm set? Agreed on between workers that leave drivers and the monitor that finds none
/// left.
pub(super) struct Vigil(AtomicBool);

impl Vigil {
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// A driver has been left; the caller has a sequentially consistent fence behind that. True: it
    /// is to set the alarm.
    pub(super) fn begin(&self) -> bool {
        // ORDERING: with the fence before and the one in `end`: either this sees that the alarm is
        // no longer set, or the monitor sees that the driver has been left.
        !self.0.load(Relaxed) && !self.0.swap(true, AcqRel)
    }

    /// The alarm has rung, and no driver was left. True: one has been since, and the caller is to set
    /// the alarm again.
    pub(super) fn end(&self, is_left: impl FnOnce() -> bool) -> bool {
        self.0.store(false, Relaxed);
        // ORDERING: as in `begin`.
        fence(SeqCst);
        is_left() && self.begin()
    }
}

impl Monitor {
    /// # Errors
    ///
    /// The system's, if it has no timer to give.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            alarm: Alarm::new()?,
            vigil: Vigil::new(),
            hired: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        })
    }

    /// Has `make` make the thread, if there is none. If it cannot, the next call tries again.
    pub(super) fn hire(&self, make: impl FnOnce() -> io::Result<()>) {
        // ORDERING: with `stop`, which writes the one flag before it reads the other: it sees that
        // there is a thread to call, or the thread sees that it is over.
        if self.hired.load(Relaxed) || self.hired.swap(true, SeqCst) {
            return;
        }
        if make().is_err() {
            self.hired.store(false, Relaxed);
        }
    }

    /// A worker has left its driver. It has a sequentially consistent fence between that and this.
    pub(super) fn watch(&self) {
        if self.vigil.begin() {
            self.alarm.set(PATIENCE);
        }
    }

    /// Ends the patrol, for good.
    pub(super) fn stop(&self) {
        // ORDERING: as in `hire`.
        self.stopped.store(true, SeqCst);
        if self.hired.load(SeqCst) {
            // No worker sets it to later any more, unless it is about to: then it is only later.
            self.vigil.begin();
            self.alarm.set(Duration::ZERO);
        }
    }

    /// The life of the monitor's thread. `pools` gives those there are, new ones last.
    pub(super) fn patrol<'g, P>(&self, pools: impl Fn() -> P)
    where
        P: Iterator<Item = &'g Pool>,
    {
        let mut seen = Vec::new();
        // ORDERING: as in `hire`.
        while !self.stopped.load(SeqCst) {
            self.alarm.wait();
            if self.stopped.load(SeqCst) {
                return;
            }
            let is_left = || pools().any(|pool| pool.unattended_driver().is_some());
            if self.round(pools(), &mut seen) || self.vigil.end(is_left) {
                self.alarm.set(PATIENCE);
            }
        }
    }

    /// Calls somebody to each driver that has been alone since the last round. `seen` says how many
    /// turns each had made then. False: none is alone.
    fn round<'g>(
        &self,
        pools: impl Iterator<Item = &'g Pool>,
        seen: &mut Vec<Option<u64>>,
    ) -> bool {
        let mut any = false;
        for (index, pool) in pools.enumerate() {
            if index == seen.len() {
                seen.push(None);
            }
            let seen = &mut seen[index];
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
