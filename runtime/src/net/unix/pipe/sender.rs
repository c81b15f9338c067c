#![forbid(unsafe_code)]
//! The end of a pipe that is written to.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::driver::Direction;
use crate::io::{AsyncWrite, Interest, PollEvented, Ready};
use crate::net::os::lends_handle;

use super::{flags, no_pipe};

/// The end of a pipe that is written to.
///
/// Writing goes through [`AsyncWrite`]. The pipe is closed when this is dropped, not by `shutdown`:
/// the other side finds its end then.
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::net::unix::pipe;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut sender, mut receiver) = pipe::pipe()?;
/// let writing = fastwake::spawn(async move { sender.write_all(&[7; 100_000]).await });
///
/// let mut bytes = Vec::new();
/// assert_eq!(receiver.read_to_end(&mut bytes).await?, 100_000);
/// writing.await??;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sender {
    io: PollEvented<mio::unix::pipe::Sender>,
}

/// Making one.
impl Sender {
    #[track_caller]
    pub(super) fn new(sender: mio::unix::pipe::Sender) -> io::Result<Self> {
        let io = PollEvented::with_interest(sender, Interest::WRITABLE)?;
        Ok(Self { io })
    }

    /// Takes over a file that is a pipe and open for writing, and puts it in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's; `InvalidInput` if it is not a pipe, or not open for writing.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Self> {
        if !file.metadata()?.file_type().is_fifo() {
            return Err(no_pipe());
        }
        if !flags::get(&file)?.may_write() {
            let text = "not in O_WRONLY or O_RDWR access mode";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        flags::set_nonblocking(&file, true)?;
        Self::from_file_unchecked(file)
    }

    /// As [`from_file`](Self::from_file), for a file descriptor.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    ///
    /// # Panics
    ///
    /// As [`from_file`](Self::from_file).
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Self> {
        Self::from_file(owned_fd.into())
    }

    /// As [`from_file`](Self::from_file), without looking: the caller knows that the file can be
    /// used like a pipe, that it is open for writing, and that it is in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Self> {
        Self::from_owned_fd_unchecked(file.into())
    }

    /// As [`from_file_unchecked`](Self::from_file_unchecked), for a file descriptor.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Self> {
        Self::new(owned_fd.into())
    }

    /// Gives the file descriptor back, in blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        let fd = self.into_nonblocking_fd()?;
        flags::set_nonblocking(&fd, false)?;
        Ok(fd)
    }

    /// Gives the file descriptor back, in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        self.io.into_inner().map(Into::into)
    }
}

/// Waiting until it is ready, and trying.
impl Sender {
    /// Waits until the pipe is ready for something of `interest`, and says for what.
    ///
    /// The answer may be out of date: what is tried then can still fail with `WouldBlock`, and is
    /// to be tried again after another wait.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the pipe stays ready.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let event = self.io.registration().readiness(interest).await?;
        Ok(event.ready)
    }

    /// Waits until there is room to write, or nobody has the other end open any more.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    /// As [`writable`](Self::writable), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    pub fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        registration
            .poll_ready(context, Direction::Write)
            .map_ok(drop)
    }

    /// Writes what there is room for, and says how many bytes that were.
    ///
    /// # Errors
    ///
    /// The system's: `BrokenPipe` if nobody reads any more, `WouldBlock` if there is no room.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        let write = || (&*self.io).write(buf);
        self.io.registration().try_io(Interest::WRITABLE, write)
    }

    /// As [`try_write`](Self::try_write), from several buffers.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    pub fn try_write_vectored(&self, buf: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let write = || (&*self.io).write_vectored(buf);
        self.io.registration().try_io(Interest::WRITABLE, write)
    }

    /// Runs an operation of one's own on the pipe, unless it is known not to be ready. If the
    /// operation fails with `WouldBlock`, the pipe counts as not ready from then on; it is not to do
    /// so for any other reason.
    ///
    /// # Errors
    ///
    /// The operation's; `WouldBlock` if it has not been run.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.registration().try_io(Interest::WRITABLE, f)
    }
}

lends_handle!(Sender);

impl AsyncWrite for Sender {
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
crate::io::futures_writer!(Sender);
