#![forbid(unsafe_code)]
//! Standard input.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use crate::io::blocking::{Device, Operations};

/// The standard input of the process; from [`stdin`].
///
/// Meant for input that comes by itself, from a pipe or a file. Each read blocks a thread of the
/// blocking pool until there is something to read, and cannot be cancelled: while one waits for
/// somebody to press a key, dropping the runtime waits, too
/// ([`shutdown_background`](crate::runtime::Runtime::shutdown_background) does not). An interactive
/// program had better read on a thread of its own and send what it reads through a channel.
///
/// What a read got that was dropped before it was ready stays in its handle, for the next read.
///
/// # Examples
///
/// ```no_run
/// use fastwake::io::{AsyncBufReadExt, BufReader, Stdin, stdin};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let input: Stdin = stdin();
/// let mut lines = BufReader::new(input).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{}", line.to_uppercase());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Stdin {
    device: Device<io::Stdin>,
    operations: Operations,
}

/// A new handle to the standard input of the process.
///
/// All handles read from [`std::io::stdin`] and its buffer, so use one: what it has read and not
/// given out yet, no other has.
///
/// # Panics
///
/// Reading panics outside a runtime.
///
/// # Examples
///
/// ```no_run
/// use fastwake::io::AsyncReadExt;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut text = String::new();
/// fastwake::io::stdin().read_to_string(&mut text).await?;
/// println!("{} lines", text.lines().count());
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn stdin() -> Stdin {
    Stdin {
        device: Device::new(io::stdin()),
        operations: Operations::default(),
    }
}

impl AsyncRead for Stdin {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { device, operations } = &mut *self;
        operations.poll_read(device, context, to)
    }
}

#[cfg(unix)]
mod os {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    impl AsRawFd for super::Stdin {
        fn as_raw_fd(&self) -> RawFd {
            self.device.io.as_raw_fd()
        }
    }

    impl AsFd for super::Stdin {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.device.io.as_fd()
        }
    }
}

#[cfg(windows)]
mod os {
    use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle};

    impl AsRawHandle for super::Stdin {
        fn as_raw_handle(&self) -> RawHandle {
            self.device.io.as_raw_handle()
        }
    }

    impl AsHandle for super::Stdin {
        fn as_handle(&self) -> BorrowedHandle<'_> {
            self.device.io.as_handle()
        }
    }
}
