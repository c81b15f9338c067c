#![forbid(unsafe_code)]
//! Datagrams over UDP.

mod options;
mod receiving;
mod sending;

use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::addr::{ToSocketAddrs, first_that, resolve};
use super::os::{assert_nonblocking, lends_handle};
use crate::io::{Interest, PollEvented, Ready};

/// A UDP socket.
///
/// It sends datagrams [to anybody](Self::send_to) and receives them [from
/// anybody](Self::recv_from); or, once it is [connected](Self::connect), [to](Self::send) and
/// [from](Self::recv) one address. All methods take `&self`, so that an `Arc` is enough to send and
/// receive in different tasks.
///
/// Datagrams may be lost, come twice, or in another order. A read takes a whole one: what the buffer
/// has no room for is gone.
///
/// # Examples
///
/// ```
/// use fastwake::net::UdpSocket;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.connect(server.local_addr()?).await?;
///
/// client.send(b"hello").await?;
/// let mut data = [0; 1024];
/// let (n, sender) = server.recv_from(&mut data).await?;
/// server.send_to(&data[..n], sender).await?;
/// assert_eq!(client.recv(&mut data).await?, 5);
/// # Ok(())
/// # }
/// ```
pub struct UdpSocket {
    io: PollEvented<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// A socket with this address; of several, with the first that works. With port 0 the system
    /// chooses one, which [`local_addr`](Self::local_addr) tells.
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
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        let addresses = resolve(addr).await?;
        first_that(addresses, |address| {
            Self::new(mio::net::UdpSocket::bind(address)?)
        })
    }

    #[track_caller]
    fn new(socket: mio::net::UdpSocket) -> io::Result<Self> {
        Ok(Self {
            io: PollEvented::new(socket)?,
        })
    }

    /// Registers a socket of the standard library's, which must not block.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O; in debug builds for a socket that blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.set_nonblocking(true)?;
    /// let socket = fastwake::net::UdpSocket::from_std(socket)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<Self> {
        assert_nonblocking(&socket)?;
        Self::new(mio::net::UdpSocket::from_std(socket))
    }

    /// Gives the socket to the standard library. It stays non-blocking.
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
    /// let socket = fastwake::net::UdpSocket::bind("127.0.0.1:0").await?;
    /// let socket = socket.into_std()?;
    /// socket.set_nonblocking(false)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        self.io.into_inner().map(Into::into)
    }

    /// The socket's own address.
    ///
    /// # Errors
    ///
    /// The system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let address = socket.local_addr()?;
    /// assert!(address.ip().is_loopback(), "as asked for");
    /// assert_ne!(address.port(), 0, "the system has chosen one");
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address that the socket is [connected](Self::connect) to.
    ///
    /// # Errors
    ///
    /// The system's: it is not connected, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// let nobody = client.peer_addr().unwrap_err();
    /// assert_eq!(nobody.kind(), ErrorKind::NotConnected);
    ///
    /// client.connect(server.local_addr()?).await?;
    /// assert_eq!(client.peer_addr()?, server.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
    }

    /// Connects the socket: from now on [`send`](Self::send) sends there, and nothing is received
    /// from elsewhere. Of several addresses it takes the first that works, which says nothing of
    /// whether anybody is there.
    ///
    /// # Errors
    ///
    /// The system's, for the last address; [`InvalidInput`](io::ErrorKind::InvalidInput) if there is
    /// no address.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let one = UdpSocket::bind("127.0.0.1:0").await?;
    /// let other = UdpSocket::bind("127.0.0.1:0").await?;
    /// one.connect(other.local_addr()?).await?;
    /// assert_eq!(one.peer_addr()?, other.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        let addresses = resolve(addr).await?;
        first_that(addresses, |address| self.io.connect(address))
    }

    /// Waits until the socket is ready for something of what `interest` says.
    ///
    /// The answer is a hint: the operation may still find that it
    /// [would block](io::ErrorKind::WouldBlock), and then this waits again. So it serves to send and
    /// receive in one task.
    ///
    /// # Errors
    ///
    /// The runtime that the socket belongs to has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the socket stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// socket.send(b"hello").await?;
    /// loop {
    ///     let ready = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
    ///     if ready.is_readable() {
    ///         let mut data = [0; 32];
    ///         match socket.try_recv(&mut data) {
    ///             Ok(n) => {
    ///                 assert_eq!(&data[..n], b"hello");
    ///                 break;
    ///             }
    ///             Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///             Err(error) => return Err(error),
    ///         }
    ///     }
    ///     if ready.is_writable() {
    ///         // As above, with `try_send`.
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let event = self.io.registration().readiness(interest).await?;
        Ok(event.ready)
    }

    /// Runs an operation on the socket, if it is ready for it as far as is known.
    ///
    /// If the operation says that it would block, the socket counts as not ready; so it must be one
    /// on this socket, of the kind that `interest` says, and use none of the methods of this type.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the socket is not ready; the operation's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// let raw = socket2::SockRef::from(&socket);
    /// socket.writable().await?;
    /// let sent = socket.try_io(Interest::WRITABLE, || raw.send(b"hello"))?;
    /// assert_eq!(sent, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let registration = self.io.registration();
        registration.try_io(interest, || self.io.try_io(f))
    }

    /// Runs an operation on the socket as often as it takes until it does not block. What is said
    /// at [`try_io`](Self::try_io) holds for it.
    ///
    /// # Errors
    ///
    /// The operation's; that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// The operation is not run any more once the future is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(socket.local_addr()?).await?;
    /// let raw = socket2::SockRef::from(&socket);
    /// let sent = socket.async_io(Interest::WRITABLE, || raw.send(b"hello")).await?;
    /// assert_eq!(sent, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        let operation = || self.io.try_io(&mut f);
        let registration = self.io.registration();
        registration.async_io(interest, operation).await
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
    /// use fastwake::io::Interest;
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # if cfg!(not(target_os = "linux")) {
    /// #     return Ok(());
    /// # }
    /// // It receives from itself alone: for others, nobody is there.
    /// let nobody = UdpSocket::bind("127.0.0.1:0").await?;
    /// nobody.connect(nobody.local_addr()?).await?;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect(nobody.local_addr()?).await?;
    /// socket.send(b"hello").await?;
    /// socket.ready(Interest::ERROR).await?;
    /// let error = socket.take_error()?.expect("nobody has taken it");
    /// assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    /// assert!(socket.take_error()?.is_none(), "it is told once");
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }
}

/// As [`from_std`](UdpSocket::from_std).
impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    fn try_from(socket: std::net::UdpSocket) -> io::Result<Self> {
        Self::from_std(socket)
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}

lends_handle!(UdpSocket);
