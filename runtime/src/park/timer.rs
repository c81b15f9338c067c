//! A timer of the kernel's, as a file: exact to the nanosecond, and set by any thread.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Rings once, when the time that it was last set to has passed.
#[derive(Debug)]
pub(crate) struct KernelTimer(OwnedFd);

/// What a thread does that asks a [`KernelTimer`] which has not rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It sleeps until the timer rings.
    Blocks,
    /// It is told so; for a file that an event queue watches.
    Returns,
}

impl KernelTimer {
    /// # Errors
    ///
    /// The system's: no file descriptor is left, or it knows no such timers.
    pub(crate) fn new(asked: Asked) -> io::Result<Self> {
        let flags = match asked {
            Asked::Blocks => libc::TFD_CLOEXEC,
            Asked::Returns => libc::TFD_CLOEXEC | libc::TFD_NONBLOCK,
        };
        // SAFETY: the call takes no pointers.
        let file = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has made the descriptor, and nobody else has it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(file) }))
    }

    /// Has it ring after `left`, and not when it was set to before. Zero rings at once.
    ///
    /// # Errors
    ///
    /// The system's; none is known.
    pub(crate) fn set(&self, left: Duration) -> io::Result<()> {
        // Zero would disarm it.
        let left = left.max(Duration::from_nanos(1));
        // SAFETY: all bytes zero is a value of this plain struct.
        let mut setting: libc::itimerspec = unsafe { std::mem::zeroed() };
        setting.it_value.tv_sec = left.as_secs().try_into().unwrap_or(libc::time_t::MAX);
        // Fewer than 10^9, whatever the type.
        setting.it_value.tv_nsec = left.subsec_nanos() as _;
        let (file, old) = (self.0.as_raw_fd(), std::ptr::null_mut());
        // SAFETY: the descriptor is open, the new value is read, and the old one is not asked for.
        let result = unsafe { libc::timerfd_settime(file, 0, &setting, old) };
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Sleeps until it rings, if it was made for that. A signal may end the sleep before.
    pub(crate) fn wait(&self) {
        let mut rings = 0_u64;
        let size = size_of_val(&rings);
        // SAFETY: the descriptor is open, and the number has room for what is read.
        unsafe { libc::read(self.0.as_raw_fd(), (&raw mut rings).cast(), size) };
    }
}

impl AsRawFd for KernelTimer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
