//! Unix sockets before they are connected or listen.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::net::{UnixDatagram, UnixListener, UnixStream};

/// A Unix socket that is not yet what it is to be: bound first, with a backlog of one's own, and
/// the like.
///
/// # Examples
///
/// ```no_run
/// use fastwake::net::UnixSocket;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let socket = UnixSocket::new_stream()?;
/// socket.bind("/run/greeter.sock")?;
/// let listener = socket.listen(1024)?;
/// # drop(listener);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UnixSocket {
    inner: Socket,
}

impl UnixSocket {
    fn new(kind: Type) -> io::Result<Self> {
        let inner = Socket::new(Domain::UNIX, kind, None)?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    /// A socket for datagrams.
    ///
    /// # Errors
    ///
    /// The system's: no file descriptor is left, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixDatagram, UnixSocket};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixSocket::new_datagram()?.datagram()?;
    /// assert_eq!(client.send_to(b"hello", &path).await?, 5);
    /// # drop(server);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_datagram() -> io::Result<Self> {
        Self::new(Type::DGRAM)
    }

    /// A socket for connections.
    ///
    /// # Errors
    ///
    /// The system's: no file descriptor is left, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixListener, UnixSocket};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixSocket::new_stream()?.connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// # drop((client, server));
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_stream() -> io::Result<Self> {
        Self::new(Type::STREAM)
    }

    /// Binds it to a path; on Linux, one that begins with a NUL byte is an abstract name.
    ///
    /// # Errors
    ///
    /// The system's: `AddrInUse` if there is something at the path already, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixListener, UnixSocket};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let (here, there) = (directory.path().join("here"), directory.path().join("there"));
    /// let listener = UnixListener::bind(&there)?;
    /// // A client with an address.
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&here)?;
    /// let client = socket.connect(&there).await?;
    ///
    /// let (server, address) = listener.accept().await?;
    /// assert_eq!(address.as_pathname(), Some(here.as_path()));
    /// # drop((client, server));
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.bind(&SockAddr::unix(path)?)
    }

    /// Listens for connections, of which `backlog` may wait to be accepted.
    ///
    /// # Errors
    ///
    /// The system's; or that the socket is for datagrams.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixSocket, UnixStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// let listener = socket.listen(1024)?;
    ///
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// # drop((client, server));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        if self.is_for_datagrams()? {
            return Err(io::Error::other(
                "listen cannot be called on a datagram socket: make it with `new_stream`",
            ));
        }
        self.inner.listen(backlog.try_into().unwrap_or(i32::MAX))?;
        UnixListener::new(OwnedFd::from(self.inner).into())
    }

    /// Connects to who listens at a path; on Linux, one that begins with a NUL byte is an abstract
    /// name.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::connect`]; or that the socket is for datagrams.
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
    /// use fastwake::net::{UnixListener, UnixSocket};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixSocket::new_stream()?.connect(&path).await?;
    /// assert_eq!(client.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        if self.is_for_datagrams()? {
            return Err(io::Error::other(
                "connect cannot be called on a datagram socket: make it with `new_stream`, or \
                 call `datagram` first",
            ));
        }
        match self.inner.connect(&SockAddr::unix(path)?) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
            _ => UnixStream::connecting(OwnedFd::from(self.inner).into()).await,
        }
    }

    /// A socket to send and receive datagrams with.
    ///
    /// # Errors
    ///
    /// The system's; or that the socket is for connections.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{UnixDatagram, UnixSocket};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let socket = UnixSocket::new_datagram()?;
    /// socket.bind(&path)?;
    /// let server = socket.datagram()?;
    ///
    /// let client = UnixDatagram::unbound()?;
    /// client.send_to(b"hello", &path).await?;
    /// let mut data = [0; 16];
    /// assert_eq!(server.recv(&mut data).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        if !self.is_for_datagrams()? {
            return Err(io::Error::other(
                "datagram cannot be called on a stream socket: make it with `new_datagram`",
            ));
        }
        UnixDatagram::new(OwnedFd::from(self.inner).into())
    }

    fn is_for_datagrams(&self) -> io::Result<bool> {
        Ok(self.inner.r#type()? == Type::DGRAM)
    }
}

impl AsRawFd for UnixSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl FromRawFd for UnixSocket {
    /// Takes over a Unix socket, which has to be in non-blocking mode.
    ///
    /// # Safety
    ///
    /// The descriptor is open, and nobody else closes it.
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller's promise is the same.
        let inner = unsafe { Socket::from_raw_fd(fd) };
        Self { inner }
    }
}

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}
