//! File descriptors of any kind.

mod async_fd;
mod error;
mod guard;

pub use async_fd::AsyncFd;
#[doc(hidden)]
#[allow(deprecated, reason = "the name that it had before")]
pub use error::AsyncFdTryNewError;
pub use error::{AsyncFdRegisterError, TryIoError};
pub use guard::{AsyncFdReadyGuard, AsyncFdReadyMutGuard};
