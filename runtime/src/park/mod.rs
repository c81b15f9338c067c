//! How a thread sleeps until another wakes it.
//!
//! A [`Parker`] is a private word with three values. It is never the standard library's thread
//! park: a late wake-up of ours must not surprise user code that parks the same thread.
//!
//! ```text
//!               prepare                    wait (sleeps while PARKED)
//!      EMPTY ───────────────▶ PARKED ─────────────────────────────┐
//!      ▲ ▲ ▲                   │   │                              │
//!      │ │ └───────────────────┘   │ unpark (system call)         │
//!      │ │    cancel, time out     ▼                              │
//!      │ └───────────────────── NOTIFIED ◀────────────────────────┘
//!      │    wait, cancel           ▲  │
//!      └───────────────────────────┘  └─▶ unpark again: nothing, no system call
//!             unpark (no system call)
//! ```
//!
//! An owner that sleeps in something else than its parker (the driver) says so by
//! [`Parker::prepare_elsewhere`], a fourth value that behaves as `PARKED` does; whoever unparks it
//! is told to wake it there.
//!
//! Rules:
//!
//! * P1: `PARKED` is visible before the sleeper lets go of the lock under which it said that it
//!   would sleep. Whoever takes that lock later and unparks therefore makes the system call.
//! * P2: only the owner moves the word to `EMPTY` or `PARKED`; anybody may move it to `NOTIFIED`.
//! * P3: a notification is never lost: it ends the current wait or the next one.
//! * P4: one `unpark` makes at most one system call, and none unless it found `PARKED`.

mod alarm;
#[cfg(any(not(target_os = "linux"), fastwake_portable, fastwake_loom))]
mod condvar;
#[cfg(all(target_os = "linux", not(fastwake_portable), not(fastwake_loom)))]
mod futex;
mod state;
#[cfg(test)]
mod tests;
mod thread;
#[cfg(all(target_os = "linux", not(fastwake_portable)))]
mod timer;

#[cfg(any(not(target_os = "linux"), fastwake_portable, fastwake_loom))]
use condvar as sys;
#[cfg(all(target_os = "linux", not(fastwake_portable), not(fastwake_loom)))]
use futex as sys;

use std::time::{Duration, Instant};

use crate::primitives::assert_no_lock_held;
pub(crate) use alarm::Alarm;
use state::{Found, ParkState};
pub(crate) use thread::ThreadParker;
#[cfg(all(target_os = "linux", not(fastwake_portable)))]
pub(crate) use timer::{Asked, KernelTimer};

/// A place for one thread to sleep, which any thread can wake.
#[derive(Debug)]
pub(crate) struct Parker {
    state: ParkState,
    sleeper: sys::Sleeper,
}

/// Why a [`Parker::wait`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    Notified,
    TimedOut,
}

/// What an [`Parker::unpark`] cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unparked {
    /// The thread slept, or was about to: a system call was made.
    Woke,
    /// The thread was awake or already notified: no system call.
    Coalesced,
    /// The thread sleeps elsewhere, and the caller is to wake it there.
    Elsewhere,
}

impl Parker {
    pub(crate) fn new() -> Self {
        Self {
            state: ParkState::new(),
            sleeper: sys::Sleeper::new(),
        }
    }

    /// Says that the owner is going to [`wait`](Self::wait). To be called under the lock under
    /// which wakers look for sleepers (P1).
    pub(crate) fn prepare(&self) {
        self.state.prepare();
    }

    /// As [`prepare`](Self::prepare), for an owner that is going to sleep elsewhere. False: it has
    /// been notified already, and is not to sleep.
    pub(crate) fn prepare_elsewhere(&self) -> bool {
        self.state.prepare_elsewhere()
    }

    /// Takes a [`prepare`](Self::prepare) back, and with it any notification; says whether there
    /// was one.
    pub(crate) fn cancel(&self) -> bool {
        self.state.reset()
    }

    /// Sleeps until notified, or until `timeout` has passed. The owner has called
    /// [`prepare`](Self::prepare) before.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Woken {
        // A timeout that overflows the clock is none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut left = deadline.and(timeout);
        loop {
            if self.state.take_notification() {
                return Woken::Notified;
            }
            let in_time = self.sleeper.sleep_while_parked(&self.state, left);
            left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if !in_time || left == Some(Duration::ZERO) {
                // Notified at the last moment counts: P3.
                let notified = self.state.reset();
                return if notified {
                    Woken::Notified
                } else {
                    Woken::TimedOut
                };
            }
        }
    }

    /// Sleeps as [`wait`](Self::wait) does, for at most `time` and maybe less, and stays parked: a wait
    /// follows. True: it has slept for all of that.
    pub(crate) fn nap(&self, time: Duration) -> bool {
        !self.sleeper.sleep_while_parked(&self.state, Some(time))
    }

    /// Wakes the owner, or ends its next wait at once.
    pub(crate) fn unpark(&self) -> Unparked {
        assert_no_lock_held("a wake-up is issued");
        match self.state.notify() {
            Found::Awake => Unparked::Coalesced,
            Found::ParkedElsewhere => Unparked::Elsewhere,
            Found::Parked => {
                self.sleeper.wake(&self.state);
                Unparked::Woke
            }
        }
    }

    /// Does the owner sleep without anybody having woken it yet?
    pub(crate) fn is_parked(&self) -> bool {
        self.state.is_parked()
    }

    /// Does it sleep elsewhere than here, without anybody having woken it yet? For reports.
    pub(crate) fn is_parked_elsewhere(&self) -> bool {
        self.state.is_parked_elsewhere()
    }
}
