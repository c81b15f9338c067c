#![forbid(unsafe_code)]
//! A driver's timers: the wheel, its lock, and until when somebody sleeps.

use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::primitives::Lock;
use crate::primitives::atomic::Ordering::{Acquire, Release};
use crate::primitives::atomic::{AtomicBool, AtomicU64};

use super::clock::{Clock, TICK};
use super::wheel::{Key, LAST_TICK, Turned, Wheel};

const TICK_NANOS: u64 = TICK.as_nanos() as u64;

/// The last tick that the clock can reach: that of all deadlines behind it, too.
const FOREVER: u64 = u64::MAX / TICK_NANOS;
const _: () = assert!(FOREVER < LAST_TICK);

/// How many timers are handled in one locked section: a matter of microseconds.
const CHUNK: usize = 256;

/// For how many ticks after a turn that has fired something no deadline ends the driver's sleep: where
/// deadlines are dense, those that come soon after each other share a wake-up. A timer is exact if none
/// has fired in its pool shortly before.
const SLACK: u64 = 5;

pub(super) struct Timers {
    pub(super) clock: Arc<Clock>,
    locked: Lock<Locked>,
    /// All timers up to this tick have fired. Written under the lock; whoever finds its timer among
    /// them need not take it.
    fired_to: AtomicU64,
    /// Written under the lock.
    shut_down: AtomicBool,
}

struct Locked {
    wheel: Wheel,
    /// The tick until which the driver sleeps, if it does; `u64::MAX` if for ever.
    sleeping_until: Option<u64>,
    /// No sleep ends before this tick because of a deadline.
    rests_until: u64,
}

/// A timer has been armed.
pub(super) struct Armed {
    pub(super) key: Key,
    /// The driver sleeps, and was not going to wake up in time.
    pub(super) is_next: bool,
}

/// The runtime has been shut down: no timer fires any more.
#[derive(Debug)]
pub(crate) struct ShutDown;

impl Timers {
    pub(super) fn new(clock: Arc<Clock>) -> Self {
        Self {
            clock,
            locked: Lock::new(Locked {
                wheel: Wheel::new(),
                sleeping_until: None,
                rests_until: 0,
            }),
            fired_to: AtomicU64::new(0),
            shut_down: AtomicBool::new(false),
        }
    }

    /// Nanoseconds since the clock's beginning; five centuries at most.
    fn nanos(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.clock.origin());
        since
            .as_secs()
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(since.subsec_nanos()))
    }

    /// The first tick that is not before `deadline`.
    fn tick_of(&self, deadline: Instant) -> u64 {
        self.nanos(deadline).div_ceil(TICK_NANOS).min(FOREVER)
    }

    /// The present: the last tick that has passed.
    fn now(&self) -> u64 {
        self.nanos(self.clock.now()) / TICK_NANOS
    }

    pub(super) fn arm(&self, deadline: Instant, waker: Waker) -> Result<Armed, (ShutDown, Waker)> {
        let tick = self.tick_of(deadline);
        let mut locked = self.locked.lock();
        if self.is_shut_down() {
            return Err((ShutDown, waker));
        }
        let key = locked.wheel.insert(tick, waker);
        let end = tick.max(locked.rests_until);
        let is_next = locked.sleeping_until.is_some_and(|until| end < until);
        if is_next {
            locked.sleeping_until = Some(end);
        }
        Ok(Armed { key, is_next })
    }

    /// Has it fired? False is no more than that this does not know.
    pub(super) fn has_fired(&self, key: Key) -> bool {
        // ORDERING: Acquire pairs with the Release in `turn_if_due`: what was done before it fired
        // has happened for whoever sees it fired.
        key.tick <= self.fired_to.load(Acquire)
    }

    /// Cancels a timer, and gives its waker back; `None`: it has fired.
    pub(super) fn disarm(&self, key: Key) -> Option<Waker> {
        self.locked.lock().wheel.remove(key)
    }

    /// Replaces whom a timer wakes. False: it has fired, or never will.
    pub(super) fn set_waker(&self, key: Key, waker: Waker) -> bool {
        let mut locked = self.locked.lock();
        // Under the lock: whom the shutdown has to wake has been taken out of the wheel.
        if self.is_shut_down() {
            return false;
        }
        let old = locked.wheel.set_waker(key, waker);
        drop(locked);
        // Dropped outside the lock, whichever it is.
        old.is_ok()
    }

    /// The driver is going to sleep: until when? `None`: until it is woken.
    pub(super) fn begin_sleep(&self) -> Option<Duration> {
        let next = {
            let mut locked = self.locked.lock();
            let next = locked.wheel.next();
            let end = next.map(|next| next.max(locked.rests_until));
            locked.sleeping_until = Some(end.unwrap_or(u64::MAX));
            end
        };
        next.map(|next| self.time_until(next))
    }

    /// Until when the driver sleeps, as things are now.
    #[cfg(all(target_os = "linux", not(fastwake_portable)))]
    pub(super) fn sleeping_until(&self) -> Option<super::timer_fd::Ring> {
        let tick = self
            .locked
            .lock()
            .sleeping_until
            .filter(|tick| *tick != u64::MAX)?;
        let left = self.time_until(tick);
        Some(super::timer_fd::Ring { tick, left })
    }

    fn time_until(&self, tick: u64) -> Duration {
        let nanos = tick.saturating_mul(TICK_NANOS);
        Duration::from_nanos(nanos.saturating_sub(self.nanos(self.clock.now())))
    }

    /// How long until the next deadline, if there is one.
    #[cfg(feature = "test-util")]
    pub(super) fn until_next(&self) -> Option<Duration> {
        let next = self.locked.lock().wheel.next();
        next.map(|next| self.time_until(next))
    }

    /// Collects whom to wake because their time has come.
    pub(super) fn turn(&self, wakers: &mut Vec<Waker>) {
        let Some(next) = self.locked.lock().wheel.next() else {
            return;
        };
        self.turn_if_due(next, wakers);
    }

    /// The driver has slept: collects whom to wake.
    pub(super) fn end_sleep(&self, wakers: &mut Vec<Waker>) {
        let next = {
            let mut locked = self.locked.lock();
            locked.sleeping_until = None;
            locked.wheel.next()
        };
        if let Some(next) = next {
            self.turn_if_due(next, wakers);
        }
    }

    fn turn_if_due(&self, next: u64, wakers: &mut Vec<Waker>) {
        let now = self.now();
        if next > now {
            return;
        }
        let before = wakers.len();
        loop {
            // Not under the lock.
            wakers.reserve(CHUNK);
            let turned = {
                let mut locked = self.locked.lock();
                let turned = locked.wheel.turn(now, CHUNK, wakers);
                if wakers.len() > before {
                    locked.rests_until = now + SLACK;
                }
                // ORDERING: pairs with the Acquire in `has_fired`.
                self.fired_to.store(locked.wheel.fired_to(), Release);
                turned
            };
            if turned == Turned::Done {
                return;
            }
        }
    }

    /// From here on no timer fires: who waits for one is to find out.
    pub(super) fn shut_down(&self, wakers: &mut Vec<Waker>) {
        let drained = {
            let mut locked = self.locked.lock();
            // ORDERING: Release pairs with the Acquire in `is_shut_down`.
            self.shut_down.store(true, Release);
            locked.wheel.drain()
        };
        wakers.extend(drained);
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Acquire)
    }

    /// How many timers are armed.
    pub(super) fn len(&self) -> usize {
        self.locked.lock().wheel.len()
    }
}
