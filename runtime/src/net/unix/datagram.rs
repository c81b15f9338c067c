#![forbid(unsafe_code)]
//! Datagrams between Unix sockets.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net as std_net;
use std::path::Path;
use std::task::{Context, Poll};

use socket2::{SockAddr, SockRef};

use crate::driver::Direction;
use crate::io::{Interest, PollEvented, ReadBuf, Ready};
use crate::net::os::{assert_nonblocking, lends_handle};

use super::addr::{self, SocketAddr};
use super::fill::fill;

/// A Unix socket that sends and receives datagrams.
///
/// Any number of tasks may send and receive at once: all methods take `&self`. A datagram that is
/// longer than the buffer it is received into loses its end.
///
/// # Examples
///
/// ```
/// use fastwake::net::UnixDatagram;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (one, other) = UnixDatagram::pair()?;
/// one.send(b"hello").await?;
/// let mut bytes = [0; 16];
/// let n = other.recv(&mut bytes).await?;
/// assert_eq!(&bytes[..n], b"hello");
/// # Ok(())
/// # }
/// ```
pub struct UnixDatagram {
    io: PollEvented<mio::net::UnixDatagram>,
}

/// Making one.
impl UnixDatagram {
    #[track_caller]
    pub(super) fn new(socket: mio::net::UnixDatagram) -> io::Result<Self> {
        let io = PollEvented::new(socket)?;
        Ok(Self { io })
    }

    /// A socket at a path, to which others can send; on Linux, a path that begins with a NUL byte is
    /// an abstract name. The path stays behind when the socket is dropped.
    ///
    /// # Errors
    ///
    /// The system's: `AddrInUse` if there is something at the path already, for instance.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    ///
    /// let mut data = [0; 16];
    /// assert_eq!(server.recv(&mut data).await?, 5);
    /// // The next one needs the place.
    /// std::fs::remove_file(&path)?;
    /// let server = UnixDatagram::bind(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<Self>
    where
        P: AsRef<Path>,
    {
        let address = addr::of_path(path.as_ref())?;
        Self::new(mio::net::UnixDatagram::bind_addr(&address)?)
    }

    /// Two sockets that are connected to each other.
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
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    /// let mut data = [0; 16];
    /// let n = other.recv(&mut data).await?;
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = mio::net::UnixDatagram::pair()?;
        let pair = (Self::new(one)?, Self::new(other)?);
        pair.0.io.registration().assume_ready(Ready::WRITABLE);
        pair.1.io.registration().assume_ready(Ready::WRITABLE);
        Ok(pair)
    }

    /// A socket without an address: nobody can answer it.
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
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    ///
    /// let mut data = [0; 16];
    /// let (n, sender) = server.recv_from(&mut data).await?;
    /// assert!(n == 5 && sender.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn unbound() -> io::Result<Self> {
        Self::new(mio::net::UnixDatagram::unbound()?)
    }

    /// Takes over a socket of the standard library's, which has to be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O. In debug builds, if the socket would block.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let socket = std::os::unix::net::UnixDatagram::bind(&path)?;
    /// socket.set_nonblocking(true)?;
    /// let socket = UnixDatagram::from_std(socket)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(datagram: std_net::UnixDatagram) -> io::Result<Self> {
        assert_nonblocking(&datagram)?;
        Self::new(mio::net::UnixDatagram::from_std(datagram))
    }

    /// Gives the socket to the standard library. It stays in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// let other = other.into_std()?;
    /// other.set_nonblocking(false)?;
    /// let mut data = [0; 16];
    /// assert_eq!(other.recv(&mut data)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std_net::UnixDatagram> {
        self.io.into_inner().map(Into::into)
    }

    /// Says where [`send`](Self::send) sends to; on Linux, a path that begins with a NUL byte is an
    /// abstract name. From then on, only datagrams from there are received.
    ///
    /// # Errors
    ///
    /// The system's: `NotFound` if there is nothing at the path, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.connect(&path)?;
    /// client.send(b"hello").await?;
    ///
    /// let mut data = [0; 16];
    /// let n = server.recv(&mut data).await?;
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        SockRef::from(&*self.io).connect(&SockAddr::unix(path)?)
    }
}

/// Waiting until it is ready.
impl UnixDatagram {
    /// Waits until the socket is ready for something of `interest`, and says for what.
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
    /// Dropping the future loses nothing: the socket stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// let ready = other.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// assert!(ready.is_readable() || ready.is_writable());
    /// if ready.is_writable() {
    ///     // There is room for an answer.
    ///     other.try_send(b"welcome")?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let event = self.io.registration().readiness(interest).await?;
        Ok(event.ready)
    }

    /// Waits until there is room to send.
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
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use std::io::ErrorKind;
    /// let (one, other) = UnixDatagram::pair()?;
    /// loop {
    ///     one.writable().await?;
    ///     match one.try_send(b"hello") {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         sent => break sent?,
    ///     }
    /// };
    /// let mut data = [0; 16];
    /// assert_eq!(other.recv(&mut data).await?, 5);
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
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// poll_fn(|context| one.poll_send_ready(context)).await?;
    /// one.try_send(b"hello")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        registration
            .poll_ready(context, Direction::Write)
            .map_ok(drop)
    }

    /// Waits until there is something to receive.
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
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # use std::io::ErrorKind;
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// let mut data = [0; 16];
    /// let n = loop {
    ///     other.readable().await?;
    ///     match other.try_recv(&mut data) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         received => break received?,
    ///     }
    /// };
    /// assert_eq!(&data[..n], b"hello");
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
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// poll_fn(|context| other.poll_recv_ready(context)).await?;
    /// let mut data = [0; 16];
    /// assert_eq!(other.try_recv(&mut data)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        registration
            .poll_ready(context, Direction::Read)
            .map_ok(drop)
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
    /// One datagram from several buffers, with the crate `socket2`:
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use fastwake::io::Interest;
    /// use fastwake::net::UnixDatagram;
    /// use socket2::SockRef;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// let parts = [IoSlice::new(b"hello, "), IoSlice::new(b"world")];
    /// one.writable().await?;
    /// let n = one.try_io(Interest::WRITABLE, || SockRef::from(&one).send_vectored(&parts))?;
    /// assert_eq!(n, 12);
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
    /// Looking at a datagram before receiving it, with the crate `socket2`:
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use fastwake::io::Interest;
    /// use fastwake::net::UnixDatagram;
    /// use socket2::SockRef;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// let mut data = [MaybeUninit::uninit(); 16];
    /// let peek = || SockRef::from(&other).peek(&mut data);
    /// let n = other.async_io(Interest::READABLE, peek).await?;
    /// // It is still there.
    /// let mut data = vec![0; n];
    /// assert_eq!(other.recv(&mut data).await?, 5);
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

/// Sending.
impl UnixDatagram {
    /// Sends a datagram to where the socket is [connected](Self::connect) to.
    ///
    /// # Errors
    ///
    /// The system's: `NotConnected`, for instance. Or that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has not sent anything.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// assert_eq!(one.send(b"hello").await?, 5);
    ///
    /// let mut data = [0; 16];
    /// let n = other.recv(&mut data).await?;
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        let send = || self.io.send(buf);
        let registration = self.io.registration();
        registration.async_io(Interest::WRITABLE, send).await
    }

    /// As [`send`](Self::send), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// let n = poll_fn(|context| one.poll_send(context, b"hello")).await?;
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send(&self, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let send = || self.io.send(buf);
        self.io
            .registration()
            .poll_io(context, Direction::Write, send)
    }

    /// As [`send`](Self::send), without waiting.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); `WouldBlock` if there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// let mut sent = 0;
    /// loop {
    ///     match one.try_send(b"tick") {
    ///         Ok(_) => sent += 1,
    ///         // Nobody receives: a tick more or less does not matter.
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => break,
    ///         # // What BSD and Apple's systems say instead.
    ///         # Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => break,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// assert!(sent > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        let send = || self.io.send(buf);
        self.io.registration().try_io(Interest::WRITABLE, send)
    }

    /// Sends a datagram to the socket at a path; on Linux, one that begins with a NUL byte is an
    /// abstract name.
    ///
    /// # Errors
    ///
    /// The system's: `NotFound` if there is nothing at the path, for instance. Or that the runtime
    /// has been shut down.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has not sent anything.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    ///
    /// let mut data = [0; 16];
    /// let n = server.recv(&mut data).await?;
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        let target = SockAddr::unix(target)?;
        let send = || SockRef::from(&*self.io).send_to(buf, &target);
        let registration = self.io.registration();
        registration.async_io(Interest::WRITABLE, send).await
    }

    /// As [`send_to`](Self::send_to), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// let n = poll_fn(|context| client.poll_send_to(context, b"hello", &path)).await?;
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_to<P>(
        &self,
        context: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>>
    where
        P: AsRef<Path>,
    {
        let target = SockAddr::unix(target)?;
        let send = || SockRef::from(&*self.io).send_to(buf, &target);
        self.io
            .registration()
            .poll_io(context, Direction::Write, send)
    }

    /// As [`send_to`](Self::send_to), without waiting.
    ///
    /// # Errors
    ///
    /// As [`send_to`](Self::send_to); `WouldBlock` if there is no room.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.writable().await?;
    /// assert_eq!(client.try_send_to(b"hello", &path)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        let target = SockAddr::unix(target)?;
        let send = || SockRef::from(&*self.io).send_to(buf, &target);
        self.io.registration().try_io(Interest::WRITABLE, send)
    }
}

/// Receiving.
impl UnixDatagram {
    /// Receives a datagram.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no datagram.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    /// one.send(b"world").await?;
    ///
    /// // Each call receives one datagram, and too small a buffer cuts it off.
    /// let mut data = [0; 4];
    /// assert_eq!((other.recv(&mut data).await?, &data), (4, b"hell"));
    /// assert_eq!((other.recv(&mut data).await?, &data), (4, b"worl"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let recv = || self.io.recv(buf);
        let registration = self.io.registration();
        registration.async_io(Interest::READABLE, recv).await
    }

    /// As [`recv`](Self::recv), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::io::ReadBuf;
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// let mut data = [0; 16];
    /// let mut data = ReadBuf::new(&mut data);
    /// poll_fn(|context| other.poll_recv(context, &mut data)).await?;
    /// assert_eq!(data.filled(), b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let recv = || fill(buf, |target| Ok((self.io.recv(target)?, ())));
        let registration = self.io.registration();
        registration
            .poll_io(context, Direction::Read, recv)
            .map_ok(drop)
    }

    /// As [`recv`](Self::recv), without waiting.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv); `WouldBlock` if there is nothing to receive.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// let mut data = [0; 16];
    /// other.readable().await?;
    /// let n = other.try_recv(&mut data)?;
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let recv = || self.io.recv(buf);
        self.io.registration().try_io(Interest::READABLE, recv)
    }

    /// Receives a datagram, and says from where.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no datagram.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let (here, there) = (directory.path().join("here"), directory.path().join("there"));
    /// let server = UnixDatagram::bind(&there)?;
    /// let client = UnixDatagram::bind(&here)?;
    /// client.send_to(b"hello", &there).await?;
    ///
    /// let mut data = [0; 16];
    /// let (n, sender) = server.recv_from(&mut data).await?;
    /// if let Some(path) = sender.as_pathname() {
    ///     server.send_to(b"welcome", path).await?;
    /// }
    /// assert_eq!((n, client.recv(&mut data).await?), (5, 7));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let recv = || self.io.recv_from(buf);
        let registration = self.io.registration();
        let (n, sender) = registration.async_io(Interest::READABLE, recv).await?;
        Ok((n, SocketAddr(sender)))
    }

    /// As [`recv_from`](Self::recv_from), in a poll function: only the task of the last call is
    /// woken.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::io::ReadBuf;
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    ///
    /// let mut data = [0; 16];
    /// let mut data = ReadBuf::new(&mut data);
    /// let sender = poll_fn(|context| server.poll_recv_from(context, &mut data)).await?;
    /// assert!(data.filled() == b"hello" && sender.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_from(
        &self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let recv = || fill(buf, |target| self.io.recv_from(target));
        let registration = self.io.registration();
        registration
            .poll_io(context, Direction::Read, recv)
            .map_ok(|(_, sender)| SocketAddr(sender))
    }

    /// As [`recv_from`](Self::recv_from), without waiting.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from); `WouldBlock` if there is nothing to receive.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    ///
    /// let mut data = [0; 16];
    /// server.readable().await?;
    /// let (n, sender) = server.try_recv_from(&mut data)?;
    /// assert!(n == 5 && sender.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let recv = || self.io.recv_from(buf);
        let received = self.io.registration().try_io(Interest::READABLE, recv);
        received.map(|(n, sender)| (n, SocketAddr(sender)))
    }
}

/// Receiving into buffers of the crate `bytes`.
#[cfg(feature = "io-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
impl UnixDatagram {
    /// As [`recv`](Self::recv), into what is left of a buffer.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no datagram.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello, ").await?;
    /// one.send(b"world").await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// other.recv_buf(&mut data).await?;
    /// other.recv_buf(&mut data).await?;
    /// assert_eq!(data, b"hello, world");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = crate::net::receive::Buf(buf);
        let recv = || super::fill::fill_bytes(&mut room, |target| self.io.recv(target));
        let registration = self.io.registration();
        registration.async_io(Interest::READABLE, recv).await
    }

    /// As [`try_recv`](Self::try_recv), into what is left of a buffer.
    ///
    /// # Errors
    ///
    /// As [`try_recv`](Self::try_recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// other.readable().await?;
    /// other.try_recv_buf(&mut data)?;
    /// assert_eq!(data, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let mut room = crate::net::receive::Buf(buf);
        let recv = || super::fill::fill_bytes(&mut room, |target| self.io.recv(target));
        self.io.registration().try_io(Interest::READABLE, recv)
    }

    /// As [`recv_from`](Self::recv_from), into what is left of a buffer.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no datagram.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// let (n, sender) = server.recv_buf_from(&mut data).await?;
    /// assert!(n == 5 && data == b"hello" && sender.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_buf_from<B: bytes::BufMut>(
        &self,
        buf: &mut B,
    ) -> io::Result<(usize, SocketAddr)> {
        let mut room = crate::net::receive::Buf(buf);
        let recv = || fill(&mut room, |target| self.io.recv_from(target));
        let registration = self.io.registration();
        let (n, sender) = registration.async_io(Interest::READABLE, recv).await?;
        Ok((n, SocketAddr(sender)))
    }

    /// As [`try_recv_from`](Self::try_recv_from), into what is left of a buffer.
    ///
    /// # Errors
    ///
    /// As [`try_recv_from`](Self::try_recv_from).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// server.readable().await?;
    /// let (n, sender) = server.try_recv_buf_from(&mut data)?;
    /// assert!(n == 5 && data == b"hello" && sender.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_buf_from<B: bytes::BufMut>(
        &self,
        buf: &mut B,
    ) -> io::Result<(usize, SocketAddr)> {
        let mut room = crate::net::receive::Buf(buf);
        let recv = || fill(&mut room, |target| self.io.recv_from(target));
        let received = self.io.registration().try_io(Interest::READABLE, recv);
        received.map(|(n, sender)| (n, SocketAddr(sender)))
    }
}

/// What the system knows of it.
impl UnixDatagram {
    /// This socket's address.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let socket = UnixDatagram::bind(&path)?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The address of the socket that this one is connected to.
    ///
    /// # Errors
    ///
    /// The system's: `NotConnected`, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// assert!(client.peer_addr().is_err());
    ///
    /// client.connect(&path)?;
    /// assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(SocketAddr)
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
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    /// // Nothing has gone wrong so far.
    /// assert!(one.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Ends one direction, or both: nothing can be sent any more, nothing more is received.
    ///
    /// What receiving gives then is up to the system: Linux says that it would block, so nobody
    /// should wait for it.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::Shutdown;
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.shutdown(Shutdown::Write)?;
    /// assert!(one.send(b"hello").await.is_err());
    ///
    /// // The other direction goes on.
    /// other.send(b"hello").await?;
    /// let mut data = [0; 16];
    /// assert_eq!(one.recv(&mut data).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.shutdown(how)
    }
}

lends_handle!(UnixDatagram);

impl TryFrom<std_net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    fn try_from(datagram: std_net::UnixDatagram) -> io::Result<Self> {
        Self::from_std(datagram)
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}
