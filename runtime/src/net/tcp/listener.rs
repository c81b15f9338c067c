#![forbid(unsafe_code)]
//! Waiting for connections.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use super::{Incoming, IntoIncoming, TcpStream};
use crate::driver::Direction;
use crate::io::{Interest, PollEvented};
use crate::net::addr::{ToSocketAddrs, first_that, resolve};
use crate::net::os::{assert_nonblocking, lends_handle};

/// A TCP socket that accepts connections.
///
/// # Examples
///
/// ```no_run
/// use fastwake::net::TcpListener;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:8080").await?;
/// loop {
///     let (stream, peer) = listener.accept().await?;
///     fastwake::spawn(async move {
///         println!("{peer} is connected");
///         drop(stream);
///     });
/// }
/// # }
/// ```
pub struct TcpListener {
    pub(super) io: PollEvented<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens at an address; of several, at the first that works. With port 0 the system chooses
    /// one, which [`local_addr`](Self::local_addr) tells.
    ///
    /// The address may be one that an earlier process has just left (`SO_REUSEADDR`, except on
    /// Windows), and 128 connections may wait to be accepted. [`TcpSocket::listen`] lets more or
    /// fewer wait, and `TcpSocket` has the other settings.
    ///
    /// [`TcpSocket::listen`]: crate::net::TcpSocket::listen
    ///
    /// # Errors
    ///
    /// The system's, for the last address; [`InvalidInput`](io::ErrorKind::InvalidInput) if there is
    /// no address.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::TcpListener;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        let addresses = resolve(addr).await?;
        first_that(addresses, |address| {
            Self::new(mio::net::TcpListener::bind(address)?)
        })
    }

    #[track_caller]
    pub(super) fn new(listener: mio::net::TcpListener) -> io::Result<Self> {
        Ok(Self {
            io: PollEvented::new(listener)?,
        })
    }

    /// Accepts a connection, and says who has connected.
    ///
    /// # Errors
    ///
    /// The system's. The listener stays usable: if there is no file descriptor left, for instance,
    /// the connection waits until there is one and somebody accepts again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no connection.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_stream, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = || self.io.accept();
        let registration = self.io.registration();
        let (stream, peer) = registration.async_io(Interest::READABLE, accept).await?;
        Ok((TcpStream::accepted(stream)?, peer))
    }

    /// As [`accept`](Self::accept), in a poll function. The waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_stream, peer) = poll_fn(|context| listener.poll_accept(context)).await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_accept(
        &self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accept = || self.io.accept();
        let registration = self.io.registration();
        let accepted = registration.poll_io(context, Direction::Read, accept);
        accepted.map(|accepted| {
            let (stream, peer) = accepted?;
            Ok((TcpStream::accepted(stream)?, peer))
        })
    }

    /// The connections that come in, as a stream without an end. There may be any number of them at
    /// once, each gets some.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    /// # use futures_core::Stream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    ///
    /// let mut incoming = pin!(listener.incoming());
    /// // With `StreamExt` in scope: `incoming.next().await`.
    /// let next = poll_fn(|context| incoming.as_mut().poll_next(context)).await;
    /// let stream = next.expect("it does not end")?;
    /// assert_eq!(stream.peer_addr()?, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming::new(self)
    }

    /// As [`incoming`](Self::incoming), and takes the listener along.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    /// use std::pin::Pin;
    /// # use futures_core::Stream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    ///
    /// let mut incoming = listener.into_incoming();
    /// // With `StreamExt` in scope: `incoming.next().await`.
    /// let next = poll_fn(|context| Pin::new(&mut incoming).poll_next(context)).await;
    /// let stream = next.expect("it does not end")?;
    /// assert_eq!(stream.peer_addr()?, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_incoming(self) -> IntoIncoming {
        IntoIncoming::new(self)
    }

    /// Registers a listener of the standard library's, which must not block.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O; in debug builds for a listener that blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_nonblocking(true)?;
    /// let listener = fastwake::net::TcpListener::from_std(listener)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<Self> {
        assert_nonblocking(&listener)?;
        Self::new(mio::net::TcpListener::from_std(listener))
    }

    /// Gives the listener to the standard library. It stays non-blocking.
    ///
    /// # Errors
    ///
    /// The system's, if it does not let go of it.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = fastwake::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let listener = listener.into_std()?;
    /// listener.set_nonblocking(false)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        self.io.into_inner().map(Into::into)
    }

    /// The address at which it listens.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// // The system has chosen the port; clients have to know it.
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(client.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// Over how many hops its packets go at most (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = fastwake::net::TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(listener.ttl()? > 0, "the system has a default");
    /// # Ok(())
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.ttl()
    }

    /// Sets over how many hops its packets go at most (`IP_TTL`).
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = fastwake::net::TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(100)?;
    /// assert_eq!(listener.ttl()?, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.set_ttl(ttl)
    }
}

/// As [`from_std`](TcpListener::from_std).
impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    fn try_from(listener: std::net::TcpListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}

lends_handle!(TcpListener);
