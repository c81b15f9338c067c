#![forbid(unsafe_code)]
//! Connections between Unix sockets.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net as std_net;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::driver::Direction;
use crate::io::{AsyncRead, AsyncWrite, Interest, PollEvented, ReadBuf, Ready};
use crate::net::os::{assert_nonblocking, lends_handle};

use super::addr::{self, SocketAddr};
use super::split::{ReadHalf, WriteHalf};
use super::split_owned::{self, OwnedReadHalf, OwnedWriteHalf};
use super::ucred::{self, UCred};

/// A connection between two Unix sockets.
///
/// Reading and writing go through [`AsyncRead`] and [`AsyncWrite`], and the extension traits of
/// [`fastwake::io`](crate::io); a future of theirs that is dropped has done nothing.
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::net::UnixStream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut one, mut other) = UnixStream::pair()?;
/// one.write_all(b"hello").await?;
/// drop(one);
/// let mut text = String::new();
/// other.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # }
/// ```
pub struct UnixStream {
    pub(super) io: PollEvented<mio::net::UnixStream>,
}

/// Making one.
impl UnixStream {
    #[track_caller]
    fn new(stream: mio::net::UnixStream) -> io::Result<Self> {
        let io = PollEvented::new(stream)?;
        Ok(Self { io })
    }

    /// A stream that is connected already: there is room to write, and maybe something to read.
    #[track_caller]
    pub(super) fn connected(stream: mio::net::UnixStream) -> io::Result<Self> {
        let stream = Self::new(stream)?;
        let registration = stream.io.registration();
        registration.assume_ready(Ready::READABLE | Ready::WRITABLE);
        Ok(stream)
    }

    /// A stream whose connection is under way.
    pub(super) async fn connecting(stream: mio::net::UnixStream) -> io::Result<Self> {
        let stream = Self::new(stream)?;
        poll_fn(|context| stream.poll_write_ready(context)).await?;
        match stream.take_error()? {
            Some(error) => Err(error),
            None => Ok(stream),
        }
    }

    /// Connects to who listens at a path; on Linux, one that begins with a NUL byte is an abstract
    /// name.
    ///
    /// # Errors
    ///
    /// The system's: `NotFound` if there is nothing at the path, `ConnectionRefused` if nobody
    /// listens there, on Linux `WouldBlock` if too many connections wait to be accepted.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the connection up.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::{UnixListener, UnixStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let mut client = UnixStream::connect(&path).await?;
    /// let (mut server, _) = listener.accept().await?;
    ///
    /// client.write_all(b"hello").await?;
    /// drop(client);
    /// let mut text = String::new();
    /// server.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<P>(path: P) -> io::Result<Self>
    where
        P: AsRef<Path>,
    {
        Self::connect_addr(&addr::of_path(path.as_ref())?.into()).await
    }

    /// Connects to who listens at an address.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the connection up.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixListener, UnixStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect_addr(&listener.local_addr()?).await?;
    /// let (server, _) = listener.accept().await?;
    /// # drop((client, server));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_addr(socket_addr: &SocketAddr) -> io::Result<Self> {
        let stream = mio::net::UnixStream::connect_addr(&socket_addr.0)?;
        Self::connecting(stream).await
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// The system's: no file descriptor is left, for instance.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut one, mut other) = UnixStream::pair()?;
    /// one.write_all(b"ping").await?;
    /// let mut bytes = [0; 4];
    /// other.read_exact(&mut bytes).await?;
    /// assert_eq!(&bytes, b"ping");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = mio::net::UnixStream::pair()?;
        let pair = (Self::new(one)?, Self::new(other)?);
        pair.0.io.registration().assume_ready(Ready::WRITABLE);
        pair.1.io.registration().assume_ready(Ready::WRITABLE);
        Ok(pair)
    }

    /// Takes over a stream of the standard library's, which has to be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O. In debug builds, if the stream would block.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use fastwake::io::AsyncReadExt;
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut one, other) = std::os::unix::net::UnixStream::pair()?;
    /// other.set_nonblocking(true)?;
    /// let mut other = UnixStream::from_std(other)?;
    ///
    /// one.write_all(b"hello")?;
    /// let mut bytes = [0; 5];
    /// other.read_exact(&mut bytes).await?;
    /// assert_eq!(&bytes, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(stream: std_net::UnixStream) -> io::Result<Self> {
        assert_nonblocking(&stream)?;
        Self::new(mio::net::UnixStream::from_std(stream))
    }

    /// Gives the stream to the standard library. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Read;
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut one, other) = UnixStream::pair()?;
    /// one.write_all(b"hello").await?;
    ///
    /// let mut other = other.into_std()?;
    /// other.set_nonblocking(false)?;
    /// let mut bytes = [0; 5];
    /// other.read_exact(&mut bytes)?;
    /// assert_eq!(&bytes, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std_net::UnixStream> {
        self.io.into_inner().map(Into::into)
    }
}

/// Waiting until it is ready, and trying.
impl UnixStream {
    /// Waits until the stream is ready for something of `interest`, and says for what.
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
    /// Dropping the future loses nothing: the stream stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// assert_eq!(one.try_write(b"hello")?, 5);
    /// let ready = other.ready(Interest::READABLE).await?;
    /// assert!(ready.is_readable());
    /// let mut bytes = [0; 8];
    /// assert_eq!(other.try_read(&mut bytes)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let event = self.io.registration().readiness(interest).await?;
        Ok(event.ready)
    }

    /// Waits until there is something to read, or the other side has closed.
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
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use std::io::ErrorKind;
    /// let (one, other) = UnixStream::pair()?;
    /// one.try_write(b"hello")?;
    ///
    /// let mut bytes = [0; 8];
    /// let n = loop {
    ///     other.readable().await?;
    ///     match other.try_read(&mut bytes) {
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
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// one.try_write(b"hello")?;
    ///
    /// poll_fn(|context| other.poll_read_ready(context)).await?;
    /// let mut bytes = [0; 8];
    /// assert_eq!(other.try_read(&mut bytes)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        registration
            .poll_ready(context, Direction::Read)
            .map_ok(drop)
    }

    /// Reads what there is. No bytes: the other side has closed, or `buf` is empty.
    ///
    /// # Errors
    ///
    /// The system's; `WouldBlock` if there is nothing to read.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// let mut bytes = [0; 8];
    /// assert_eq!(other.try_read(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
    ///
    /// one.try_write(b"hello")?;
    /// other.readable().await?;
    /// assert_eq!(other.try_read(&mut bytes)?, 5);
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
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// one.try_write(b"2:hello")?;
    ///
    /// let (mut head, mut body) = ([0; 2], [0; 8]);
    /// other.readable().await?;
    /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let n = other.try_read_vectored(&mut bufs)?;
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
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// one.try_write(b"hello")?;
    ///
    /// let mut bytes = Vec::with_capacity(1024);
    /// other.readable().await?;
    /// other.try_read_buf(&mut bytes)?;
    /// assert_eq!(bytes, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "io-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
    pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = crate::net::receive::Buf(buf);
        let read = || super::fill::fill_bytes(&mut room, |target| (&*self.io).read(target));
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// Waits until there is room to write, or writing has come to its end.
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
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use std::io::ErrorKind;
    /// let (one, _other) = UnixStream::pair()?;
    /// let n = loop {
    ///     one.writable().await?;
    ///     match one.try_write(b"hello") {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         written => break written?,
    ///     }
    /// };
    /// assert_eq!(n, 5);
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
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// poll_fn(|context| one.poll_write_ready(context)).await?;
    /// assert_eq!(one.try_write(b"hello")?, 5);
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
    /// The system's; `WouldBlock` if there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// // Nobody reads: at some point there is no room.
    /// let mut written = 0;
    /// let error = loop {
    ///     match one.try_write(&[0; 4096]) {
    ///         Ok(n) => written += n,
    ///         Err(error) => break error,
    ///     }
    /// };
    /// assert!(written > 0 && error.kind() == ErrorKind::WouldBlock);
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
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// let parts = [IoSlice::new(b"hello, "), IoSlice::new(b"world")];
    /// one.writable().await?;
    /// assert_eq!(one.try_write_vectored(&parts)?, 12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_vectored(&self, buf: &[io::IoSlice<'_>]) -> io::Result<usize> {
        let write = || (&*self.io).write_vectored(buf);
        self.io.registration().try_io(Interest::WRITABLE, write)
    }

    /// Runs an operation of one's own on the socket, unless it is known not to be ready. If the
    /// operation fails with `WouldBlock`, the socket counts as not ready from then on; it is not to
    /// do so for any other reason.
    ///
    /// # Errors
    ///
    /// The operation's; `WouldBlock` if it has not been run.
    ///
    /// # Examples
    ///
    /// Finding out, with the crate `socket2`, whether the other side has closed, without reading:
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use fastwake::io::Interest;
    /// use fastwake::net::UnixStream;
    /// use socket2::SockRef;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// drop(one);
    ///
    /// let mut byte = [MaybeUninit::uninit()];
    /// other.readable().await?;
    /// let n = other.try_io(Interest::READABLE, || SockRef::from(&other).peek(&mut byte))?;
    /// assert_eq!(n, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.registration().try_io(interest, f)
    }

    /// Runs an operation of one's own on the socket, as often as it fails with `WouldBlock`, each
    /// time when the socket has become ready.
    ///
    /// # Errors
    ///
    /// The operation's; or that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: an operation that does not block ends it at once.
    ///
    /// # Examples
    ///
    /// Looking at what comes before reading it, with the crate `socket2`:
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use fastwake::io::Interest;
    /// use fastwake::net::UnixStream;
    /// use socket2::SockRef;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// one.try_write(b"hello")?;
    ///
    /// let mut bytes = [MaybeUninit::uninit(); 2];
    /// let peek = || SockRef::from(&other).peek(&mut bytes);
    /// assert_eq!(other.async_io(Interest::READABLE, peek).await?, 2);
    /// // It has all stayed.
    /// let mut bytes = [0; 8];
    /// assert_eq!(other.try_read(&mut bytes)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.io.registration().async_io(interest, f).await
    }
}

/// What the system knows of it, and its two directions.
impl UnixStream {
    /// This side's address.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixListener, UnixStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// assert_eq!(server.local_addr()?.as_pathname(), Some(path.as_path()));
    /// assert!(client.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The other side's address.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixListener, UnixStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(SocketAddr)
    }

    /// The credentials of the process that called `connect`, `listen` or `pair` at the other side.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// let peer = one.peer_cred()?;
    /// // Both sides are of this process.
    /// assert_eq!(peer, other.peer_cred()?);
    /// assert!(peer.pid().is_none_or(|pid| pid.unsigned_abs() == std::process::id()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_cred(&self) -> io::Result<UCred> {
        ucred::of_peer(self.as_fd())
    }

    /// The error that the socket has come to since the last call, if any.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// one.try_write(b"hello")?;
    /// assert!(one.take_error()?.is_none());
    ///
    /// // Nobody has read what was written.
    /// drop(other);
    /// # #[cfg(target_os = "linux")]
    /// assert!(one.take_error()?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Borrows the two directions, to read and write at the same time in one task.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{self, AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut one, mut other) = UnixStream::pair()?;
    /// one.write_all(b"hello").await?;
    /// one.shutdown().await?;
    ///
    /// // An echo.
    /// let (mut reader, mut writer) = other.split();
    /// io::copy(&mut reader, &mut writer).await?;
    ///
    /// let mut bytes = [0; 5];
    /// one.read_exact(&mut bytes).await?;
    /// assert_eq!(&bytes, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf(self), WriteHalf(self))
    }

    /// Takes the two directions apart, for two tasks.
    ///
    /// The other side finds the end of the stream once the half that writes has been dropped;
    /// [`OwnedWriteHalf::forget`] avoids that. The socket is closed when both halves have gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, mut other) = UnixStream::pair()?;
    /// let (mut reader, mut writer) = one.into_split();
    /// let sending = fastwake::spawn(async move { writer.write_all(b"ping").await });
    ///
    /// let mut request = String::new();
    /// other.read_to_string(&mut request).await?;
    /// other.write_all(b"pong").await?;
    /// let mut answer = [0; 4];
    /// reader.read_exact(&mut answer).await?;
    /// assert_eq!((request.as_str(), &answer), ("ping", b"pong"));
    /// sending.await??;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split_owned::split(self)
    }

    /// Nothing more will be written.
    pub(super) fn end_writing(&self) -> io::Result<()> {
        match self.io.shutdown(Shutdown::Write) {
            // The other side has gone first: some systems say so, Linux does not.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }
}

lends_handle!(UnixStream);

impl AsyncRead for UnixStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read(context, buf)
    }
}

impl AsyncWrite for UnixStream {
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

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.end_writing())
    }
}

#[cfg(feature = "futures-io")]
crate::io::futures_reader!(UnixStream, |stream| &stream.io);
#[cfg(feature = "futures-io")]
crate::io::futures_writer!(UnixStream);

impl TryFrom<std_net::UnixStream> for UnixStream {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    fn try_from(stream: std_net::UnixStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}
