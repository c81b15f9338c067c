#![forbid(unsafe_code)]
//! Listening for connections at a path.

use std::fmt;
use std::io;
use std::os::unix::net as std_net;
use std::path::Path;
use std::task::{Context, Poll, ready};

use crate::driver::Direction;
use crate::io::{Interest, PollEvented};
use crate::net::UnixStream;
use crate::net::os::{assert_nonblocking, lends_handle};

use super::addr::{self, SocketAddr};

/// A Unix socket that listens for connections.
///
/// The path that it has been bound to stays behind when the listener is dropped; whoever wants to
/// bind it again removes it first.
///
/// # Examples
///
/// ```no_run
/// use fastwake::io::AsyncWriteExt;
/// use fastwake::net::UnixListener;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let listener = UnixListener::bind("/run/greeter.sock")?;
/// loop {
///     let (mut stream, _address) = listener.accept().await?;
///     fastwake::spawn(async move { stream.write_all(b"hello").await });
/// }
/// # }
/// ```
pub struct UnixListener {
    io: PollEvented<mio::net::UnixListener>,
}

impl UnixListener {
    #[track_caller]
    pub(super) fn new(listener: mio::net::UnixListener) -> io::Result<Self> {
        let io = PollEvented::new(listener)?;
        Ok(Self { io })
    }

    /// Listens at a path; on Linux, one that begins with a NUL byte is an abstract name.
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
    /// use fastwake::net::{UnixListener, UnixStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// drop(listener);
    ///
    /// // The place is to be removed before it can be bound again.
    /// assert!(UnixListener::bind(&path).is_err());
    /// std::fs::remove_file(&path)?;
    /// let listener = UnixListener::bind(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<Self>
    where
        P: AsRef<Path>,
    {
        Self::bind_addr(&addr::of_path(path.as_ref())?.into())
    }

    /// Listens at an address.
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
    /// use std::os::unix::net::SocketAddr;
    /// use fastwake::net::UnixListener;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let address = SocketAddr::from_pathname(&path)?;
    /// let listener = UnixListener::bind_addr(&address.into())?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<Self> {
        Self::new(mio::net::UnixListener::bind_addr(&socket_addr.0)?)
    }

    /// Takes over a listener of the standard library's, which has to be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O. In debug builds, if the listener would block.
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
    /// let listener = std::os::unix::net::UnixListener::bind(&path)?;
    /// listener.set_nonblocking(true)?;
    /// let listener = UnixListener::from_std(listener)?;
    ///
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _) = listener.accept().await?;
    /// # drop((client, server));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(listener: std_net::UnixListener) -> io::Result<Self> {
        assert_nonblocking(&listener)?;
        Self::new(mio::net::UnixListener::from_std(listener))
    }

    /// Gives the listener to the standard library. It stays in non-blocking mode.
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
    ///
    /// let listener = listener.into_std()?;
    /// listener.set_nonblocking(false)?;
    /// let (server, _) = listener.accept()?;
    /// # drop((client, server));
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std_net::UnixListener> {
        self.io.into_inner().map(Into::into)
    }

    /// The address that it listens at.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixListener;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
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
    /// use fastwake::net::UnixListener;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// // Nothing has gone wrong so far.
    /// assert!(listener.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// The system's: some, such as too many open files, pass by. Or that the runtime has been shut
    /// down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no connection.
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
    /// let _client = UnixStream::connect(&path).await?;
    /// let (stream, _) = listener.accept().await?;
    /// println!("the client is of user {}", stream.peer_cred()?.uid());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accept = || self.io.accept();
        let registration = self.io.registration();
        let (stream, address) = registration.async_io(Interest::READABLE, accept).await?;
        Ok((UnixStream::connected(stream)?, SocketAddr(address)))
    }

    /// As [`accept`](Self::accept), in a poll function: only the task of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::net::{UnixListener, UnixStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, address) = poll_fn(|context| listener.poll_accept(context)).await?;
    /// assert!(address.is_unnamed());
    /// # drop((client, server));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accept = || self.io.accept();
        let registration = self.io.registration();
        let accepted = ready!(registration.poll_io(context, Direction::Read, accept));
        let (stream, address) = accepted?;
        Poll::Ready(Ok((UnixStream::connected(stream)?, SocketAddr(address))))
    }
}

lends_handle!(UnixListener);

impl TryFrom<std_net::UnixListener> for UnixListener {
    type Error = io::Error;

    /// As [`from_std`](Self::from_std).
    fn try_from(listener: std_net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}
