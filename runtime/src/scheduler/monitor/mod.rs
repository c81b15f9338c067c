#![forbid(unsafe_code)]
//! The monitor: a thread that sees to what no worker sees, because every worker that could is in a
//! poll or asleep.
//!
//! * A *long poll*: a worker has been in one poll for longer than the threshold. From then on it does
//!   not count as running, and another takes its place. The workqueue's detection of CPU-intensive
//!   work items is the model: time that the thread waited for a CPU does not count, for that is not
//!   the task's fault.
//! * A driver that is left: a worker that comes out of its pool's driver to run a task leaves the
//!   driver to nobody. Most polls end soon, and the worker looks after the driver again; waking a sibling
//!   each time would cost more than the poll.
//! * A pool that has work and does not get on: the workqueue's watchdog.
//!
//! Workers tell the monitor nothing but that they run: a worker that begins to run sets an alarm, if it
//! is not set, which is a system call that wakes nobody. When it rings, the monitor looks at what the
//! workers have written down anyway, the number of their polls. It sets the alarm again as long as
//! anybody runs. While nobody does, the alarm is not set: an idle runtime makes no system call.
//!
//! There is not even the thread until there is a task from outside, of which all others come, or a driver
//! that somebody uses; and in the first milliseconds of a runtime not as long as a worker has nothing to do, which then
//! makes it by itself. If the system refuses the thread, the next such occasion asks again; until then what
//! waits for a poll waits for its end.

mod hiring;
mod long_poll;
mod patrol;
mod stall;
mod vigil;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::park::Alarm;
use crate::primitives::atomic::AtomicBool;
use crate::primitives::atomic::Ordering::SeqCst;

pub(super) use hiring::Hiring;
pub use long_poll::LongPoll;
pub use stall::PoolStall;
pub(super) use vigil::Vigil;

use super::pool::Host;
use patrol::Patrol;

/// How long a driver may be left alone, and at most the time between two rounds.
const PATIENCE: Duration = Duration::from_millis(10);

/// For how long of its first sleep a worker stands guard.
pub(super) const GUARD: Duration = Duration::from_millis(2);

/// Before that, nothing tells whether a poll is a long one.
const SHORTEST_ROUND: Duration = Duration::from_micros(250);

pub(crate) type LongPollHook = Arc<dyn Fn(&LongPoll) + Send + Sync>;
pub(crate) type StallHook = Arc<dyn Fn(&PoolStall) + Send + Sync>;

/// What the monitor looks for, and whom it tells.
#[derive(Clone)]
pub(crate) struct MonitorConfig {
    /// From when on a poll is a long one.
    pub(crate) long_poll: Duration,
    /// How long a pool may have work and not get on.
    pub(crate) stall: Duration,
    pub(crate) on_long_poll: Option<LongPollHook>,
    pub(crate) on_stall: Option<StallHook>,
}

impl MonitorConfig {
    /// A poll is seen as unchanged twice before it is called long.
    fn round(&self) -> Duration {
        (self.long_poll / 2).clamp(SHORTEST_ROUND, PATIENCE)
    }
}

pub(super) struct Monitor {
    config: MonitorConfig,
    alarm: Alarm,
    vigil: Vigil,
    hiring: Hiring,
    stopped: AtomicBool,
}

impl Monitor {
    /// # Errors
    ///
    /// The system's, if it has no timer to give.
    pub(super) fn new(config: MonitorConfig) -> io::Result<Self> {
        Ok(Self {
            config,
            alarm: Alarm::new()?,
            vigil: Vigil::new(),
            hiring: Hiring::new(),
            stopped: AtomicBool::new(false),
        })
    }

    /// Has `make` make the thread, if there is none and no guard will. If it cannot, the next call tries again.
    pub(super) fn call(&self, make: impl FnOnce() -> io::Result<()>) {
        if self.hiring.call() {
            self.hire(make);
        }
    }

    /// So many workers are going to be made. As long as one of them stands guard, no call makes the thread.
    pub(super) fn expect_guards(&self, workers: u32) {
        self.hiring.expect(workers);
    }

    /// A worker has come. True: it stands guard.
    pub(super) fn enlist(&self) -> bool {
        self.hiring.enlist()
    }

    /// A guard has something to run, or `has_slept` for [`GUARD`].
    pub(super) fn leave_guard(&self, has_slept: bool, make: impl FnOnce() -> io::Result<()>) {
        if self.hiring.leave(has_slept) {
            self.hire(make);
        }
    }

    fn hire(&self, make: impl FnOnce() -> io::Result<()>) {
        match make() {
            // Those who run already have asked nobody.
            Ok(()) => self.watch(),
            Err(_) => self.hiring.refuse(),
        }
    }

    /// A hint: is it to be called once more, because it has been refused its thread? Once for each refusal.
    pub(super) fn was_refused(&self) -> bool {
        self.hiring.was_refused()
    }

    /// A hint: whoever is about to make the thread will have it look.
    pub(super) fn is_called(&self) -> bool {
        self.hiring.is_called()
    }

    /// A worker has begun to run, or has left its driver. It has a sequentially consistent fence
    /// between that and this.
    pub(super) fn watch(&self) {
        // A hint: who is not watched because of it is so when the thread has been made.
        if self.hiring.is_hired() && self.vigil.begin() {
            self.alarm.set(self.config.round());
        }
    }

    /// Ends the patrol, for good.
    pub(super) fn stop(&self) {
        // ORDERING: as in `Hiring::is_hired`.
        self.stopped.store(true, SeqCst);
        if self.hiring.is_hired() {
            // No worker sets it to later any more, unless it is about to: then it is only later.
            self.vigil.begin();
            self.alarm.set(Duration::ZERO);
        }
    }

    /// The life of the monitor's thread.
    pub(super) fn patrol(&self, host: &dyn Host) {
        let mut patrol = Patrol::new(&self.config);
        // ORDERING: as in `Hiring::is_hired`.
        while !self.stopped.load(SeqCst) {
            self.alarm.wait();
            if self.stopped.load(SeqCst) {
                return;
            }
            if patrol.round(host) || self.vigil.end(|| patrol::is_wanted(host)) {
                self.alarm.set(self.config.round());
            }
        }
    }
}

impl fmt::Debug for MonitorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            long_poll,
            stall,
            on_long_poll,
            on_stall,
        } = self;
        f.debug_struct("MonitorConfig")
            .field("long_poll", long_poll)
            .field("stall", stall)
            .field("on_long_poll", &on_long_poll.is_some())
            .field("on_stall", &on_stall.is_some())
            .finish()
    }
}
