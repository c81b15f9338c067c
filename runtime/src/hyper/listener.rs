#![forbid(unsafe_code)]
//! Where a server's connections come from.

use std::future::Future;
use std::io;
#[cfg(feature = "net")]
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};

#[cfg(feature = "net")]
use crate::net::{TcpListener, TcpStream};
#[cfg(all(feature = "net", unix))]
use crate::net::{UnixListener, UnixStream, unix};

/// Accepts the connections of a [server](super::serve()).
///
/// The TCP and Unix listeners of `fastwake::net` are listeners; one that decrypts, or that counts,
/// is made by wrapping them.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "net")]
/// # mod example {
/// use std::io;
/// use std::net::SocketAddr;
/// use fastwake::hyper::Listener;
/// use fastwake::net::{TcpListener, TcpStream};
///
/// /// Takes connections from this machine only.
/// struct Local(TcpListener);
///
/// impl Listener for Local {
///     type Io = TcpStream;
///     type Addr = SocketAddr;
///
///     async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
///         loop {
///             let (stream, peer) = self.0.accept().await?;
///             if peer.ip().is_loopback() {
///                 return Ok((stream, peer));
///             }
///         }
///     }
///
///     fn local_addr(&self) -> io::Result<SocketAddr> {
///         self.0.local_addr()
///     }
/// }
/// # }
/// ```
pub trait Listener: Send + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Who is at the other end of it.
    type Addr: Send;

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// Why there is none now. The server [tries again](super::serve()).
    ///
    /// # Cancel safety
    ///
    /// The server drops the future when it shuts down and at no other time.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "net")]
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::hyper::Listener;
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// async fn next_client<L: Listener>(listener: &mut L) -> std::io::Result<L::Addr> {
    ///     let (_connection, client) = listener.accept().await?;
    ///     Ok(client)
    /// }
    ///
    /// let mut listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(next_client(&mut listener).await?, stream.local_addr()?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "net"))]
    /// # fn main() {}
    /// ```
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, Self::Addr)>> + Send;

    /// Where clients find it.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "net")]
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::fmt::Debug;
    /// use fastwake::hyper::Listener;
    /// use fastwake::net::TcpListener;
    ///
    /// fn announcement(listener: &impl Listener<Addr: Debug>) -> std::io::Result<String> {
    ///     Ok(format!("listening on {:?}", listener.local_addr()?))
    /// }
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(announcement(&listener)?.starts_with("listening on 127.0.0.1:"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "net"))]
    /// # fn main() {}
    /// ```
    fn local_addr(&self) -> io::Result<Self::Addr>;

    /// Turns a connection's `TCP_NODELAY` on or off. What is not TCP does nothing.
    ///
    /// # Errors
    ///
    /// The system's. The server goes on with the connection: one that is gone already says so at its
    /// first read.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "net")]
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io;
    /// use std::net::SocketAddr;
    /// use fastwake::hyper::Listener;
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// struct Counting {
    ///     inner: TcpListener,
    ///     accepted: u64,
    /// }
    ///
    /// impl Listener for Counting {
    ///     type Io = TcpStream;
    ///     type Addr = SocketAddr;
    ///     # async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
    ///     #     self.accepted += 1;
    ///     #     self.inner.accept().await
    ///     # }
    ///     #
    ///     # fn local_addr(&self) -> io::Result<SocketAddr> {
    ///     #     self.inner.local_addr()
    ///     # }
    ///
    ///     // A wrapper passes it on. `accept` and `local_addr` are left out here.
    ///     fn set_nodelay(connection: &TcpStream, nodelay: bool) -> io::Result<()> {
    ///         <TcpListener as Listener>::set_nodelay(connection, nodelay)
    ///     }
    /// }
    ///
    /// # let inner = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut listener = Counting { inner, accepted: 0 };
    /// # let _client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (connection, _) = listener.accept().await?;
    /// Counting::set_nodelay(&connection, true)?;
    /// assert!(connection.nodelay()?);
    /// # assert_eq!(listener.accepted, 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "net"))]
    /// # fn main() {}
    /// ```
    fn set_nodelay(_connection: &Self::Io, _nodelay: bool) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "net")]
impl Listener for TcpListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    fn accept(&mut self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send {
        Self::accept(self)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }

    fn set_nodelay(connection: &TcpStream, nodelay: bool) -> io::Result<()> {
        connection.set_nodelay(nodelay)
    }
}

#[cfg(all(feature = "net", unix))]
impl Listener for UnixListener {
    type Io = UnixStream;
    type Addr = unix::SocketAddr;

    fn accept(
        &mut self,
    ) -> impl Future<Output = io::Result<(UnixStream, unix::SocketAddr)>> + Send {
        Self::accept(self)
    }

    fn local_addr(&self) -> io::Result<unix::SocketAddr> {
        Self::local_addr(self)
    }
}
