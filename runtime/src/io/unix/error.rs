#![forbid(unsafe_code)]
//! Why a file descriptor was not registered, or not ready.

use std::{error, fmt, io};

/// The operation would have blocked; from [`AsyncFdReadyGuard::try_io`](super::AsyncFdReadyGuard::try_io)
/// and its sibling. The readiness has been cleared: wait again.
#[derive(Debug)]
pub struct TryIoError(pub(super) ());

/// A file descriptor could not be registered; from [`AsyncFd::register`](super::AsyncFd::register)
/// and its siblings. Has what was to be registered, to be taken back.
pub struct AsyncFdRegisterError<T> {
    pub(super) inner: T,
    pub(super) cause: io::Error,
}

#[doc(hidden)]
#[deprecated(note = "its name is `AsyncFdRegisterError` now")]
pub type AsyncFdTryNewError<T> = AsyncFdRegisterError<T>;

impl<T> AsyncFdRegisterError<T> {
    /// What was to be registered, and why it was not.
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
