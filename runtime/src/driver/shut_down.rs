#![forbid(unsafe_code)]
//! The error of what needs a runtime that has ended.

use std::{error, fmt, io};

/// What an I/O error holds that says so.
#[derive(Debug)]
struct RuntimeShutDown;

impl fmt::Display for RuntimeShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the runtime that this I/O resource belongs to has been shut down")
    }
}

impl error::Error for RuntimeShutDown {}

pub(crate) fn shut_down_error() -> io::Error {
    io::Error::other(RuntimeShutDown)
}

/// Is the reason for this error that the runtime has been shut down, to which the socket, or whatever
/// gave it, belongs?
///
/// # Examples
///
/// ```
/// use fastwake::net::TcpListener;
/// use fastwake::runtime::{Runtime, is_rt_shutdown_err};
///
/// let (first, second) = (Runtime::new()?, Runtime::new()?);
/// let listener = first.block_on(TcpListener::bind("127.0.0.1:0"))?;
/// drop(first);
/// let error = second.block_on(listener.accept()).unwrap_err();
/// assert!(is_rt_shutdown_err(&error));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn is_rt_shutdown_err(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<RuntimeShutDown>())
}
