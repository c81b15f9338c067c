#![forbid(unsafe_code)]
//! The two directions of a borrowed stream, and what they have in common with owned ones.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::UnixStream;

use super::addr::SocketAddr;

/// The direction that reads, of a borrowed [`UnixStream`]; from [`UnixStream::split`].
#[derive(Debug)]
pub struct ReadHalf<'a>(pub(super) &'a UnixStream);

/// The direction that writes, of a borrowed [`UnixStream`]; from [`UnixStream::split`].
///
/// Shutting it down tells the other side that nothing more will come; dropping it does not.
#[derive(Debug)]
pub struct WriteHalf<'a>(pub(super) &'a UnixStream);

/// What both kinds of reading halves offer; `$stream` leads to their stream.
macro_rules! reads {
    ($half:ty, |$this:ident| $stream:expr) => {
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
            pub async fn readable(&self) -> io::Result<()> {
                let $this = self;
                $stream.readable().await
            }

            /// As [`UnixStream::try_read`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is nothing to read.
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read(buf)
            }

            /// As [`UnixStream::try_read_buf`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is nothing to read.
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
            pub fn try_read_vectored(&self, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read_vectored(bufs)
            }

            /// As [`UnixStream::peer_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.peer_addr()
            }

            /// As [`UnixStream::local_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
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

/// What both kinds of writing halves offer; `$stream` leads to their stream, `$end` shuts it down.
macro_rules! writes {
    ($half:ty, |$this:ident| $stream:expr, $end:expr) => {
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
            pub async fn writable(&self) -> io::Result<()> {
                let $this = self;
                $stream.writable().await
            }

            /// As [`UnixStream::try_write`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is no room.
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_write(buf)
            }

            /// As [`UnixStream::try_write_vectored`].
            ///
            /// # Errors
            ///
            /// The system's; `WouldBlock` if there is no room.
            pub fn try_write_vectored(&self, buf: &[io::IoSlice<'_>]) -> io::Result<usize> {
                let $this = self;
                $stream.try_write_vectored(buf)
            }

            /// As [`UnixStream::peer_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.peer_addr()
            }

            /// As [`UnixStream::local_addr`].
            ///
            /// # Errors
            ///
            /// The system's.
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

reads!(ReadHalf<'_>, |half| half.0);
writes!(WriteHalf<'_>, |half| half.0, |half| half.0.end_writing());
