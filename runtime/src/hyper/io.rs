//! One I/O type under two families of traits.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::hyper::rt;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};

pin_project! {
    /// Translates between tokio's I/O traits and hyper's.
    ///
    /// Around an [`AsyncRead`] and [`AsyncWrite`], such as a socket, it is hyper's
    /// [`Read`](rt::Read) and [`Write`](rt::Write); around hyper's, such as the
    /// [`Upgraded`](::hyper::upgrade::Upgraded) connection of a WebSocket, it is tokio's. Bytes are
    /// read straight into the buffer of whoever asks, and several buffers are written in one go
    /// where the inner type can.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "io-util")]
    /// # #[fastwake::main]
    /// # async fn main() {
    /// use fastwake::hyper::Io;
    /// use fastwake::io::{AsyncReadExt, duplex};
    ///
    /// let (mut client, server) = duplex(1_024);
    /// let hello = hyper::service::service_fn(async |_| {
    ///     Ok::<_, std::convert::Infallible>(hyper::Response::new("hello".to_owned()))
    /// });
    /// let connection = hyper::server::conn::http1::Builder::new()
    ///     .keep_alive(false)
    ///     .serve_connection(Io::new(server), hello);
    /// let serving = fastwake::spawn(connection);
    ///
    /// use fastwake::io::AsyncWriteExt;
    /// client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
    /// let mut answer = String::new();
    /// client.read_to_string(&mut answer).await.unwrap();
    /// assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"));
    /// serving.await.unwrap().unwrap();
    /// # }
    /// # #[cfg(not(feature = "io-util"))]
    /// # fn main() {}
    /// ```
    #[derive(Debug)]
    pub struct Io<T> {
        #[pin]
        inner: T,
    }
}

impl<T> Io<T> {
    /// Wraps `inner`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "net")]
    /// # #[fastwake::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use fastwake::hyper::Io;
    /// use fastwake::net::TcpStream;
    /// use hyper::client::conn::http1;
    ///
    /// # let server = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = server.local_addr()?;
    /// let stream = TcpStream::connect(address).await?;
    /// let (requests, connection) = http1::handshake::<_, String>(Io::new(stream)).await?;
    /// fastwake::spawn(connection);
    /// assert!(!requests.is_closed());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "net"))]
    /// # fn main() {}
    /// ```
    pub fn new(inner: T) -> Self {
        Self { inner }
    }

    /// What is wrapped.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "net")]
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::hyper::Io;
    /// use fastwake::net::TcpStream;
    ///
    /// # let server = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = server.local_addr()?;
    /// let io = Io::new(TcpStream::connect(address).await?);
    /// assert_eq!(io.get_ref().peer_addr()?, address);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "net"))]
    /// # fn main() {}
    /// ```
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// What is wrapped.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "io-util")]
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::hyper::Io;
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// let (client, mut server) = duplex(1_024);
    /// let mut io = Io::new(client);
    /// // What the server is to have before hyper's first request.
    /// io.get_mut().write_all(b"PROXY UNKNOWN\r\n").await?;
    /// # drop(io);
    /// # let mut text = String::new();
    /// # server.read_to_string(&mut text).await?;
    /// # assert_eq!(text, "PROXY UNKNOWN\r\n");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "io-util"))]
    /// # fn main() {}
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// What is wrapped.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "io-util")]
    /// # #[fastwake::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use fastwake::hyper::Io;
    /// use fastwake::io::duplex;
    /// use hyper::client::conn::http1;
    ///
    /// let (stream, _server) = duplex(1_024);
    /// let (requests, connection) = http1::handshake::<_, String>(Io::new(stream)).await?;
    /// # drop(requests);
    /// // hyper is done with it, and it can be used for something else.
    /// let stream = connection.into_parts().io.into_inner();
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "io-util"))]
    /// # fn main() {}
    /// ```
    pub fn into_inner(self) -> T {
        self.inner
    }
}

/// A reader is safe code, and could put another buffer in the place of the one it was given.
#[track_caller]
fn assert_same_buffer(given: *const u8, filled: &[u8]) {
    assert_eq!(given, filled.as_ptr(), "the reader has swapped its buffer");
}

impl<T: AsyncRead> rt::Read for Io<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buf: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: tokio's buffer does not take the initialization of a byte back either.
        let mut target = tokio::io::ReadBuf::uninit(unsafe { buf.as_mut() });
        let given = target.filled().as_ptr();
        ready!(self.project().inner.poll_read(context, &mut target))?;
        assert_same_buffer(given, target.filled());
        let n = target.filled().len();
        // SAFETY: tokio's buffer counts initialized bytes only, and it is the one over `buf`.
        unsafe { buf.advance(n) };
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite> rt::Write for Io<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(context, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(context, bufs)
    }
}

impl<T: rt::Read> AsyncRead for Io<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: hyper's buffer does not take the initialization of a byte back either.
        let mut target = rt::ReadBuf::uninit(unsafe { buf.unfilled_mut() });
        let given = target.filled().as_ptr();
        ready!(self.project().inner.poll_read(context, target.unfilled()))?;
        assert_same_buffer(given, target.filled());
        let n = target.filled().len();
        // SAFETY: hyper's buffer counts initialized bytes only, and it is the one over `buf`.
        unsafe { buf.assume_init(n) };
        buf.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl<T: rt::Write> AsyncWrite for Io<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(context, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(context, bufs)
    }
}
