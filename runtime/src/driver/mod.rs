//! The driver: where one worker of a pool waits for the system's events and for deadlines.
//!
//! Each pool has its own: an event queue of the system's ([`mio::Poll`]), the sources registered
//! with it, and a timer wheel. Who *drives* has the queue to itself ([`Driver::try_drive`]); everybody
//! else registers, arms and cancels beside it.
//!
//! ```text
//!  Registration ──▶ Sources (pages of places) ◀── events ──┐
//!                                                          │   Driving: one thread
//!  Timer ─────────▶ Timers (lock, wheel) ◀──── deadlines ──┤   ├ sleeps in the queue
//!                      └── TimerFd: rings for the sleeper ─┤   ├ collects wakers, lets go
//!  wake(), from any thread ────────────────────────────────┘   └ and wakes them, without a lock
//! ```
//!
//! Rules:
//!
//! * D1: wakers are collected while the queue is held, and woken after it.
//! * D2: who arms a timer that is due before the end of the driver's sleep moves that end forward, as
//!   far as its rest after the last timers allows (`timers.rs`).
//! * D3: a wake-up that comes while nobody sleeps ends the next sleep at once.

#![cfg_attr(
    not(all(feature = "net", feature = "time")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        reason = "a runtime has the whole driver; some features use a part of it"
    )
)]

mod clock;
mod interest;
#[cfg(all(test, fastwake_loom))]
mod models;
mod readiness;
mod registration;
mod shut_down;
mod sources;
mod timer;
#[cfg(all(target_os = "linux", not(fastwake_portable)))]
mod timer_fd;
mod timers;
mod wheel;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::Waker;
use std::time::Duration;
use std::{fmt, io};

use parking_lot::{Mutex, MutexGuard};

use crate::primitives::assert_no_lock_held;
pub(crate) use clock::Clock;
pub use interest::{Interest, Ready};
pub(crate) use readiness::ReadyEvent;
pub(crate) use registration::{Registration, Waiting};
pub use shut_down::is_rt_shutdown_err;
pub(crate) use shut_down::shut_down_error;
pub(crate) use sources::Direction;
use sources::Sources;
pub(crate) use timer::Timer;
pub(crate) use timers::ShutDown;
use timers::Timers;

const WAKE: mio::Token = mio::Token(usize::MAX);
#[cfg(all(target_os = "linux", not(fastwake_portable)))]
const RING: mio::Token = mio::Token(usize::MAX - 1);

/// What a driver offers; see [`Builder::enable_io`](crate::runtime::Builder::enable_io).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DriverConfig {
    pub(crate) io: bool,
    pub(crate) time: bool,
    /// Events taken from the system in one go.
    pub(crate) events: usize,
    /// As `events`, when there is other work; `None`: as many.
    pub(crate) busy_events: Option<usize>,
}

impl DriverConfig {
    /// Is there anything to drive?
    pub(crate) fn is_enabled(&self) -> bool {
        self.io || self.time
    }
}

/// One pool's events and timers.
pub(crate) struct Driver {
    config: DriverConfig,
    queue: Mutex<Queue>,
    registry: mio::Registry,
    waker: mio::Waker,
    #[cfg(all(target_os = "linux", not(fastwake_portable)))]
    timer_fd: timer_fd::TimerFd,
    sources: Sources,
    timers: Timers,
    turns: AtomicU64,
    /// Written by the thread that has the queue.
    asleep: AtomicBool,
}

/// What only the thread that drives touches.
struct Queue {
    poll: mio::Poll,
    events: mio::Events,
    /// For a look that is not to sleep, if that takes another number.
    busy_events: Option<mio::Events>,
}

/// The right to drive, for one turn.
#[must_use = "nobody else can drive meanwhile"]
pub(crate) struct Driving<'d> {
    driver: &'d Driver,
    queue: MutexGuard<'d, Queue>,
}

impl Driver {
    /// # Errors
    ///
    /// The system's: no file descriptor is left, for instance.
    pub(crate) fn new(config: DriverConfig, clock: Arc<Clock>) -> io::Result<Arc<Self>> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let driver = Arc::new(Self {
            config,
            waker: mio::Waker::new(&registry, WAKE)?,
            #[cfg(all(target_os = "linux", not(fastwake_portable)))]
            timer_fd: timer_fd::TimerFd::new(&registry, RING)?,
            registry,
            queue: Mutex::new(Queue {
                poll,
                events: mio::Events::with_capacity(config.events),
                busy_events: config.busy_events.map(mio::Events::with_capacity),
            }),
            sources: Sources::new(),
            timers: Timers::new(clock),
            turns: AtomicU64::new(0),
            asleep: AtomicBool::new(false),
        });
        driver.clock().is_followed_by(&driver);
        Ok(driver)
    }

    /// Can sockets and the like be registered?
    pub(crate) fn has_io(&self) -> bool {
        self.config.io
    }

    /// Can timers be armed?
    pub(crate) fn has_time(&self) -> bool {
        self.config.time
    }

    pub(crate) fn clock(&self) -> &Arc<Clock> {
        &self.timers.clock
    }

    /// Takes the queue, if nobody has it.
    pub(crate) fn try_drive(&self) -> Option<Driving<'_>> {
        let queue = self.queue.try_lock()?;
        Some(Driving {
            driver: self,
            queue,
        })
    }

    /// Does somebody sleep in it? Who only looks for events does not stay: for the monitor, and for
    /// whoever leaves the driver alone, it is as if nobody drove.
    pub(crate) fn is_driven(&self) -> bool {
        // ORDERING: a driver that has been left is watched for; the two fences are the vigil's.
        self.asleep.load(Relaxed)
    }

    /// How often somebody has looked for events.
    pub(crate) fn turns(&self) -> u64 {
        self.turns.load(Relaxed)
    }

    /// Ends the driver's sleep, or its next one (D3).
    pub(crate) fn wake(&self) {
        assert_no_lock_held("a wake-up of the driver is issued");
        // The counter behind it cannot overflow: mio empties it. What else there is to fail would be
        // a closed descriptor, and then nobody can be asleep in it.
        let _ = self.waker.wake();
    }

    /// The driver sleeps past a deadline that has just been armed (D2).
    #[cfg(all(target_os = "linux", not(fastwake_portable)))]
    fn wake_earlier(&self) {
        assert_no_lock_held("the driver's timer is set");
        if self.timer_fd.set(|| self.timers.sleeping_until()).is_err() {
            self.wake();
        }
    }

    /// The driver sleeps past a deadline that has just been armed (D2).
    #[cfg(not(all(target_os = "linux", not(fastwake_portable))))]
    fn wake_earlier(&self) {
        self.wake();
    }

    /// The runtime has ended: whoever waits for an event or a deadline is woken to find out.
    pub(crate) fn shut_down(&self) {
        let mut wakers = Vec::new();
        self.sources.shut_down(&mut wakers);
        self.timers.shut_down(&mut wakers);
        for waker in wakers {
            crate::primitives::quietly(|| waker.wake());
        }
    }

    /// A timer has been armed. `is_next`: the driver sleeps past its deadline (D2).
    fn armed(&self, is_next: bool) {
        if self.clock().is_stopped() {
            // Nobody sleeps until a deadline: who makes the clock jump is to hear of it, now or
            // before the next sleep.
            self.clock().call_followers();
        } else if is_next {
            self.wake_earlier();
        }
    }

    /// How long until the next deadline by this driver's clock, if there is one.
    #[cfg(feature = "test-util")]
    pub(crate) fn until_next(&self) -> Option<Duration> {
        let followers = self.clock().followers();
        followers
            .iter()
            .filter_map(|driver| driver.timers.until_next())
            .min()
    }

    /// No clock can be stopped, so nobody has to know.
    #[cfg(not(feature = "test-util"))]
    #[expect(
        clippy::unused_self,
        reason = "with a clock that can be stopped it is used"
    )]
    pub(crate) fn until_next(&self) -> Option<Duration> {
        None
    }

    /// How many sources are registered.
    pub(crate) fn sources(&self) -> usize {
        self.sources.len()
    }

    /// How many timers are armed.
    pub(crate) fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Keeps a stopped clock from jumping, until [`release_clock`](Self::release_clock): something
    /// goes on that no clock can tell.
    pub(crate) fn hold_clock(&self) {
        self.clock().hold();
    }

    pub(crate) fn release_clock(&self) {
        if self.clock().release() {
            // Who sleeps because the clock stood still is to look again.
            self.wake();
        }
    }

    /// The clock has been moved: what the kernel's timer is set to says nothing any more.
    #[cfg(feature = "test-util")]
    fn forget_ring(&self) {
        #[cfg(all(target_os = "linux", not(fastwake_portable)))]
        self.timer_fd.has_rung();
    }

    /// Fires what is due on a clock that has been moved.
    #[cfg(feature = "test-util")]
    pub(crate) fn fire_due(&self) {
        let mut wakers = Vec::new();
        self.timers.turn(&mut wakers);
        for waker in wakers {
            // A panic of one of them must not keep the others from being woken.
            crate::primitives::quietly(|| waker.wake());
        }
    }
}

impl Driving<'_> {
    /// Sleeps until there is an event, a deadline has come, or somebody [wakes](Driver::wake) the
    /// driver. Collects whom to wake.
    pub(crate) fn sleep(mut self, wakers: &mut Vec<Waker>) {
        self.driver.asleep.store(true, Relaxed);
        let timers = &self.driver.timers;
        let mut next = timers.begin_sleep();
        if next.is_some() && self.driver.clock().is_stopped() {
            // A stopped clock reaches no deadline.
            next = None;
        }
        let timeout = match next {
            Some(Duration::ZERO) => Some(Duration::ZERO),
            Some(next) => self.ring_in(next),
            None => None,
        };
        self.look(timeout, wakers);
        timers.end_sleep(wakers);
        self.driver.asleep.store(false, Relaxed);
        self.finish();
    }

    /// Looks for events and deadlines, without sleeping. Collects whom to wake.
    pub(crate) fn look_once(mut self, wakers: &mut Vec<Waker>) {
        self.look(Some(Duration::ZERO), wakers);
        self.driver.timers.turn(wakers);
        self.finish();
    }

    /// Has the kernel end the sleep after `next`; if it cannot, that is for the queue's own timeout.
    #[cfg(all(target_os = "linux", not(fastwake_portable)))]
    fn ring_in(&self, next: Duration) -> Option<Duration> {
        let timers = &self.driver.timers;
        let set = self.driver.timer_fd.set(|| timers.sleeping_until());
        set.is_err().then_some(next)
    }

    #[cfg(not(all(target_os = "linux", not(fastwake_portable))))]
    #[expect(clippy::unused_self, reason = "on Linux it has a timer to set")]
    fn ring_in(&self, next: Duration) -> Option<Duration> {
        Some(next)
    }

    /// Asks the system.
    fn look(&mut self, timeout: Option<Duration>, wakers: &mut Vec<Waker>) {
        let Queue {
            poll,
            events,
            busy_events,
        } = &mut *self.queue;
        let events = match busy_events {
            Some(busy_events) if timeout == Some(Duration::ZERO) => busy_events,
            _ => events,
        };
        if poll.poll(events, timeout).is_err() {
            // Interrupted by a signal. (Nothing else can happen to a queue that is open.)
            return;
        }
        for event in &*events {
            match event.token() {
                WAKE => {}
                #[cfg(all(target_os = "linux", not(fastwake_portable)))]
                RING => self.driver.timer_fd.has_rung(),
                token => self
                    .driver
                    .sources
                    .dispatch(token, Ready::of_event(event), wakers),
            }
        }
    }

    /// Lets go of the queue.
    fn finish(self) {
        // Its one writer at a time has the queue.
        let turns = &self.driver.turns;
        turns.store(turns.load(Relaxed) + 1, Relaxed);
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("sources", &self.sources())
            .field("timers", &self.timers())
            .finish_non_exhaustive()
    }
}
