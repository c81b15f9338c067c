#![forbid(unsafe_code)]
//! A deadline that ends a sleep in the driver to the nanosecond, where epoll's own knows only
//! milliseconds; and which another thread can bring forward without waking the sleeper.

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use parking_lot::Mutex;

use crate::park::{Asked, KernelTimer};

/// The event queue's timer.
#[derive(Debug)]
pub(super) struct TimerFd {
    timer: KernelTimer,
    /// When it is going to ring. Not a scheduler's lock: it is held across the system call, so that
    /// of two threads that set the timer the one with the later news does so last.
    set_to: Mutex<Option<u64>>,
}

/// What a timer is to be set to.
pub(super) struct Ring {
    /// Orders it among others.
    pub(super) tick: u64,
    pub(super) left: Duration,
}

impl TimerFd {
    /// # Errors
    ///
    /// The system's: no file descriptor is left, or it knows no such timers.
    pub(super) fn new(registry: &mio::Registry, token: mio::Token) -> io::Result<Self> {
        let timer = KernelTimer::new(Asked::Returns)?;
        let file = timer.as_raw_fd();
        let mut source = mio::unix::SourceFd(&file);
        registry.register(&mut source, token, mio::Interest::READABLE)?;
        Ok(Self {
            timer,
            set_to: Mutex::new(None),
        })
    }

    /// Has it ring when `wanted` says; it may ring before, once. `wanted` is asked under the timer's
    /// lock.
    pub(super) fn set(&self, wanted: impl FnOnce() -> Option<Ring>) -> io::Result<()> {
        let mut set_to = self.set_to.lock();
        let Some(Ring { tick, left }) = wanted() else {
            return Ok(());
        };
        if set_to.is_some_and(|set_to| set_to <= tick) {
            return Ok(());
        }
        self.timer.set(left)?;
        *set_to = Some(tick);
        Ok(())
    }

    /// It has rung. The file need not be read: its next ring is a new event all the same.
    pub(super) fn has_rung(&self) {
        *self.set_to.lock() = None;
    }
}
