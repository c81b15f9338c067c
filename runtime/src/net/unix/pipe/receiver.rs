#![forbid(unsafe_code)]
//! The end of a pipe that is read from.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::driver::Direction;
use crate::io::{AsyncRead, Interest, PollEvented, ReadBuf, Ready};
use crate::net::os::lends_handle;

use super::{flags, no_pipe};
#[cfg(feature = "io-util")]
use crate::net::unix::fill::fill_bytes;

/// The end of a pipe that is read from.
///
/// Reading goes through [`AsyncRead`]; it comes to its end when nobody has the other end open.
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// use fastwake::net::unix::pipe;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut sender, receiver) = pipe::pipe()?;
/// sender.write_all(b"one\ntwo\n").await?;
/// drop(sender);
///
/// let mut lines = BufReader::new(receiver).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{line}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Receiver {
    io: PollEvented<mio::unix::pipe::Receiver>,
}

/// Making one.
impl Receiver {
    #[track_caller]
    pub(super) fn new(receiver: mio::unix::pipe::Receiver) -> io::Result<Self> {
        let io = PollEvented::with_interest(receiver, Interest::READABLE)?;
        Ok(Self { io })
    }

    /// Takes over a file that is a pipe and open for reading, and puts it in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's; `InvalidInput` if it is not a pipe, or not open for reading.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Self> {
        if !file.metadata()?.file_type().is_fifo() {
            return Err(no_pipe());
        }
        if !flags::get(&file)?.may_read() {
            let text = "not in O_RDONLY or O_RDWR access mode";
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
    /// used like a pipe, that it is open for reading, and that it is in non-blocking mode.
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
impl Receiver {
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

    /// Waits until there is something to read, or nobody has the other end open any more.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// As [`readable`](Self::readable), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    pub fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        registration
            .poll_ready(context, Direction::Read)
            .map_ok(drop)
    }

    /// Reads what there is. No bytes: nobody has the other end open, or `buf` is empty.
    ///
    /// # Errors
    ///
    /// The system's; `WouldBlock` if there is nothing to read.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let read = || (&*self.io).read(buf);
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// As [`try_read`](Self::try_read), into several buffers.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    pub fn try_read_vectored(&self, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
        let read = || (&*self.io).read_vectored(bufs);
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// As [`try_read`](Self::try_read), into what is left of a buffer of the crate `bytes`.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    #[cfg(feature = "io-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
    pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = crate::net::receive::Buf(buf);
        let read = || fill_bytes(&mut room, |target| (&*self.io).read(target));
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// Runs an operation of one's own on the pipe, unless it is known not to be ready. If the
    /// operation fails with `WouldBlock`, the pipe counts as not ready from then on; it is not to do
    /// so for any other reason.
    ///
    /// # Errors
    ///
    /// The operation's; `WouldBlock` if it has not been run.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.registration().try_io(Interest::READABLE, f)
    }
}

lends_handle!(Receiver);

impl AsyncRead for Receiver {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read(context, buf)
    }
}

#[cfg(feature = "futures-io")]
crate::io::futures_reader!(Receiver, |pipe| &pipe.io);
