#![forbid(unsafe_code)]
//! Why a file descriptor was not registered, or not ready.

use std::{error, fmt, io};

/// The operation would have blocked; from [`AsyncFdReadyGuard::try_io`](super::AsyncFdReadyGuard::try_io)
/// and its sibling. The readiness has been cleared: wait again.
///
/// # Examples
///
/// ```
/// # use std::os::unix::net::UnixStream;
/// use std::io::{Read, Write};
/// use fastwake::io::unix::{AsyncFd, TryIoError};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (mut peer, socket) = UnixStream::pair()?;
/// # socket.set_nonblocking(true)?;
/// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
/// # let socket = unsafe { AsyncFd::register(socket)? };
/// peer.write_all(b"hello")?;
/// let mut bytes = [0; 8];
/// let mut guard = socket.readable().await?;
/// let mut read = || guard.try_io(|socket| socket.get_ref().read(&mut bytes));
/// assert_eq!(read().expect("there is something to read")?, 5);
///
/// let error: TryIoError = read().unwrap_err();
/// // The next wait lasts until there is more.
/// assert!(guard.ready().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TryIoError(pub(super) ());

/// A file descriptor could not be registered; from [`AsyncFd::register`](super::AsyncFd::register)
/// and its siblings. Has what was to be registered, to be taken back.
///
/// # Examples
///
/// On Linux, nobody can wait for a regular file:
///
/// ```
/// use std::fs::File;
/// use fastwake::io::unix::{AsyncFd, AsyncFdRegisterError};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # #[cfg(target_os = "linux")] {
/// # let path = tempfile::NamedTempFile::new()?;
/// let file = File::open(&path)?;
/// // SAFETY: a file owns its descriptor, and it is the same one as long as the file lives.
/// let error: AsyncFdRegisterError<File> = unsafe { AsyncFd::register(file) }.unwrap_err();
/// println!("{error}");
/// # }
/// # Ok(())
/// # }
/// ```
pub struct AsyncFdRegisterError<T> {
    pub(super) inner: T,
    pub(super) cause: io::Error,
}

#[doc(hidden)]
#[deprecated(note = "its name is `AsyncFdRegisterError` now")]
pub type AsyncFdTryNewError<T> = AsyncFdRegisterError<T>;

impl<T> AsyncFdRegisterError<T> {
    /// What was to be registered, and why it was not.
    ///
    /// # Examples
    ///
    /// On Linux, nobody can wait for a regular file:
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{ErrorKind, Read};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # #[cfg(target_os = "linux")] {
    /// # let path = tempfile::NamedTempFile::new()?;
    /// let file = File::open(&path)?;
    /// // SAFETY: a file owns its descriptor, and it is the same one as long as the file lives.
    /// let error = unsafe { AsyncFd::register(file) }.unwrap_err();
    /// let (mut file, cause) = error.into_parts();
    /// assert_eq!(cause.kind(), ErrorKind::PermissionDenied);
    /// // It can do without: reading it never waits for somebody else.
    /// file.read_to_end(&mut Vec::new())?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Display for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.cause, f)
    }
}

impl<T> fmt::Debug for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.cause, f)
    }
}

impl<T> error::Error for AsyncFdRegisterError<T> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdRegisterError<T>> for io::Error {
    fn from(error: AsyncFdRegisterError<T>) -> Self {
        error.cause
    }
}
