//! A TCP socket that is set up before it connects or listens.

mod handle;
mod options;

use std::fmt;
use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::{TcpListener, TcpStream};
use crate::net::receive::internet;

/// A TCP socket that has not been connected yet, and does not listen: for settings that have to be
/// made before.
///
/// It needs no runtime until it [connects](Self::connect) or [listens](Self::listen).
///
/// # Examples
///
/// What [`TcpStream::connect`] does:
///
/// ```
/// use fastwake::net::TcpSocket;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = fastwake::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let address = listener.local_addr()?;
/// let socket = TcpSocket::new_v4()?;
/// let stream = socket.connect(address).await?;
/// # Ok(())
/// # }
/// ```
///
/// What [`TcpListener::bind`] does:
///
/// ```
/// use fastwake::net::TcpSocket;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let socket = TcpSocket::new_v4()?;
/// // Except on Windows, where it would let others take the address away.
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(1024)?;
/// # Ok(())
/// # }
/// ```
pub struct TcpSocket {
    pub(super) inner: Socket,
}

impl TcpSocket {
    /// A socket for IPv4.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().expect("it is an address"))?;
    /// assert!(socket.local_addr()?.is_ipv4());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_v4() -> io::Result<Self> {
        Self::new(Domain::IPV4)
    }

    /// A socket for IPv6.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use fastwake::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v6()?;
    /// socket.bind("[::1]:0".parse().expect("it is an address"))?;
    /// assert!(socket.local_addr()?.is_ipv6());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_v6() -> io::Result<Self> {
        Self::new(Domain::IPV6)
    }

    fn new(domain: Domain) -> io::Result<Self> {
        let inner = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    /// Sets up a socket of the standard library's, which must be neither connected nor block:
    /// some libraries set sockets up and give them out as this type. It is not checked.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::TcpSocket;
    /// use socket2::{Domain, Socket, Type};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = fastwake::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    /// socket.set_nonblocking(true)?;
    /// let socket = TcpSocket::from_std_stream(socket.into());
    /// let stream = socket.connect(address).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_std_stream(std_stream: std::net::TcpStream) -> Self {
        Self {
            inner: std_stream.into(),
        }
    }

    /// Gives the socket its own address. Port 0 has the system choose one.
    ///
    /// # Errors
    ///
    /// The system's: the address is in use, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(&addr.into())
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// The system's: the connection is refused, for instance.
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
    /// use fastwake::net::{TcpListener, TcpSocket};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let server = listener.local_addr()?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_nodelay(true)?;
    /// let stream = socket.connect(server).await?;
    /// assert!(stream.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        match self.inner.connect(&addr.into()) {
            Err(error) if !is_begun(&error) => return Err(error),
            _ => {}
        }
        let stream = mio::net::TcpStream::from_std(self.inner.into());
        TcpStream::connecting(stream).await
    }

    /// Listens. At most `backlog` connections wait to be accepted; the system has a bound of its
    /// own, too.
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
    /// use fastwake::net::TcpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_reuseaddr(true)?;
    /// socket.bind("127.0.0.1:0".parse().expect("it is an address"))?;
    /// // As many connections may wait to be accepted, if the system lets them.
    /// let listener = socket.listen(4096)?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        self.inner
            .listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        TcpListener::new(mio::net::TcpListener::from_std(self.inner.into()))
    }

    /// The address of this side.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().expect("it is an address"))?;
    /// let address = socket.local_addr()?;
    /// assert!(address.ip().is_loopback() && address.port() != 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        internet(&self.inner.local_addr()?)
    }

    /// The error that has happened to the socket since this was last asked, if any (`SO_ERROR`).
    ///
    /// # Errors
    ///
    /// The system's, if it does not say.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::TcpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// assert!(socket.take_error()?.is_none(), "nothing has happened yet");
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

/// The connection is on its way.
#[cfg(unix)]
fn is_begun(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

/// The connection is on its way.
#[cfg(not(unix))]
fn is_begun(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
