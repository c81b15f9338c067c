#![forbid(unsafe_code)]
//! The two directions of a stream, each owned by somebody else.

use std::error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use crate::net::UnixStream;

use super::addr::SocketAddr;
use super::split::{reads, writes};

/// The direction that reads, of a [`UnixStream`]; from [`UnixStream::into_split`].
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::net::UnixStream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (one, mut other) = UnixStream::pair()?;
/// let (mut reader, _writer) = one.into_split();
/// let reading = fastwake::spawn(async move {
///     let mut text = String::new();
///     reader.read_to_string(&mut text).await.map(|_| text)
/// });
///
/// other.write_all(b"hello").await?;
/// drop(other);
/// assert_eq!(reading.await??, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf {
    stream: Arc<UnixStream>,
}

/// The direction that writes, of a [`UnixStream`]; from [`UnixStream::into_split`].
///
/// Dropping it tells the other side that nothing more will come, unless it has been
/// [forgotten](Self::forget).
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::net::UnixStream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (one, mut other) = UnixStream::pair()?;
/// let (_reader, mut writer) = one.into_split();
/// // The half is dropped at the end of the task.
/// let writing = fastwake::spawn(async move { writer.write_all(b"hello").await });
///
/// let mut text = String::new();
/// other.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// writing.await??;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedWriteHalf {
    stream: Arc<UnixStream>,
    ends_on_drop: bool,
}

pub(super) fn split(stream: UnixStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let stream = Arc::new(stream);
    let read = OwnedReadHalf {
        stream: stream.clone(),
    };
    let write = OwnedWriteHalf {
        stream,
        ends_on_drop: true,
    };
    (read, write)
}

fn reunite(read: OwnedReadHalf, write: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
    if !Arc::ptr_eq(&read.stream, &write.stream) {
        return Err(ReuniteError(read, write));
    }
    write.forget();
    Ok(Arc::into_inner(read.stream).expect("a stream has two halves"))
}

/// The two halves are of different streams; from [`OwnedReadHalf::reunite`] and
/// [`OwnedWriteHalf::reunite`]. Gives them back.
///
/// # Examples
///
/// ```
/// use fastwake::net::unix::ReuniteError;
/// use fastwake::net::UnixStream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (one, other) = UnixStream::pair()?;
/// let (one_reader, one_writer) = one.into_split();
/// let (other_reader, other_writer) = other.into_split();
///
/// let ReuniteError(one_reader, other_writer) = one_reader.reunite(other_writer).unwrap_err();
/// let one = one_reader.reunite(one_writer).expect("they are of one stream");
/// let other = other_reader.reunite(other_writer).expect("they are of one stream");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("two halves of different sockets cannot be reunited")
    }
}

impl error::Error for ReuniteError {}

impl OwnedReadHalf {
    /// Puts the stream together again.
    ///
    /// # Errors
    ///
    /// The other half is of another stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// let (reader, writer) = one.into_split();
    /// let one = reader.reunite(writer).expect("they are of one stream");
    /// # drop((one, other));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
        reunite(self, other)
    }
}

impl OwnedWriteHalf {
    /// Puts the stream together again.
    ///
    /// # Errors
    ///
    /// The other half is of another stream.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// let (reader, writer) = one.into_split();
    /// let one = writer.reunite(reader).expect("they are of one stream");
    /// # drop((one, other));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedReadHalf) -> Result<UnixStream, ReuniteError> {
        reunite(other, self)
    }

    /// Drops the half, and leaves the direction open.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, other) = UnixStream::pair()?;
    /// let (reader, writer) = one.into_split();
    /// writer.forget();
    /// // Whoever has the other half can still write.
    /// let one: &UnixStream = reader.as_ref();
    /// one.writable().await?;
    /// assert_eq!(one.try_write(b"hello")?, 5);
    /// # drop(other);
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget(mut self) {
        self.ends_on_drop = false;
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.ends_on_drop {
            // If it fails, the connection has ended anyhow.
            let _ = self.stream.end_writing();
        }
    }
}

reads!(
    OwnedReadHalf,
    |half| half.stream,
    example: "let (one, other) = UnixStream::pair()?;\nlet (reader, _writer) = one.into_split();"
);
writes!(
    OwnedWriteHalf,
    |half| half.stream,
    |half| {
        half.stream.end_writing()?;
        half.ends_on_drop = false;
        Ok(())
    },
    example: "let (one, other) = UnixStream::pair()?;\nlet (_reader, writer) = one.into_split();"
);
