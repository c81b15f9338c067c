#![forbid(unsafe_code)]
//! The runtime's clock, which a test can stop and move.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Driver;
/// A tick is 10 µs: a fraction of what it takes to wake a thread. Timers that are due within one fire
/// together. A stopped clock stands between two ticks, and any number of milliseconds is a number of
/// ticks, so that a test which sleeps for 5 ms finds that 5 ms have passed.
pub(super) const TICK: Duration = Duration::from_micros(10);

#[cfg(feature = "test-util")]
pub(crate) use stoppable::Clock;

#[cfg(not(feature = "test-util"))]
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

#[cfg(not(feature = "test-util"))]
impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    /// Tick 0 of the runtime's timers.
    pub(crate) fn origin(&self) -> Instant {
        self.origin
    }

    #[inline]
    pub(crate) fn now(&self) -> Instant {
        Instant::now()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        false
    }

    pub(crate) fn jump(&self, _by: Duration) -> bool {
        false
    }

    pub(crate) fn hold(&self) {}

    pub(crate) fn release(&self) -> bool {
        false
    }

    pub(super) fn is_followed_by(&self, _driver: &Arc<Driver>) {}

    pub(super) fn call_followers(&self) {}
}

#[cfg(feature = "test-util")]
mod stoppable {
    use super::{Arc, Driver, Duration, Instant, TICK};
    use crate::primitives::Lock;
    use std::sync::Weak;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    /// Has any clock of the process ever been stopped? As long as none has, reading one costs
    /// nothing more than the system's.
    static EVER_STOPPED: AtomicBool = AtomicBool::new(false);

    #[derive(Debug)]
    pub(crate) struct Clock {
        origin: Instant,
        state: Lock<State>,
        /// Who has timers by this clock. A thread that sleeps in one of them does not see what
        /// becomes of a clock that has been stopped.
        followers: Lock<Vec<Weak<Driver>>>,
    }

    #[derive(Debug)]
    struct State {
        /// Where a stopped clock stands.
        stopped_at: Option<Instant>,
        /// By how much a clock that runs again is behind (or, having been moved, ahead).
        behind: Duration,
        ahead: Duration,
        /// Closures on blocking threads: while there is one, time does not jump over it.
        holds: usize,
    }

    impl Clock {
        pub(crate) fn new() -> Self {
            Self {
                origin: Instant::now(),
                state: Lock::new(State {
                    stopped_at: None,
                    behind: Duration::ZERO,
                    ahead: Duration::ZERO,
                    holds: 0,
                }),
                followers: Lock::new(Vec::new()),
            }
        }

        pub(in crate::driver) fn is_followed_by(&self, driver: &Arc<Driver>) {
            self.followers.lock().push(Arc::downgrade(driver));
        }

        pub(in crate::driver) fn followers(&self) -> Vec<Arc<Driver>> {
            let followers = self.followers.lock();
            followers.iter().filter_map(Weak::upgrade).collect()
        }

        /// Something has changed that those who sleep by a stopped clock do not see.
        pub(in crate::driver) fn call_followers(&self) {
            for driver in self.followers() {
                driver.forget_ring();
                driver.wake();
            }
        }

        /// Tick 0 of the runtime's timers.
        pub(crate) fn origin(&self) -> Instant {
            self.origin
        }

        /// Can the system's clock be read instead?
        #[inline]
        pub(crate) fn all_run() -> bool {
            // ORDERING: whoever stops a clock and then reads it is one thread, or has told the
            // other.
            !EVER_STOPPED.load(Relaxed)
        }

        #[inline]
        pub(crate) fn now(&self) -> Instant {
            if Self::all_run() {
                Instant::now()
            } else {
                self.state.lock().now()
            }
        }

        /// Stops the clock, at the next tick of the timers. False: it is stopped already.
        pub(crate) fn stop(&self) -> bool {
            EVER_STOPPED.store(true, Relaxed);
            let mut state = self.state.lock();
            let was_running = state.stopped_at.is_none();
            if was_running {
                let now = state.now();
                let beyond =
                    now.saturating_duration_since(self.origin).as_nanos() % TICK.as_nanos();
                let to_next = TICK - Duration::from_nanos(beyond as u64);
                state.stopped_at = Some(now + to_next);
            }
            drop(state);
            self.call_followers();
            was_running
        }

        /// False: it runs already.
        pub(crate) fn go_on(&self) -> bool {
            let mut state = self.state.lock();
            let Some(stopped_at) = state.stopped_at.take() else {
                return false;
            };
            let real = Instant::now();
            state.behind = real.saturating_duration_since(stopped_at);
            state.ahead = stopped_at.saturating_duration_since(real);
            drop(state);
            self.call_followers();
            true
        }

        /// Moves a stopped clock. False: it runs.
        pub(crate) fn advance(&self, by: Duration) -> bool {
            let moved = self.state.lock().advance(by);
            if moved {
                self.call_followers();
            }
            moved
        }

        pub(crate) fn is_stopped(&self) -> bool {
            !Self::all_run() && self.state.lock().stopped_at.is_some()
        }

        /// The runtime has nothing to do for so long: a stopped clock jumps there. False: it runs,
        /// or is to stay where it is.
        pub(crate) fn jump(&self, by: Duration) -> bool {
            let jumped = {
                let mut state = self.state.lock();
                state.holds == 0 && state.advance(by)
            };
            if jumped {
                self.call_followers();
            }
            jumped
        }

        /// From here on until the [`release`](Self::release) the clock does not jump.
        pub(crate) fn hold(&self) {
            self.state.lock().holds += 1;
        }

        /// True: the clock is stopped, and may jump again.
        pub(crate) fn release(&self) -> bool {
            let mut state = self.state.lock();
            state.holds -= 1;
            state.holds == 0 && state.stopped_at.is_some()
        }
    }

    impl State {
        fn now(&self) -> Instant {
            self.stopped_at
                .unwrap_or_else(|| Instant::now() - self.behind + self.ahead)
        }

        fn advance(&mut self, by: Duration) -> bool {
            match &mut self.stopped_at {
                Some(at) => {
                    *at += by;
                    true
                }
                None => false,
            }
        }
    }
}
