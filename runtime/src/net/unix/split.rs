#![forbid(unsafe_code)]
//! The two directions of a borrowed stream, and what they have in common with owned ones.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::UnixStream;

use super::addr::SocketAddr;

/// The direction that reads, of a borrowed [`UnixStream`]; from [`UnixStream::split`].
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::net::UnixStream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut one, mut other) = UnixStream::pair()?;
/// one.write_all(b"ping").await?;
///
/// // Reading while an answer is being written.
/// let (mut reader, mut writer) = other.split();
/// let mut bytes = [0; 4];
/// let (read, written) = fastwake::join!(reader.read_exact(&mut bytes), writer.write_all(b"pong"));
/// written?;
/// assert_eq!((read?, &bytes), (4, b"ping"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReadHalf<'a>(pub(super) &'a UnixStream);

/// The direction that writes, of a borrowed [`UnixStream`]; from [`UnixStream::split`].
///
/// Shutting it down tells the other side that nothing more will come; dropping it does not.
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::net::UnixStream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut one, mut other) = UnixStream::pair()?;
/// let (mut reader, mut writer) = one.split();
/// writer.write_all(b"ping").await?;
/// writer.shutdown().await?;
///
/// // The other side comes to an end, and can still answer.
/// let mut request = String::new();
/// other.read_to_string(&mut request).await?;
/// other.write_all(b"pong").await?;
/// let mut answer = [0; 4];
/// reader.read_exact(&mut answer).await?;
/// assert_eq!((request.as_str(), &answer), ("ping", b"pong"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WriteHalf<'a>(pub(super) &'a UnixStream);

/// What both kinds of reading halves offer; `$stream` leads to their stream, and `$split` is how the
/// examples come to `reader`, whose other side is `other`.
macro_rules! reads {
    ($half:ty, |$this:ident| $stream:expr, example: $split:literal) => {
        impl $half {
            /// As [`UnixStream::ready`].
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
            /// use fastwake::io::Interest;
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// other.try_write(b"hello")?;
            /// let ready = reader.ready(Interest::READABLE).await?;
            /// assert!(ready.is_readable());
            /// # Ok(())
            /// # }
            /// ```
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                let $this = self;
                $stream.ready(interest).await
            }

            /// As [`UnixStream::readable`].
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
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// other.try_write(b"hello")?;
            /// reader.readable().await?;
            /// let mut bytes = [0; 8];
            /// assert_eq!(reader.try_read(&mut bytes)?, 5);
            /// # Ok(())
            /// # }
            /// ```
            pub async fn readable(&self) -> io::Result<()> {
                let $this = self;
                $stream.readable().await
            }

            /// As [`UnixStream::try_read`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is nothing to read.
            ///
            /// # Examples
            ///
            /// ```
            /// use std::io::ErrorKind;
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// let mut bytes = [0; 8];
            /// assert_eq!(reader.try_read(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
            ///
            /// other.try_write(b"hello")?;
            /// reader.readable().await?;
            /// assert_eq!(reader.try_read(&mut bytes)?, 5);
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read(buf)
            }

            /// As [`UnixStream::try_read_buf`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is nothing to read.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// other.try_write(b"hello")?;
            /// reader.readable().await?;
            /// let mut bytes = Vec::with_capacity(1024);
            /// reader.try_read_buf(&mut bytes)?;
            /// assert_eq!(bytes, b"hello");
            /// # Ok(())
            /// # }
            /// ```
            #[cfg(feature = "io-util")]
            #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
            pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
                let $this = self;
                $stream.try_read_buf(buf)
            }

            /// As [`UnixStream::try_read_vectored`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is nothing to read.
            ///
            /// # Examples
            ///
            /// ```
            /// use std::io::IoSliceMut;
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// other.try_write(b"2:hello")?;
            /// reader.readable().await?;
            /// let (mut head, mut body) = ([0; 2], [0; 8]);
            /// let mut bufs = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
            /// assert_eq!(reader.try_read_vectored(&mut bufs)?, 7);
            /// assert_eq!((&head, &body[..5]), (b"2:", &b"hello"[..]));
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_read_vectored(&self, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read_vectored(bufs)
            }

            /// As [`UnixStream::peer_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// // Neither side of a pair has one.
            /// assert!(reader.peer_addr()?.is_unnamed());
            /// # drop(other);
            /// # Ok(())
            /// # }
            /// ```
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.peer_addr()
            }

            /// As [`UnixStream::local_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// // Neither side of a pair has one.
            /// assert!(reader.local_addr()?.is_unnamed());
            /// # drop(other);
            /// # Ok(())
            /// # }
            /// ```
            pub fn local_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.local_addr()
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

        impl AsRef<UnixStream> for $half {
            fn as_ref(&self) -> &UnixStream {
                let $this = self;
                &$stream
            }
        }
    };
}
pub(super) use reads;

/// What both kinds of writing halves offer; `$stream` leads to their stream, `$end` shuts it down, and
/// `$split` is how the examples come to `writer`, whose other side is `other`.
macro_rules! writes {
    ($half:ty, |$this:ident| $stream:expr, $end:expr, example: $split:literal) => {
        impl $half {
            /// As [`UnixStream::ready`].
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
            /// use fastwake::io::Interest;
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// let ready = writer.ready(Interest::WRITABLE).await?;
            /// assert!(ready.is_writable());
            /// # drop(other);
            /// # Ok(())
            /// # }
            /// ```
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                let $this = self;
                $stream.ready(interest).await
            }

            /// As [`UnixStream::writable`].
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
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// writer.writable().await?;
            /// assert_eq!(writer.try_write(b"hello")?, 5);
            /// # drop(other);
            /// # Ok(())
            /// # }
            /// ```
            pub async fn writable(&self) -> io::Result<()> {
                let $this = self;
                $stream.writable().await
            }

            /// As [`UnixStream::try_write`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is no room.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// writer.writable().await?;
            /// let n = writer.try_write(b"hello")?;
            ///
            /// let mut bytes = [0; 8];
            /// other.readable().await?;
            /// assert_eq!(other.try_read(&mut bytes)?, n);
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_write(buf)
            }

            /// As [`UnixStream::try_write_vectored`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is no room.
            ///
            /// # Examples
            ///
            /// ```
            /// use std::io::IoSlice;
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// let parts = [IoSlice::new(b"hello, "), IoSlice::new(b"world")];
            /// writer.writable().await?;
            /// assert_eq!(writer.try_write_vectored(&parts)?, 12);
            /// # drop(other);
            /// # Ok(())
            /// # }
            /// ```
            pub fn try_write_vectored(&self, buf: &[io::IoSlice<'_>]) -> io::Result<usize> {
                let $this = self;
                $stream.try_write_vectored(buf)
            }

            /// As [`UnixStream::peer_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// // Neither side of a pair has one.
            /// assert!(writer.peer_addr()?.is_unnamed());
            /// # drop(other);
            /// # Ok(())
            /// # }
            /// ```
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.peer_addr()
            }

            /// As [`UnixStream::local_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
            ///
            /// # Examples
            ///
            /// ```
            /// use fastwake::net::UnixStream;
            ///
            /// # #[fastwake::main]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = $split]
            /// // Neither side of a pair has one.
            /// assert!(writer.local_addr()?.is_unnamed());
            /// # drop(other);
            /// # Ok(())
            /// # }
            /// ```
            pub fn local_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.local_addr()
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
                bufs: &[io::IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                let $this = self;
                $stream.io.poll_write_vectored(context, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(
                self: Pin<&mut Self>,
                _context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn poll_shutdown(
                self: Pin<&mut Self>,
                _context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                let end: fn(&mut Self) -> io::Result<()> = $end;
                Poll::Ready(end(self.get_mut()))
            }
        }

        #[cfg(feature = "futures-io")]
        crate::io::futures_writer!($half);

        impl AsRef<UnixStream> for $half {
            fn as_ref(&self) -> &UnixStream {
                let $this = self;
                &$stream
            }
        }
    };
}
pub(super) use writes;

reads!(
    ReadHalf<'_>,
    |half| half.0,
    example: "let (mut one, other) = UnixStream::pair()?;\nlet (reader, _writer) = one.split();"
);
writes!(
    WriteHalf<'_>,
    |half| half.0,
    |half| half.0.end_writing(),
    example: "let (mut one, other) = UnixStream::pair()?;\nlet (_reader, writer) = one.split();"
);
