#![forbid(unsafe_code)]
//! A connection whose first bytes have been looked at.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::hyper::rt;
use tokio::io::{AsyncRead, ReadBuf};

use super::Io;

/// What a client of HTTP/2 says first (RFC 9113, section 3.4). No request of HTTP/1 begins so.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Which HTTP a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// Gives the bytes that told the version again to whoever reads.
pub(super) struct Rewound<T> {
    io: Io<T>,
    seen: [u8; PREFACE.len()],
    len: usize,
    /// As many of them have been given.
    given: usize,
}

impl<T> Rewound<T> {
    pub(super) fn new(io: T) -> Self {
        Self {
            io: Io::new(io),
            seen: [0; PREFACE.len()],
            len: 0,
            given: 0,
        }
    }
}

impl<T: AsyncRead + Unpin> Rewound<T> {
    /// Reads until the bytes tell the version; `None` if the client leaves without a byte.
    pub(super) fn poll_version(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Version>>> {
        while self.len < PREFACE.len() {
            let mut buf = ReadBuf::new(&mut self.seen[self.len..]);
            ready!(Pin::new(self.io.get_mut()).poll_read(context, &mut buf))?;
            let n = buf.filled().len();
            self.len += n;
            if self.len == 0 {
                return Poll::Ready(Ok(None));
            }
            if n == 0 || self.seen[..self.len] != PREFACE[..self.len] {
                return Poll::Ready(Ok(Some(Version::Http1)));
            }
        }
        Poll::Ready(Ok(Some(Version::Http2)))
    }
}

impl<T: AsyncRead + Unpin> rt::Read for Rewound<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buf: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.given < this.len {
            let seen = &this.seen[this.given..this.len];
            let n = seen.len().min(buf.remaining());
            buf.put_slice(&seen[..n]);
            this.given += n;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.io).poll_read(context, buf)
    }
}

impl<T> rt::Write for Rewound<T>
where
    Io<T>: rt::Write + Unpin,
{
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(context, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(context, bufs)
    }
}
