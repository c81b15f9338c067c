#![forbid(unsafe_code)]
//! Halves that borrow their stream.

use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::TcpStream;
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

/// The half of a [`TcpStream`] that reads; from [`TcpStream::split`].
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::net::tcp::ReadHalf;
/// # use fastwake::net::{TcpListener, TcpStream};
///
/// async fn read_text(mut reader: ReadHalf<'_>) -> std::io::Result<String> {
///     let mut length = [0];
///     reader.read_exact(&mut length).await?;
///     let mut text = vec![0; length[0].into()];
///     reader.read_exact(&mut text).await?;
///     Ok(String::from_utf8_lossy(&text).into_owned())
/// }
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// peer.write_all(b"\x05hello").await?;
///
/// let (reader, _writer) = stream.split();
/// assert_eq!(read_text(reader).await?, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReadHalf<'a>(pub(super) &'a TcpStream);

/// The half of a [`TcpStream`] that writes; from [`TcpStream::split`].
///
/// Dropping it leaves the stream open; [`shutdown`](crate::io::AsyncWriteExt::shutdown) closes the
/// sending side.
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// # use fastwake::net::{TcpListener, TcpStream};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// let (_reader, mut writer) = stream.split();
/// writer.write_all(b"hello").await?;
/// writer.shutdown().await?;
///
/// let mut text = String::new();
/// peer.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WriteHalf<'a>(pub(super) &'a TcpStream);

/// What both kinds of reading halves offer; `$stream` leads to their stream, and the examples
/// have a half from `$split`.
macro_rules! reads {
    ($half:ty, $split:ident, |$this:ident| $stream:expr) => {
        impl $half {
            /// As [`TcpStream::peek`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::peek`].
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
            /// # use fastwake::net::{TcpListener, TcpStream};
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (mut peer, _) = listener.accept().await?;
            #[doc = concat!("let (mut reader, _writer) = stream.", stringify!($split), "();")]
            /// peer.write_all(b"x").await?;
            ///
            /// let (mut peeked, mut read) = ([0; 8], [0; 8]);
            /// assert_eq!(reader.peek(&mut peeked).await?, 1);
            /// assert_eq!(reader.read(&mut read).await?, 1);
            /// assert_eq!(peeked, read);
            /// # Ok(())
            /// # }
            /// ```
            pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                let mut buf = ReadBuf::new(buf);
                poll_fn(|context| self.poll_peek(context, &mut buf)).await
            }

            /// As [`TcpStream::poll_peek`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::peek`].
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
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (mut peer, _) = listener.accept().await?;
            #[doc = concat!("let (mut reader, _writer) = stream.", stringify!($split), "();")]
            /// peer.write_all(b"x").await?;
            ///
            /// let mut data = [0; 8];
            /// let mut data = ReadBuf::new(&mut data);
            /// let n = poll_fn(|context| reader.poll_peek(context, &mut data)).await?;
            /// assert_eq!((n, data.filled()), (1, &b"x"[..]));
            /// # Ok(())
            /// # }
            /// ```
            pub fn poll_peek(
                &mut self,
                context: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<usize>> {
                let $this = self;
                $stream.poll_peek(context, buf)
            }

            /// As [`TcpStream::readable`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::ready`].
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing: the stream stays ready.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::io::AsyncWriteExt;
            /// # use fastwake::net::{TcpListener, TcpStream};
            /// use std::io::ErrorKind;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (mut peer, _) = listener.accept().await?;
            #[doc = concat!("let (reader, _writer) = stream.", stringify!($split), "();")]
            /// peer.write_all(b"hello").await?;
            ///
            /// let mut data = [0; 16];
            /// let n = loop {
            ///     reader.readable().await?;
            ///     match reader.try_read(&mut data) {
            ///         // Not ready after all: one waits again.
            ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            ///         result => break result?,
            ///     }
            /// };
            /// assert_eq!(&data[..n], b"hello");
            /// # Ok(())
            /// # }
            /// ```
            pub async fn readable(&self) -> io::Result<()> {
                let $this = self;
                $stream.readable().await
            }

            /// As [`TcpStream::try_read`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_read`].
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::io::AsyncWriteExt;
            /// # use fastwake::net::{TcpListener, TcpStream};
            /// use std::io::ErrorKind;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (mut peer, _) = listener.accept().await?;
            #[doc = concat!("let (reader, _writer) = stream.", stringify!($split), "();")]
            /// let mut data = [0; 16];
            /// let nothing = reader.try_read(&mut data).unwrap_err();
            /// assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
            ///
            /// peer.write_all(b"hello").await?;
            /// let n = loop {
            ///     reader.readable().await?;
            ///     match reader.try_read(&mut data) {
            ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            ///         result => break result?,
            ///     }
            /// };
            /// assert_eq!(&data[..n], b"hello");
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read(buf)
            }

            /// As [`TcpStream::try_read_vectored`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_read`].
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::io::AsyncWriteExt;
            /// # use fastwake::net::{TcpListener, TcpStream};
            /// use std::io::{ErrorKind, IoSliceMut};
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (mut peer, _) = listener.accept().await?;
            #[doc = concat!("let (reader, _writer) = stream.", stringify!($split), "();")]
            /// peer.write_all(b"\0\x05hello").await?;
            ///
            /// let (mut length, mut text) = ([0; 2], [0; 16]);
            /// let mut buffers = [IoSliceMut::new(&mut length), IoSliceMut::new(&mut text)];
            /// let n = loop {
            ///     reader.readable().await?;
            ///     match reader.try_read_vectored(&mut buffers) {
            ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            ///         result => break result?,
            ///     }
            /// };
            /// assert_eq!((n, u16::from_be_bytes(length)), (7, 5));
            /// assert_eq!(&text[..5], b"hello");
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read_vectored(bufs)
            }

            /// As [`TcpStream::try_read_buf`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_read`].
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::io::AsyncWriteExt;
            /// # use fastwake::net::{TcpListener, TcpStream};
            /// use std::io::ErrorKind;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (mut peer, _) = listener.accept().await?;
            #[doc = concat!("let (reader, _writer) = stream.", stringify!($split), "();")]
            /// peer.write_all(b"hello").await?;
            ///
            /// let mut data = Vec::with_capacity(1024);
            /// let n = loop {
            ///     reader.readable().await?;
            ///     match reader.try_read_buf(&mut data) {
            ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            ///         result => break result?,
            ///     }
            /// };
            /// assert_eq!((n, &data[..]), (5, &b"hello"[..]));
            /// # Ok(())
            /// # }
            /// ```
            #[cfg(feature = "io-util")]
            #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
            pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                let $this = self;
                $stream.try_read_buf(buf)
            }
        }

        impl AsyncRead for $half {
            fn poll_read(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let $this = self;
                $stream.io.poll_read(context, buf)
            }
        }

        #[cfg(feature = "futures-io")]
        crate::io::futures_reader!($half, |$this| &$stream.io);
    };
}
pub(super) use reads;

/// What both kinds of writing halves offer, [`AsyncWrite::poll_shutdown`] apart.
macro_rules! writes {
    ($half:ty, $split:ident, |$this:ident| $stream:expr, shutdown: $shutdown:expr) => {
        impl $half {
            /// As [`TcpStream::writable`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::ready`].
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing: the stream stays ready.
            ///
            /// # Examples
            ///
            /// ```
            /// # use fastwake::net::{TcpListener, TcpStream};
            /// use std::io::ErrorKind;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (_peer, _) = listener.accept().await?;
            #[doc = concat!("let (_reader, writer) = stream.", stringify!($split), "();")]
            /// let mut rest = &b"hello"[..];
            /// while !rest.is_empty() {
            ///     writer.writable().await?;
            ///     match writer.try_write(rest) {
            ///         Ok(n) => rest = &rest[n..],
            ///         // No room after all: one waits again.
            ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            ///         Err(error) => return Err(error),
            ///     }
            /// }
            /// # Ok(())
            /// # }
            /// ```
            pub async fn writable(&self) -> io::Result<()> {
                let $this = self;
                $stream.writable().await
            }

            /// As [`TcpStream::try_write`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_write`].
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::io::AsyncReadExt;
            /// # use fastwake::net::{TcpListener, TcpStream};
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (mut peer, _) = listener.accept().await?;
            #[doc = concat!("let (_reader, writer) = stream.", stringify!($split), "();")]
            /// writer.writable().await?;
            /// let n = writer.try_write(b"hello")?;
            ///
            /// let mut data = [0; 5];
            /// peer.read_exact(&mut data[..n]).await?;
            /// assert_eq!((n, &data), (5, b"hello"));
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_write(buf)
            }

            /// As [`TcpStream::try_write_vectored`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_write`].
            ///
            /// # Examples
            ///
            /// ```
            /// # use fastwake::net::{TcpListener, TcpStream};
            /// use std::io::IoSlice;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (_peer, _) = listener.accept().await?;
            #[doc = concat!("let (_reader, writer) = stream.", stringify!($split), "();")]
            /// let (length, text) = (5_u16.to_be_bytes(), b"hello");
            /// writer.writable().await?;
            /// let n = writer.try_write_vectored(&[IoSlice::new(&length), IoSlice::new(text)])?;
            /// assert_eq!(n, 7);
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
                let $this = self;
                $stream.try_write_vectored(bufs)
            }
        }

        impl AsyncWrite for $half {
            fn poll_write(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                let $this = self;
                $stream.io.poll_write(context, buf)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let $this = self;
                $stream.io.poll_write_vectored(context, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            /// There is nothing to flush: what is written is the system's.
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                let shutdown: fn(&mut Self) -> io::Result<()> = $shutdown;
                Poll::Ready(shutdown(&mut self))
            }
        }

        #[cfg(feature = "futures-io")]
        crate::io::futures_writer!($half);
    };
}
pub(super) use writes;

/// What all halves offer; `$name` is the half that the examples ask.
macro_rules! shows_stream {
    ($half:ty, $split:ident: $name:ident, |$this:ident| $stream:expr) => {
        impl $half {
            /// As [`TcpStream::ready`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::ready`].
            ///
            /// # Cancel safety
            ///
            /// Dropping the future loses nothing: the stream stays ready.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::io::Interest;
            /// # use fastwake::net::{TcpListener, TcpStream};
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
            /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// # let (_peer, _) = listener.accept().await?;
            #[doc = concat!("let (reader, writer) = stream.", stringify!($split), "();")]
            /// // It is the stream that is asked. Nothing has come, but there is room to write.
            /// let both = Interest::READABLE | Interest::WRITABLE;
            #[doc = concat!("let ready = ", stringify!($name), ".ready(both).await?;")]
            /// assert!(ready.is_writable() && !ready.is_readable());
            /// # Ok(())
            /// # }
            /// ```
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                let $this = self;
                $stream.ready(interest).await
            }

            /// The address of the other side.
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
            /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            #[doc = concat!("let (reader, writer) = stream.", stringify!($split), "();")]
            #[doc = concat!("assert_eq!(", stringify!($name), ".peer_addr()?, listener.local_addr()?);")]
            /// # Ok(())
            /// # }
            /// ```
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.peer_addr()
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
            /// let mut stream = TcpStream::connect(listener.local_addr()?).await?;
            /// let (_, client) = listener.accept().await?;
            #[doc = concat!("let (reader, writer) = stream.", stringify!($split), "();")]
            #[doc = concat!("assert_eq!(", stringify!($name), ".local_addr()?, client);")]
            /// # Ok(())
            /// # }
            /// ```
            pub fn local_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.local_addr()
            }
        }

        impl AsRef<TcpStream> for $half {
            fn as_ref(&self) -> &TcpStream {
                let $this = self;
                &$stream
            }
        }
    };
}
pub(super) use shows_stream;

reads!(ReadHalf<'_>, split, |half| half.0);
shows_stream!(ReadHalf<'_>, split: reader, |half| half.0);
writes!(WriteHalf<'_>, split, |half| half.0, shutdown: |half| half.0.close_sending_side());
shows_stream!(WriteHalf<'_>, split: writer, |half| half.0);
