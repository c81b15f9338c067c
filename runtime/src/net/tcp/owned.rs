#![forbid(unsafe_code)]
//! Halves that share their stream.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::TcpStream;
use super::split::{reads, shows_stream, writes};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

/// The half of a [`TcpStream`] that reads; from [`TcpStream::into_split`].
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// # use fastwake::net::{TcpListener, TcpStream};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// let (mut reader, _writer) = stream.into_split();
/// let reading = fastwake::spawn(async move {
///     let mut text = [0; 5];
///     reader.read_exact(&mut text).await.map(|_| text)
/// });
/// peer.write_all(b"hello").await?;
/// assert_eq!(&reading.await??, b"hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf {
    stream: Arc<TcpStream>,
}

/// The half of a [`TcpStream`] that writes; from [`TcpStream::into_split`].
///
/// Dropping it closes the sending side, unless that is [forgotten](Self::forget).
///
/// # Examples
///
/// ```
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// # use fastwake::net::{TcpListener, TcpStream};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// let (_reader, mut writer) = stream.into_split();
/// // The task drops it at its end, and thereby says that this was all.
/// let writing = fastwake::spawn(async move { writer.write_all(b"hello").await });
///
/// let mut text = String::new();
/// peer.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// # writing.await??;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedWriteHalf {
    stream: Arc<TcpStream>,
    closes_on_drop: bool,
}

pub(super) fn split(stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let stream = Arc::new(stream);
    let reader = OwnedReadHalf {
        stream: Arc::clone(&stream),
    };
    let writer = OwnedWriteHalf {
        stream,
        closes_on_drop: true,
    };
    (reader, writer)
}

fn reunite(reader: OwnedReadHalf, writer: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
    if !Arc::ptr_eq(&reader.stream, &writer.stream) {
        return Err(ReuniteError(reader, writer));
    }
    writer.forget();
    let stream = Arc::into_inner(reader.stream);
    Ok(stream.expect("there are two halves, and one is gone"))
}

impl OwnedReadHalf {
    /// Puts the halves of a stream together again.
    ///
    /// # Errors
    ///
    /// They are halves of different streams; the error gives them back.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// let stream = TcpStream::connect(address).await?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = reader.reunite(writer).expect("they are of one stream");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<TcpStream, ReuniteError> {
        reunite(self, other)
    }
}

impl OwnedWriteHalf {
    /// Puts the halves of a stream together again.
    ///
    /// # Errors
    ///
    /// They are halves of different streams; the error gives them back.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (_peer, _) = listener.accept().await?;
    /// let (reader, writer) = stream.into_split();
    /// let stream = writer.reunite(reader).expect("they are of one stream");
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, other: OwnedReadHalf) -> Result<TcpStream, ReuniteError> {
        reunite(other, self)
    }

    /// Drops the half, and leaves the sending side open.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// # use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// let (mut reader, mut writer) = stream.into_split();
    /// writer.write_all(b"a request").await?;
    /// // To some servers the end of what they read is the end of the connection.
    /// writer.forget();
    /// # let mut request = [0; 9];
    /// # peer.read_exact(&mut request).await?;
    /// peer.write_all(b"the answer").await?;
    /// # drop(peer);
    /// let mut answer = String::new();
    /// reader.read_to_string(&mut answer).await?;
    /// assert_eq!(answer, "the answer");
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget(mut self) {
        self.closes_on_drop = false;
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.closes_on_drop {
            // Nobody is there to be told; the connection has ended if it fails.
            let _ = self.stream.close_sending_side();
        }
    }
}

reads!(OwnedReadHalf, into_split, |half| half.stream);
shows_stream!(OwnedReadHalf, into_split: reader, |half| half.stream);
writes!(OwnedWriteHalf, into_split, |half| half.stream, shutdown: |half| {
    let closed = half.stream.close_sending_side();
    half.closes_on_drop &= closed.is_err();
    closed
});
shows_stream!(OwnedWriteHalf, into_split: writer, |half| half.stream);

/// These halves are not of one stream; from [`OwnedReadHalf::reunite`] and
/// [`OwnedWriteHalf::reunite`].
///
/// # Examples
///
/// ```
/// use fastwake::net::{TcpListener, TcpStream};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let (reader, writer) = TcpStream::connect(address).await?.into_split();
/// let (other_reader, _other_writer) = TcpStream::connect(address).await?.into_split();
///
/// let error = other_reader.reunite(writer).unwrap_err();
/// assert_eq!(error.to_string(), "the halves are not of one stream");
/// // The writer belongs to another reader, and is not lost.
/// let stream = reader.reunite(error.1).expect("they are of one stream");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReuniteError(
    /// The half that reads.
    pub OwnedReadHalf,
    /// The half that writes.
    pub OwnedWriteHalf,
);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are not of one stream")
    }
}

impl Error for ReuniteError {}
