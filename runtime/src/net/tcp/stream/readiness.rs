//! Waiting for a connection, and operations that do not wait.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::task::{Context, Poll};

use super::TcpStream;
use crate::driver::Direction;
use crate::io::{Interest, Ready};
#[cfg(feature = "io-util")]
use crate::net::receive::{Buf, Bytes, receive};

impl TcpStream {
    /// Waits until the stream is ready for something of what `interest` says.
    ///
    /// The answer is a hint: the operation may still find that it
    /// [would block](io::ErrorKind::WouldBlock), and then this waits again. So it serves to read and
    /// write in one task without splitting the stream.
    ///
    /// # Errors
    ///
    /// The runtime that the stream belongs to has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the stream stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::{TcpListener, TcpStream};
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// let stream = TcpStream::connect(address).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// # peer.try_write(b"x")?;
    /// loop {
    ///     let ready = stream.ready(Interest::READABLE | Interest::WRITABLE).await?;
    ///     if ready.is_readable() {
    ///         let mut data = [0; 1024];
    ///         match stream.try_read(&mut data) {
    ///             Ok(n) => {
    ///                 println!("{n} bytes");
    ///                 break;
    ///             }
    ///             Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///             Err(error) => return Err(error),
    ///         }
    ///     }
    ///     if ready.is_writable() {
    ///         // As above, with `try_write`.
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let event = self.io.registration().readiness(interest).await?;
        Ok(event.ready)
    }

    /// Waits until there is something to read. As [`ready`](Self::ready) with
    /// [`Interest::READABLE`]; goes with [`try_read`](Self::try_read).
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the stream stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (server, _) = listener.accept().await?;
    /// client.write_all(b"hello").await?;
    ///
    /// let mut data = [0; 16];
    /// let n = loop {
    ///     server.readable().await?;
    ///     match server.try_read(&mut data) {
    ///         Ok(n) => break n,
    ///         // Not ready after all: one waits again.
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         Err(error) => return Err(error),
    ///     }
    /// };
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// As [`readable`](Self::readable), in a poll function. It has its waker in common with
    /// reading, and the waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::AsyncWriteExt;
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"x").await?;
    /// poll_fn(|context| stream.poll_read_ready(context)).await?;
    /// // Reading is now worth a try.
    /// let n = stream.try_read(&mut [0; 8])?;
    /// assert_eq!(n, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        let ready = registration.poll_ready(context, Direction::Read);
        ready.map_ok(drop)
    }

    /// Waits until there is room to write. As [`ready`](Self::ready) with [`Interest::WRITABLE`];
    /// goes with [`try_write`](Self::try_write).
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the stream stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut rest = &b"hello"[..];
    /// while !rest.is_empty() {
    ///     stream.writable().await?;
    ///     match stream.try_write(rest) {
    ///         Ok(n) => rest = &rest[n..],
    ///         // No room after all: one waits again.
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    /// As [`writable`](Self::writable), in a poll function. It has its waker in common with
    /// writing, and the waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// poll_fn(|context| stream.poll_write_ready(context)).await?;
    /// assert_eq!(stream.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        let ready = registration.poll_ready(context, Direction::Write);
        ready.map_ok(drop)
    }

    /// Reads what has arrived, without waiting. Returns how many bytes that were; 0 at the end of
    /// the stream, and for an empty buffer.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if nothing has arrived; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// let stream = TcpStream::connect(address).await?;
    /// # let (peer, _) = listener.accept().await?;
    /// # peer.try_write(b"hello")?;
    /// # drop(peer);
    /// let mut data = vec![0; 1024];
    /// loop {
    ///     stream.readable().await?;
    ///     match stream.try_read(&mut data) {
    ///         Ok(0) => break,
    ///         Ok(n) => println!("{:?}", &data[..n]),
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let read = || (&*self.io).read(buf);
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// As [`try_read`](Self::try_read), into several buffers, one after the other.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    ///
    /// # Examples
    ///
    /// A header and what comes after it:
    ///
    /// ```
    /// use fastwake::io::AsyncWriteExt;
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::io::{ErrorKind, IoSliceMut};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"\0\x05hello").await?;
    ///
    /// let (mut length, mut text) = ([0; 2], [0; 16]);
    /// let mut buffers = [IoSliceMut::new(&mut length), IoSliceMut::new(&mut text)];
    /// let n = loop {
    ///     stream.readable().await?;
    ///     match stream.try_read_vectored(&mut buffers) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!((n, u16::from_be_bytes(length)), (7, 5));
    /// assert_eq!(&text[..5], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let read = || (&*self.io).read_vectored(bufs);
        self.io.registration().try_io(Interest::READABLE, read)
    }

    /// As [`try_read`](Self::try_read), into a buffer that moves on.
    ///
    /// # Errors
    ///
    /// As [`try_read`](Self::try_read).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::AsyncWriteExt;
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut peer, _) = listener.accept().await?;
    /// peer.write_all(b"hello").await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// let n = loop {
    ///     stream.readable().await?;
    ///     match stream.try_read_buf(&mut data) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!((n, &data[..]), (5, &b"hello"[..]));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "io-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
    pub fn try_read_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let socket = socket2::SockRef::from(self);
        self.try_io(Interest::READABLE, || {
            receive(&socket, &mut Buf(buf), Bytes::Take)
        })
    }

    /// Writes what there is room for, without waiting. Returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// let stream = TcpStream::connect(address).await?;
    /// stream.writable().await?;
    /// assert_eq!(stream.try_write(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        let write = || (&*self.io).write(buf);
        self.io.registration().try_io(Interest::WRITABLE, write)
    }

    /// As [`try_write`](Self::try_write), from several buffers, one after the other.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::net::{TcpListener, TcpStream};
    /// use std::io::IoSlice;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (length, text) = (5_u16.to_be_bytes(), b"hello");
    /// stream.writable().await?;
    /// let n = stream.try_write_vectored(&[IoSlice::new(&length), IoSlice::new(text)])?;
    /// assert_eq!(n, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let write = || (&*self.io).write_vectored(bufs);
        self.io.registration().try_io(Interest::WRITABLE, write)
    }

    /// Runs an operation on the socket, if the stream is ready for it as far as is known.
    ///
    /// If the operation says that it would block, the stream counts as not ready; so it must be one
    /// on this socket, of the kind that `interest` says, and use none of the methods of this type.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if the stream is not ready; the operation's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// # use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let socket = socket2::SockRef::from(&stream);
    /// stream.writable().await?;
    /// let sent = stream.try_io(Interest::WRITABLE, || socket.send(b"hello"))?;
    /// assert_eq!(sent, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let registration = self.io.registration();
        registration.try_io(interest, || self.io.try_io(f))
    }

    /// Runs an operation on the socket as often as it takes until it does not block. What is said
    /// at [`try_io`](Self::try_io) holds for it.
    ///
    /// # Errors
    ///
    /// The operation's; that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// The operation is not run any more once the future is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    /// use fastwake::net::{TcpListener, TcpStream};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// let stream = TcpStream::connect(address).await?;
    /// let socket = socket2::SockRef::from(&stream);
    /// let sent = stream.async_io(Interest::WRITABLE, || socket.send(b"hello")).await?;
    /// assert_eq!(sent, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        let operation = || self.io.try_io(&mut f);
        let registration = self.io.registration();
        registration.async_io(interest, operation).await
    }
}
