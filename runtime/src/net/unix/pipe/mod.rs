//! Pipes, with a name in the file system (FIFOs) or without.
//!
//! ```
//! use fastwake::io::{AsyncReadExt, AsyncWriteExt};
//! use fastwake::net::unix::pipe;
//!
//! # #[fastwake::main]
//! # async fn main() -> std::io::Result<()> {
//! let (mut sender, mut receiver) = pipe::pipe()?;
//! sender.write_all(b"hello").await?;
//! drop(sender);
//! let mut text = String::new();
//! receiver.read_to_string(&mut text).await?;
//! assert_eq!(text, "hello");
//! # Ok(())
//! # }
//! ```

pub(crate) mod flags;
mod options;
mod receiver;
mod sender;

use std::io;

pub use options::OpenOptions;
pub use receiver::Receiver;
pub use sender::Sender;

/// A pipe without a name: what is written to the one end can be read from the other.
///
/// # Errors
///
/// The system's: no file descriptor is left, for instance.
///
/// # Panics
///
/// Outside a runtime, and in one without I/O.
///
/// # Examples
///
/// ```
/// use std::process::Command;
/// use fastwake::io::AsyncReadExt;
/// use fastwake::net::unix::pipe::pipe;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (sender, mut receiver) = pipe()?;
/// // Programs expect pipes that block.
/// let mut child = Command::new("echo").arg("hello").stdout(sender.into_blocking_fd()?).spawn()?;
///
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello\n");
/// child.wait()?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (sender, receiver) = mio::unix::pipe::new()?;
    Ok((Sender::new(sender)?, Receiver::new(receiver)?))
}

fn no_pipe() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a pipe")
}
