#![forbid(unsafe_code)]
//! The traits of the crate `futures-io`, for types that have tokio's.

/// Implements `futures_io::AsyncRead` for a type that implements [`AsyncRead`](super::AsyncRead);
/// the closure shows its [`PollEvented`](super::PollEvented), for reads into several buffers.
macro_rules! futures_reader {
    ($type:ty, $source:expr) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "futures-io")))]
        impl futures_io::AsyncRead for $type {
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let mut buf = crate::io::ReadBuf::new(buf);
                let read = crate::io::AsyncRead::poll_read(self, context, &mut buf);
                read.map_ok(|()| buf.filled().len())
            }

            fn poll_read_vectored(
                self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                let source: fn(&Self) -> &crate::io::PollEvented<_> = $source;
                source(&self).poll_read_vectored(context, bufs)
            }
        }
    };
}

/// Implements `futures_io::AsyncWrite` for a type that implements [`AsyncWrite`](super::AsyncWrite).
macro_rules! futures_writer {
    ($type:ty) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "futures-io")))]
        impl futures_io::AsyncWrite for $type {
            fn poll_write(
                self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
                buf: &[u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                crate::io::AsyncWrite::poll_write(self, context, buf)
            }

            fn poll_write_vectored(
                self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
                bufs: &[std::io::IoSlice<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                crate::io::AsyncWrite::poll_write_vectored(self, context, bufs)
            }

            fn poll_flush(
                self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                crate::io::AsyncWrite::poll_flush(self, context)
            }

            fn poll_close(
                self: std::pin::Pin<&mut Self>,
                context: &mut std::task::Context<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                crate::io::AsyncWrite::poll_shutdown(self, context)
            }
        }
    };
}

pub(crate) use {futures_reader, futures_writer};
