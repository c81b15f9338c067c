#![forbid(unsafe_code)]
//! Standard output and standard error.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use crate::io::blocking::{Device, Operations, Rewind};

/// A stream that is only written to.
#[derive(Debug)]
struct Stream<T> {
    device: Device<T>,
    operations: Operations,
    /// Has anything been written since the stream's own buffer was last flushed?
    unflushed: bool,
}

impl<T> Stream<T>
where
    T: Rewind + Send + Sync + 'static,
    for<'a> &'a T: Write,
{
    fn new(stream: T) -> Self {
        Self {
            device: Device::new(stream),
            operations: Operations::default(),
            unflushed: false,
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let slices = [IoSlice::new(from)];
        let accepted = ready!(self.operations.poll_write(&self.device, context, &slices));
        self.unflushed |= accepted.is_ok();
        Poll::Ready(accepted)
    }

    fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.operations.poll_written(context))?;
            if !std::mem::take(&mut self.unflushed) {
                return Poll::Ready(Ok(()));
            }
            self.operations.start_flush(&self.device);
        }
    }
}

/// The standard output of the process; from [`stdout`].
///
/// A write is accepted when it has been copied, up to 2 MiB of it, and is then done on a thread of
/// the blocking pool; its error comes with the next write or flush. End with a
/// [`flush`](crate::io::AsyncWriteExt::flush): a process that exits waits for nothing. Dropping the
/// runtime does wait for what has been accepted.
///
/// Writes of one handle come out in order. Those of several come out in any order, each in one piece
/// as long as it is not larger than what is accepted at once.
///
/// # Examples
///
/// ```
/// use fastwake::io::{self, AsyncWriteExt, Stdout, stdout};
///
/// async fn show(table: &[(&str, u32)], out: &mut Stdout) -> io::Result<()> {
///     for (name, count) in table {
///         out.write_all(format!("{name:>8} {count}\n").as_bytes()).await?;
///     }
///     out.flush().await
/// }
///
/// # #[fastwake::main]
/// # async fn main() -> io::Result<()> {
/// show(&[("read", 3), ("written", 2)], &mut stdout()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stdout(Stream<io::Stdout>);

/// The standard error of the process; from [`stderr`].
///
/// Writes are accepted, ordered and flushed as those of [`Stdout`] are.
///
/// # Examples
///
/// ```
/// use fastwake::io::{self, AsyncWriteExt, Stderr, stderr};
///
/// async fn warn(text: &str, err: &mut Stderr) -> io::Result<()> {
///     // One write: what others say does not come in between.
///     err.write_all(format!("warning: {text}\n").as_bytes()).await?;
///     err.flush().await
/// }
///
/// # #[fastwake::main]
/// # async fn main() -> io::Result<()> {
/// warn("something is odd", &mut stderr()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stderr(Stream<io::Stderr>);

/// A new handle to the standard output of the process.
///
/// Keep one, rather than making one for each write: only what is written through the same handle
/// comes out in order.
///
/// # Panics
///
/// Writing panics outside a runtime.
///
/// # Examples
///
/// ```
/// use fastwake::io::AsyncWriteExt;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut out = fastwake::io::stdout();
/// for word in ["hello", ", ", "world\n"] {
///     out.write_all(word.as_bytes()).await?;
/// }
/// out.flush().await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn stdout() -> Stdout {
    Stdout(Stream::new(io::stdout()))
}

/// A new handle to the standard error of the process.
///
/// # Panics
///
/// Writing panics outside a runtime.
///
/// # Examples
///
/// ```
/// use fastwake::io::AsyncWriteExt;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut err = fastwake::io::stderr();
/// err.write_all(b"something is odd\n").await?;
/// err.flush().await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn stderr() -> Stderr {
    Stderr(Stream::new(io::stderr()))
}

macro_rules! output {
    ($($stream:ident),*) => {$(
        impl Rewind for io::$stream {
            /// Nothing is ever read from it.
            fn rewind(&self, _: u64) -> io::Result<()> {
                Ok(())
            }
        }

        impl AsyncWrite for $stream {
            fn poll_write(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
                from: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.0.poll_write(context, from)
            }

            fn poll_flush(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.0.poll_flush(context)
            }

            /// Flushes; the stream stays open.
            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.0.poll_flush(context)
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsRawFd for $stream {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.0.device.io.as_raw_fd()
            }
        }

        #[cfg(unix)]
        impl std::os::fd::AsFd for $stream {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.0.device.io.as_fd()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsRawHandle for $stream {
            fn as_raw_handle(&self) -> std::os::windows::io::RawHandle {
                self.0.device.io.as_raw_handle()
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsHandle for $stream {
            fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
                self.0.device.io.as_handle()
            }
        }
    )*};
}

output!(Stdout, Stderr);
