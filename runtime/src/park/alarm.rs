#![forbid(unsafe_code)]
//! A sleep whose end another thread sets, without waking the sleeper before.

use std::io;
use std::time::Duration;

#[cfg(all(target_os = "linux", not(fastwake_portable)))]
mod sys {
    use super::{Duration, io};
    use crate::park::timer::{Asked, KernelTimer};

    pub(super) struct Clock(KernelTimer);

    impl Clock {
        pub(super) fn new() -> io::Result<Self> {
            KernelTimer::new(Asked::Blocks).map(Self)
        }

        pub(super) fn set(&self, after: Duration) {
            self.0
                .set(after)
                .expect("a timer can be set while it is open");
        }

        pub(super) fn wait(&self) {
            self.0.wait();
        }
    }
}

#[cfg(not(all(target_os = "linux", not(fastwake_portable))))]
mod sys {
    use super::{Duration, io};
    use std::sync::{Condvar, Mutex, PoisonError};
    use std::time::Instant;

    /// Here the sleeper is woken to hear of the time.
    pub(super) struct Clock {
        at: Mutex<Option<Instant>>,
        changed: Condvar,
    }

    impl Clock {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self {
                at: Mutex::new(None),
                changed: Condvar::new(),
            })
        }

        pub(super) fn set(&self, after: Duration) {
            *self.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + after);
            self.changed.notify_one();
        }

        pub(super) fn wait(&self) {
            let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                let left = at.map(|at| at.saturating_duration_since(Instant::now()));
                at = match left {
                    Some(Duration::ZERO) => break,
                    Some(left) => {
                        let waited = self.changed.wait_timeout(at, left);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                    None => self
                        .changed
                        .wait(at)
                        .unwrap_or_else(PoisonError::into_inner),
                };
            }
            *at = None;
        }
    }
}

/// One thread waits for it; any thread sets it.
pub(crate) struct Alarm(sys::Clock);

impl Alarm {
    /// # Errors
    ///
    /// The system's, if it has no timer to give.
    pub(crate) fn new() -> io::Result<Self> {
        sys::Clock::new().map(Self)
    }

    /// Has the current or the next wait end when `after` has passed. The last call counts.
    pub(crate) fn set(&self, after: Duration) {
        self.0.set(after);
    }

    /// Sleeps until the alarm rings, for ever if it is not set. May end early.
    pub(crate) fn wait(&self) {
        self.0.wait();
    }
}
