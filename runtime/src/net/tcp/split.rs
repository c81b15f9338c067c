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
#[derive(Debug)]
pub struct ReadHalf<'a>(pub(super) &'a TcpStream);

/// The half of a [`TcpStream`] that writes; from [`TcpStream::split`].
///
/// Dropping it leaves the stream open; [`shutdown`](crate::io::AsyncWriteExt::shutdown) closes the
/// sending side.
#[derive(Debug)]
pub struct WriteHalf<'a>(pub(super) &'a TcpStream);

/// What both kinds of reading halves offer; `$get` leads to their stream.
macro_rules! reads {
    ($half:ty, |$this:ident| $stream:expr) => {
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
            pub async fn peek(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                let mut buf = ReadBuf::new(buf);
                poll_fn(|context| self.poll_peek(context, &mut buf)).await
            }

            /// As [`TcpStream::poll_peek`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::peek`].
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
            pub async fn readable(&self) -> io::Result<()> {
                let $this = self;
                $stream.readable().await
            }

            /// As [`TcpStream::try_read`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_read`].
            pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read(buf)
            }

            /// As [`TcpStream::try_read_vectored`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_read`].
            pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
                let $this = self;
                $stream.try_read_vectored(bufs)
            }

            /// As [`TcpStream::try_read_buf`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_read`].
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
    ($half:ty, |$this:ident| $stream:expr, shutdown: $shutdown:expr) => {
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
            pub async fn writable(&self) -> io::Result<()> {
                let $this = self;
                $stream.writable().await
            }

            /// As [`TcpStream::try_write`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_write`].
            pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
                let $this = self;
                $stream.try_write(buf)
            }

            /// As [`TcpStream::try_write_vectored`].
            ///
            /// # Errors
            ///
            /// As [`TcpStream::try_write`].
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

/// What all halves offer.
macro_rules! shows_stream {
    ($half:ty, |$this:ident| $stream:expr) => {
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
            pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
                let $this = self;
                $stream.ready(interest).await
            }

            /// The address of the other side.
            ///
            /// # Errors
            ///
            /// The system's.
            pub fn peer_addr(&self) -> io::Result<SocketAddr> {
                let $this = self;
                $stream.peer_addr()
            }

            /// The address of this side.
            ///
            /// # Errors
            ///
            /// The system's.
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

reads!(ReadHalf<'_>, |half| half.0);
shows_stream!(ReadHalf<'_>, |half| half.0);
writes!(WriteHalf<'_>, |half| half.0, shutdown: |half| half.0.close_sending_side());
shows_stream!(WriteHalf<'_>, |half| half.0);
