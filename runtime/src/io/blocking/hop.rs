#![forbid(unsafe_code)]
//! From a task to a blocking thread and back.

#[cfg(feature = "fs")]
use std::error::Error;
#[cfg(feature = "fs")]
use std::fmt;
use std::io;

use crate::driver::shut_down_error;
use crate::task::JoinError;

/// Runs an operation of the standard library on a thread that may block.
#[cfg(feature = "fs")]
pub(crate) async fn unblock<T, F>(operation: F) -> io::Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    match crate::task::spawn_blocking(operation).await {
        Ok(result) => result,
        Err(error) if is_told(&error) => Err(error.into()),
        Err(_) => Err(io::Error::other(BackgroundTaskFailed(shut_down_error()))),
    }
}

/// What the caller of an operation is told that a blocking thread has not completed.
pub(crate) fn lost(error: JoinError) -> io::Error {
    if is_told(&error) {
        return error.into();
    }
    shut_down_error()
}

/// Does the error say why, and it was not the end of the runtime?
fn is_told(error: &JoinError) -> bool {
    error.is_panic() || error.not_started_because().is_some()
}

/// The runtime was shut down before the operation had begun. It reads as in tokio, where the reason is
/// not told; here it is the source.
#[cfg(feature = "fs")]
#[derive(Debug)]
struct BackgroundTaskFailed(io::Error);

#[cfg(feature = "fs")]
impl fmt::Display for BackgroundTaskFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("background task failed")
    }
}

#[cfg(feature = "fs")]
impl Error for BackgroundTaskFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
