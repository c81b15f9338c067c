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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::os::unix::fs::OpenOptionsExt;
    /// use fastwake::net::unix::pipe::{OpenOptions, Receiver};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// // Otherwise, opening would wait for a sender.
    /// let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path)?;
    /// let receiver = Receiver::from_file(file)?;
    ///
    /// let sender = OpenOptions::new().open_sender(&path)?;
    /// sender.writable().await?;
    /// sender.try_write(b"stop")?;
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
    ///
    /// # Examples
    ///
    /// The output of a program that the standard library has started:
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    /// use fastwake::io::AsyncReadExt;
    /// use fastwake::net::unix::pipe::Receiver;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = child.stdout.take().expect("it is a pipe");
    /// let mut receiver = Receiver::from_owned_fd(output.into())?;
    ///
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs::File;
    /// use std::os::unix::fs::OpenOptionsExt;
    /// use fastwake::net::unix::pipe::Receiver;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// // It is a pipe, it is open for reading, and it does not block.
    /// let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path)?;
    /// let receiver = Receiver::from_file_unchecked(file)?;
    /// # drop(receiver);
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
    /// use fastwake::net::unix::pipe::{self, Receiver};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let fd = receiver.into_nonblocking_fd()?;
    /// // It is the one that was given back just now.
    /// let receiver = Receiver::from_owned_fd_unchecked(fd)?;
    ///
    /// sender.writable().await?;
    /// sender.try_write(b"hello")?;
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_read(&mut [0; 8])?, 5);
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
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    /// drop(sender);
    ///
    /// // Programs expect pipes that block.
    /// let output = Command::new("cat").stdin(receiver.into_blocking_fd()?).output()?;
    /// assert_eq!(output.stdout, b"hello");
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
    /// use std::io::{ErrorKind, Read};
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (sender, receiver) = pipe::pipe()?;
    /// let mut file = File::from(receiver.into_nonblocking_fd()?);
    /// let error = file.read(&mut [0; 8]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # drop(sender);
    /// # Ok(())
    /// # }
    /// ```
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
    /// drop(sender);
    /// let ready = receiver.ready(Interest::READABLE).await?;
    /// assert!(ready.is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use std::io::ErrorKind;
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// let mut bytes = [0; 8];
    /// let n = loop {
    ///     receiver.readable().await?;
    ///     match receiver.try_read(&mut bytes) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         read => break read?,
    ///     }
    /// };
    /// assert_eq!(&bytes[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// As [`readable`](Self::readable), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// poll_fn(|context| receiver.poll_read_ready(context)).await?;
    /// let mut bytes = [0; 8];
    /// assert_eq!(receiver.try_read(&mut bytes)?, 5);
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// let mut bytes = [0; 8];
    /// assert_eq!(receiver.try_read(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
    ///
    /// sender.write_all(b"hello").await?;
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_read(&mut bytes)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let read = || (&*self.io).read(buf);
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// As [`try_read`](Self::try_read), into several buffers.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"2:hello").await?;
    ///
    /// let (mut head, mut body) = ([0; 2], [0; 8]);
    /// receiver.readable().await?;
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let n = receiver.try_read_vectored(&mut bufs)?;
    /// assert_eq!((&head, &body[..n - 2]), (b"2:", &b"hello"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
        let read = || (&*self.io).read_vectored(bufs);
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// As [`try_read`](Self::try_read), into what is left of a buffer of the crate `bytes`.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    ///
    /// let mut bytes = Vec::with_capacity(1024);
    /// receiver.readable().await?;
    /// receiver.try_read_buf(&mut bytes)?;
    /// assert_eq!(bytes, b"hello");
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// How many bytes are there to read? With the crate `libc`:
    ///
    /// ```
    /// use std::os::fd::AsRawFd;
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, receiver) = pipe::pipe()?;
    /// sender.write_all(b"hello").await?;
    /// receiver.readable().await?;
    /// let waiting = receiver.try_io(|| {
    ///     let mut n: libc::c_int = 0;
    ///     // SAFETY: the descriptor is open, and the system writes to `n`.
    ///     match unsafe { libc::ioctl(receiver.as_raw_fd(), libc::FIONREAD, &mut n) } {
    ///         0 => Ok(n),
    ///         _ => Err(std::io::Error::last_os_error()),
    ///     }
    /// })?;
    /// assert_eq!(waiting, 5);
    /// # Ok(())
    /// # }
    /// ```
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
