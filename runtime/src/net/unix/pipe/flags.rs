//! The flags of an open file: how it may be used, and whether it blocks.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// What [`get`] has found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags(libc::c_int);

impl Flags {
    pub(super) fn may_read(self) -> bool {
        matches!(self.0 & libc::O_ACCMODE, libc::O_RDONLY | libc::O_RDWR)
    }

    pub(super) fn may_write(self) -> bool {
        matches!(self.0 & libc::O_ACCMODE, libc::O_WRONLY | libc::O_RDWR)
    }
}

/// # Errors
///
/// The system's.
pub(super) fn get(file: &impl AsFd) -> io::Result<Flags> {
    let fd = file.as_fd();
    // SAFETY: the descriptor is open as long as it is borrowed; the call touches no memory.
    let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
    if flags == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(Flags(flags))
}

/// # Errors
///
/// The system's.
pub(crate) fn set_nonblocking(file: &impl AsFd, nonblocking: bool) -> io::Result<()> {
    let Flags(before) = get(file)?;
    let after = if nonblocking {
        before | libc::O_NONBLOCK
    } else {
        before & !libc::O_NONBLOCK
    };
    if after == before {
        return Ok(());
    }
    let fd = file.as_fd();
    // SAFETY: the descriptor is open as long as it is borrowed; the call touches no memory.
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, after) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
