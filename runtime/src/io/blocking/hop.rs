#![forbid(unsafe_code)]
//! From a task to a blocking thread and back.

use std::io;

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
        Err(error) => Err(lost(error)),
    }
}

/// What the caller of an operation is told that a blocking thread has not completed.
pub(crate) fn lost(error: JoinError) -> io::Error {
    if error.is_panic() || error.not_started_because().is_some() {
        return error.into();
    }
    io::Error::other("the runtime was shut down before the operation had begun")
}
