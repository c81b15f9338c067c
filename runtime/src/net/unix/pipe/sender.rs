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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use fastwake::net::unix::pipe::{OpenOptions, Sender};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// let receiver = OpenOptions::new().open_receiver(&path)?;
    /// let sender = Sender::from_file(File::options().write(true).open(&path)?)?;
    /// sender.writable().await?;
    /// sender.try_write(b"stop")?;
    ///
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_read(&mut [0; 8])?, 4);
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// The input of a program that the standard library has started:
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe::Sender;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (input, output) = (Stdio::piped(), Stdio::piped());
    /// let mut child = Command::new("cat").stdin(input).stdout(output).spawn()?;
    /// let input = child.stdin.take().expect("it is a pipe");
    /// let mut sender = Sender::from_owned_fd(input.into())?;
    ///
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    /// assert_eq!(child.wait_with_output()?.stdout, b"hello");
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::os::unix::fs::OpenOptionsExt;
    /// use fastwake::net::unix::pipe::{OpenOptions, Sender};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// let receiver = OpenOptions::new().open_receiver(&path)?;
    /// // It is a pipe, it is open for writing, and it does not block.
    /// let file = File::options().write(true).custom_flags(libc::O_NONBLOCK).open(&path)?;
    /// let sender = Sender::from_file_unchecked(file)?;
    /// # drop((receiver, sender));
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::unix::pipe::{self, Sender};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let fd = sender.into_nonblocking_fd()?;
    /// // It is the one that was given back just now.
    /// let sender = Sender::from_owned_fd_unchecked(fd)?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Self> {
        Self::new(owned_fd.into())
    }

    /// Gives the file descriptor back, in blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use fastwake::io::AsyncReadExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, mut receiver) = pipe::pipe()?;
    /// // Programs expect pipes that block.
    /// let mut child = Command::new("pwd").stdout(sender.into_blocking_fd()?).spawn()?;
    ///
    /// let mut path = String::new();
    /// receiver.read_to_string(&mut path).await?;
    /// assert!(path.starts_with('/'));
    /// child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{ErrorKind, Write};
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let mut file = File::from(sender.into_nonblocking_fd()?);
    /// // Nobody reads: at some point there is no room.
    /// let error = loop {
    ///     if let Err(error) = file.write(&[0; 4096]) {
    ///         break error;
    ///     }
    /// };
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let ready = sender.ready(Interest::WRITABLE).await?;
    /// assert!(ready.is_writable());
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use std::io::ErrorKind;
    /// let (sender, receiver) = pipe::pipe()?;
    /// let n = loop {
    ///     sender.writable().await?;
    ///     match sender.try_write(b"hello") {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         written => break written?,
    ///     }
    /// };
    /// assert_eq!(n, 5);
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    /// As [`writable`](Self::writable), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// poll_fn(|context| sender.poll_write_ready(context)).await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"hello")?, 5);
    ///
    /// drop(receiver);
    /// let error = sender.try_write(b"hello").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        let write = || (&*self.io).write(buf);
        self.io.registration().try_io(Interest::WRITABLE, write)
    }

    /// As [`try_write`](Self::try_write), from several buffers.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let parts = [IoSlice::new(b"hello, "), IoSlice::new(b"world")];
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write_vectored(&parts)?, 12);
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::Write;
    /// use std::os::fd::AsFd;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// // Another descriptor of the same pipe.
    /// let file = File::from(sender.as_fd().try_clone_to_owned()?);
    /// sender.writable().await?;
    /// let n = sender.try_io(|| (&file).write(b"hello"))?;
    /// assert_eq!(n, 5);
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
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
