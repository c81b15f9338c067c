#![forbid(unsafe_code)]
//! A TCP connection.

mod options;
mod readiness;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::owned::{OwnedReadHalf, OwnedWriteHalf};
use super::split::{ReadHalf, WriteHalf};
use crate::driver::Direction;
use crate::io::{AsyncRead, AsyncWrite, Interest, PollEvented, ReadBuf, Ready};
use crate::net::addr::{ToSocketAddrs, no_address, resolve};
use crate::net::os::{assert_nonblocking, lends_handle};
use crate::net::receive::{Bytes, receive};

/// A TCP connection to a remote host.
///
/// It is made by [`connect`](Self::connect), or by a listener that
/// [accepts](crate::net::TcpListener::accept) it, and read and written with the methods of
/// [`AsyncReadExt`] and [`AsyncWriteExt`]. [`split`](Self::split) and
/// [`into_split`](Self::into_split) have both done at once. Dropping it closes it;
/// [`shutdown`] closes the sending side alone.
///
/// [`AsyncReadExt`]: crate::io::AsyncReadExt
/// [`AsyncWriteExt`]: crate::io::AsyncWriteExt
/// [`shutdown`]: crate::io::AsyncWriteExt::shutdown
///
/// # Examples
///
/// ```no_run
/// use fastwake::io::AsyncWriteExt;
/// use fastwake::net::TcpStream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut stream = TcpStream::connect("127.0.0.1:8080").await?;
/// stream.write_all(b"hello world!").await?;
/// # Ok(())
/// # }
/// ```
pub struct TcpStream {
    pub(super) io: PollEvented<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects to an address; of several, to the first that answers.
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
    /// # Cancel safety
    ///
    /// Dropping the future gives the connection up.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<Self> {
        let mut last = None;
        for address in resolve(addr).await? {
            match Self::connect_to(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(no_address))
    }

    async fn connect_to(address: SocketAddr) -> io::Result<Self> {
        Self::connecting(mio::net::TcpStream::connect(address)?).await
    }

    /// Waits until a connection that has been begun stands.
    pub(super) async fn connecting(stream: mio::net::TcpStream) -> io::Result<Self> {
        let stream = Self::new(stream)?;
        // The system says "writable" when it has succeeded, and when it has failed.
        let registration = stream.io.registration();
        poll_fn(|context| registration.poll_ready(context, Direction::Write)).await?;
        match stream.io.take_error()? {
            None => Ok(stream),
            Some(error) => Err(error),
        }
    }

    #[track_caller]
    fn new(stream: mio::net::TcpStream) -> io::Result<Self> {
        Ok(Self {
            io: PollEvented::new(stream)?,
        })
    }

    /// A connection that stands. It can be written to, and as a rule its first bytes have arrived.
    pub(super) fn accepted(stream: mio::net::TcpStream) -> io::Result<Self> {
        let stream = Self::new(stream)?;
        let registration = stream.io.registration();
        registration.assume_ready(Ready::READABLE | Ready::WRITABLE);
        Ok(stream)
    }

    /// Registers a connection of the standard library's, which must not block.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O; in debug builds for a stream that blocks.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// let stream = std::net::TcpStream::connect(address)?;
    /// stream.set_nonblocking(true)?;
    /// let stream = fastwake::net::TcpStream::from_std(stream)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<Self> {
        assert_nonblocking(&stream)?;
        Self::new(mio::net::TcpStream::from_std(stream))
    }

    /// Gives the connection to the standard library. It stays non-blocking.
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
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// let stream = fastwake::net::TcpStream::connect(address).await?;
    /// let stream = stream.into_std()?;
    /// stream.set_nonblocking(false)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        self.io.into_inner().map(Into::into)
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
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_, client) = listener.accept().await?;
    /// assert_eq!(stream.local_addr()?, client);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address of the other side.
    ///
    /// # Errors
    ///
    /// The system's: the connection has been reset, for instance.
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
    /// let (stream, peer) = listener.accept().await?;
    /// assert_eq!(stream.peer_addr()?, peer);
    /// assert_eq!(client.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
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
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # if cfg!(not(target_os = "linux")) {
    /// #     return Ok(());
    /// # }
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// // The other side does not close the connection, but resets it.
    /// peer.set_zero_linger()?;
    /// drop(peer);
    ///
    /// stream.readable().await?;
    /// let error = stream.take_error()?.expect("it has been reset");
    /// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    /// assert!(stream.take_error()?.is_none(), "it is told once");
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Waits for data, and copies it without taking it from the socket. Returns how many bytes
    /// there are; 0 at the end of the stream, and for an empty buffer.
    ///
    /// # Errors
    ///
    /// The system's; that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut sender = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut stream, _) = listener.accept().await?;
    /// sender.write_all(b"x").await?;
    ///
    /// let (mut peeked, mut read) = ([0; 8], [0; 8]);
    /// assert_eq!(stream.peek(&mut peeked).await?, 1);
    /// assert_eq!(stream.read(&mut read).await?, 1);
    /// assert_eq!(peeked, read);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let peek = || self.io.peek(buf);
        let registration = self.io.registration();
        registration.async_io(Interest::READABLE, peek).await
    }

    /// As [`peek`](Self::peek), in a poll function. It has its waker in common with reading.
    ///
    /// # Errors
    ///
    /// As [`peek`](Self::peek).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncWriteExt, ReadBuf};
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"x").await?;
    ///
    /// let mut data = [0; 8];
    /// let mut data = ReadBuf::new(&mut data);
    /// let n = poll_fn(|context| stream.poll_peek(context, &mut data)).await?;
    /// assert_eq!((n, data.filled()), (1, &b"x"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek(
        &self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let socket = socket2::SockRef::from(self);
        let peek = || self.io.try_io(|| receive(&socket, buf, Bytes::Leave));
        let registration = self.io.registration();
        registration.poll_io(context, Direction::Read, peek)
    }

    /// Splits the stream into a half that reads and one that writes, which borrow it.
    ///
    /// They can be used by the two branches of a [`join!`](crate::join); halves that go to different
    /// tasks come from [`into_split`](Self::into_split).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// # let echo = fastwake::spawn(async move {
    /// #     let (mut stream, _) = listener.accept().await?;
    /// #     let (mut reader, mut writer) = stream.split();
    /// #     fastwake::io::copy(&mut reader, &mut writer).await
    /// # });
    /// let mut stream = TcpStream::connect(address).await?;
    /// let (mut reader, mut writer) = stream.split();
    /// let mut answer = Vec::new();
    /// let (_, sent) = fastwake::join!(reader.read_to_end(&mut answer), async {
    ///     writer.write_all(b"hello").await?;
    ///     writer.shutdown().await
    /// });
    /// sent?;
    /// assert_eq!(answer, b"hello");
    /// # echo.await??;
    /// # Ok(())
    /// # }
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf(self), WriteHalf(self))
    }

    /// Splits the stream into a half that reads and one that writes, each of which can go its own
    /// way. Dropping the one that writes closes the sending side.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut server, _) = listener.accept().await?;
    ///
    /// let (mut reader, mut writer) = client.into_split();
    /// let sending = fastwake::spawn(async move { writer.write_all(b"ping").await });
    /// let mut request = String::new();
    /// server.read_to_string(&mut request).await?;
    /// server.write_all(b"pong").await?;
    /// let mut answer = [0; 4];
    /// reader.read_exact(&mut answer).await?;
    /// assert_eq!((request.as_str(), &answer), ("ping", b"pong"));
    /// # sending.await?
    /// # }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        super::owned::split(self)
    }

    pub(super) fn close_sending_side(&self) -> io::Result<()> {
        match self.io.shutdown(Shutdown::Write) {
            // Closed already, by the other side.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }
}

/// As [`from_std`](TcpStream::from_std).
impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    fn try_from(stream: std::net::TcpStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read(context, buf)
    }
}

impl AsyncWrite for TcpStream {
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

    /// There is nothing to flush: what is written is the system's.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.close_sending_side())
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}

impl AsRef<Self> for TcpStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

lends_handle!(TcpStream);

#[cfg(feature = "futures-io")]
crate::io::futures_reader!(TcpStream, |stream| &stream.io);
#[cfg(feature = "futures-io")]
crate::io::futures_writer!(TcpStream);
