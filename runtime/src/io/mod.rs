//! Reading and writing without blocking.
//!
//! The traits are tokio's, and so are, with the feature `io-util`, their extension methods, buffers
//! and helpers: what is written for them works with the types of `fastwake::net` and
//! `fastwake::fs` as it is.

#[cfg(any(feature = "fs", feature = "io-std"))]
pub(crate) mod blocking;
#[cfg(all(feature = "futures-io", feature = "net"))]
mod futures_io;
#[cfg(feature = "net")]
mod poll_evented;
#[cfg(feature = "io-std")]
mod stdio;
#[cfg(all(unix, feature = "net"))]
#[cfg_attr(docsrs, doc(cfg(all(unix, feature = "net"))))]
pub mod unix;

#[cfg(feature = "net")]
#[cfg_attr(docsrs, doc(cfg(feature = "net")))]
pub use crate::driver::{Interest, Ready};
#[cfg(all(feature = "futures-io", feature = "net"))]
pub(crate) use futures_io::{futures_reader, futures_writer};
#[cfg(feature = "net")]
pub(crate) use poll_evented::PollEvented;

#[doc(no_inline)]
pub use std::io::{Error, ErrorKind, Result, SeekFrom};

#[cfg(feature = "io-std")]
#[cfg_attr(docsrs, doc(cfg(feature = "io-std")))]
pub use stdio::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
pub use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
#[cfg(feature = "io-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
pub use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream, BufWriter,
    Chain, DuplexStream, Empty, Join, Lines, ReadHalf, Repeat, SimplexStream, Sink, Split, Take,
    WriteHalf, copy, copy_bidirectional, copy_bidirectional_with_sizes, copy_buf, duplex, empty,
    join, repeat, simplex, sink, split,
};
