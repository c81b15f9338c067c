#![forbid(unsafe_code)]
//! The system's handles of sockets.

use std::io;

/// Lends the descriptor (on Windows, the socket) of a type that has a source of mio's in its field
/// `io`.
macro_rules! lends_handle {
    ($type:ty) => {
        #[cfg(unix)]
        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.io.as_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.io.as_raw_fd()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsSocket for $type {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.io.as_socket()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsRawSocket for $type {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                self.io.as_raw_socket()
            }
        }
    };
}

pub(super) use lends_handle;

/// Refuses a socket that would block a worker. As with tokio only in debug builds: the system's
/// answer costs a call.
#[cfg(unix)]
#[track_caller]
pub(super) fn assert_nonblocking(socket: &impl std::os::fd::AsFd) -> io::Result<()> {
    if cfg!(debug_assertions) {
        assert!(
            socket2::SockRef::from(socket).nonblocking()?,
            "a blocking socket cannot be registered with a runtime: it would block a worker. Call \
             `set_nonblocking(true)` on it first"
        );
    }
    Ok(())
}

/// The system does not tell.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(super) fn assert_nonblocking<S>(_socket: &S) -> io::Result<()> {
    Ok(())
}
