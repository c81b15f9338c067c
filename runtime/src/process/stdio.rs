#![forbid(unsafe_code)]
//! The pipes to a process.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::{self, Stdio};
use std::task::{Context, Poll};

use crate::io::{AsyncRead, AsyncWrite, Interest, PollEvented, ReadBuf};
use crate::net::unix::pipe::flags::set_nonblocking;

/// What a process reads from: the end of a pipe that is written to. Dropping it closes it, and the
/// process finds the end then; `shutdown` does not.
#[derive(Debug)]
pub struct ChildStdin {
    io: PollEvented<mio::unix::pipe::Sender>,
}

/// What a process writes to: the end of a pipe that is read from.
#[derive(Debug)]
pub struct ChildStdout {
    io: PollEvented<mio::unix::pipe::Receiver>,
}

/// What a process writes its errors to: the end of a pipe that is read from.
#[derive(Debug)]
pub struct ChildStderr {
    io: PollEvented<mio::unix::pipe::Receiver>,
}

macro_rules! pipe_end {
    ($type:ident, $interest:expr) => {
        impl $type {
            /// Takes over the standard library's, and puts it in non-blocking mode.
            ///
            /// # Errors
            ///
            /// The system's; or that the runtime has been shut down.
            ///
            /// # Panics
            ///
            /// Outside a runtime, and in one without I/O.
            #[track_caller]
            pub fn from_std(inner: process::$type) -> io::Result<Self> {
                set_nonblocking(&inner, true)?;
                let io = PollEvented::with_interest(inner.into(), $interest)?;
                Ok(Self { io })
            }

            /// Gives the file descriptor, in blocking mode.
            ///
            /// # Errors
            ///
            /// The system's.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                let fd = self.io.into_inner()?.into();
                set_nonblocking(&fd, false)?;
                Ok(fd)
            }
        }

        impl TryFrom<$type> for Stdio {
            type Error = io::Error;

            /// For another process, to use as one of its streams.
            fn try_from(pipe: $type) -> io::Result<Self> {
                pipe.into_owned_fd().map(Self::from)
            }
        }

        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.io.as_fd()
            }
        }

        impl AsRawFd for $type {
            fn as_raw_fd(&self) -> RawFd {
                self.io.as_raw_fd()
            }
        }
    };
}

pipe_end!(ChildStdin, Interest::WRITABLE);
pipe_end!(ChildStdout, Interest::READABLE);
pipe_end!(ChildStderr, Interest::READABLE);

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(context, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: a pipe is closed by dropping it.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(feature = "futures-io")]
crate::io::futures_writer!(ChildStdin);

macro_rules! reads {
    ($type:ty) => {
        impl AsyncRead for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.io.poll_read(context, buf)
            }
        }

        #[cfg(feature = "futures-io")]
        crate::io::futures_reader!($type, |pipe| &pipe.io);
    };
}

reads!(ChildStdout);
reads!(ChildStderr);
