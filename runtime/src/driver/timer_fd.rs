//! A deadline that ends a sleep in the driver to the nanosecond, where epoll's own knows only
//! milliseconds; and which another thread can bring forward without waking the sleeper.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use parking_lot::Mutex;

/// A timer of the kernel's, as a file that becomes readable.
#[derive(Debug)]
pub(super) struct TimerFd {
    file: OwnedFd,
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
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: the call takes no pointers.
        let file = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has made the descriptor, and nobody else has it.
        let file = unsafe { OwnedFd::from_raw_fd(file) };
        let raw = file.as_raw_fd();
        registry.register(
            &mut mio::unix::SourceFd(&raw),
            token,
            mio::Interest::READABLE,
        )?;
        Ok(Self {
            file,
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
        // Zero would disarm it.
        let left = left.max(Duration::from_nanos(1));
        // SAFETY: all bytes zero is a value of this plain struct.
        let mut setting: libc::itimerspec = unsafe { std::mem::zeroed() };
        setting.it_value.tv_sec = left.as_secs().try_into().unwrap_or(libc::time_t::MAX);
        // Fewer than 10^9, whatever the type.
        setting.it_value.tv_nsec = left.subsec_nanos() as _;
        // SAFETY: the descriptor is open, the new value is read, and the old one is not asked for.
        let result = unsafe {
            libc::timerfd_settime(self.file.as_raw_fd(), 0, &setting, std::ptr::null_mut())
        };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        *set_to = Some(tick);
        Ok(())
    }

    /// It has rung. The file need not be read: its next ring is a new event all the same.
    pub(super) fn has_rung(&self) {
        *self.set_to.lock() = None;
    }
}
