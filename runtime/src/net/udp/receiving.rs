#![forbid(unsafe_code)]
//! Receiving datagrams, and looking at the next one.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use socket2::SockRef;

use super::UdpSocket;
use crate::driver::Direction;
use crate::io::{Interest, ReadBuf};
#[cfg(feature = "io-util")]
use crate::net::receive::Buf;
use crate::net::receive::{Bytes, internet, receive, receive_from};

/// What ends the wait for a datagram: also, that there was nobody to take one sent earlier.
const DATAGRAM_OR_ERROR: Interest = Interest::READABLE.add(Interest::ERROR);

impl UdpSocket {
    /// Waits until a datagram has come. As [`ready`](Self::ready) with [`Interest::READABLE`]; goes
    /// with [`try_recv`](Self::try_recv) and [`try_recv_from`](Self::try_recv_from).
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the socket stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let n = loop {
    ///     server.readable().await?;
    ///     match server.try_recv(&mut data) {
    ///         // Not ready after all: one waits again.
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// As [`readable`](Self::readable), in a poll function. It has its waker in common with all
    /// that receive and peek, and the waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// poll_fn(|context| server.poll_recv_ready(context)).await?;
    /// // Receiving is now worth a try.
    /// assert_eq!(server.try_recv(&mut [0; 8])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        let ready = registration.poll_ready(context, Direction::Read);
        ready.map_ok(drop)
    }

    /// Receives a datagram. Returns how many of its bytes are in the buffer; what there is no room
    /// for is gone.
    ///
    /// On a socket that is not [connected](Self::connect) it may be from anybody.
    ///
    /// # Errors
    ///
    /// The system's: on a connected socket, that there was nobody to take an earlier one, for
    /// instance; that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing has been received.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 1500];
    /// let n = server.recv(&mut data).await?;
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let recv = || self.io.recv(buf);
        let registration = self.io.registration();
        registration.async_io(DATAGRAM_OR_ERROR, recv).await
    }

    /// As [`recv`](Self::recv), in a poll function. The waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::ReadBuf;
    /// use fastwake::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let mut data = ReadBuf::new(&mut data);
    /// poll_fn(|context| server.poll_recv(context, &mut data)).await?;
    /// assert_eq!(data.filled(), b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read(context, |socket| receive(socket, buf, Bytes::Take))
            .map_ok(drop)
    }

    /// As [`recv`](Self::recv), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none has come; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// let mut data = [0; 8];
    /// let nothing = server.try_recv(&mut data).unwrap_err();
    /// assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    ///
    /// client.send_to(b"hello", server.local_addr()?).await?;
    /// let n = loop {
    ///     server.readable().await?;
    ///     match server.try_recv(&mut data) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(&data[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let recv = || self.io.recv(buf);
        self.io.registration().try_io(Interest::READABLE, recv)
    }

    /// As [`recv`](Self::recv), into a buffer that moves on.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing has been received.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut data = Vec::with_capacity(1024);
    /// socket.recv_buf(&mut data).await?;
    /// assert_eq!(data, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "io-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
    pub async fn recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let recv = || receive(&SockRef::from(self), &mut Buf(buf), Bytes::Take);
        self.async_io(DATAGRAM_OR_ERROR, recv).await
    }

    /// As [`recv_buf`](Self::recv_buf), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none has come; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// let n = loop {
    ///     server.readable().await?;
    ///     match server.try_recv_buf(&mut data) {
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
    pub fn try_recv_buf<B: bytes::BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let recv = || receive(&SockRef::from(self), &mut Buf(buf), Bytes::Take);
        self.try_io(Interest::READABLE, recv)
    }

    /// As [`recv_buf`](Self::recv_buf), and says who has sent it.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing has been received.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// let (n, sender) = server.recv_buf_from(&mut data).await?;
    /// assert_eq!((n, sender), (5, client.local_addr()?));
    /// assert_eq!(data, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "io-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
    pub async fn recv_buf_from<B: bytes::BufMut>(
        &self,
        buf: &mut B,
    ) -> io::Result<(usize, SocketAddr)> {
        let recv = || receive_from(&SockRef::from(self), &mut Buf(buf), Bytes::Take);
        self.async_io(DATAGRAM_OR_ERROR, recv).await
    }

    /// As [`recv_buf_from`](Self::recv_buf_from), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none has come; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = Vec::with_capacity(1024);
    /// let (n, sender) = loop {
    ///     server.readable().await?;
    ///     match server.try_recv_buf_from(&mut data) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!((n, sender), (5, client.local_addr()?));
    /// assert_eq!(data, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "io-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "io-util")))]
    pub fn try_recv_buf_from<B: bytes::BufMut>(
        &self,
        buf: &mut B,
    ) -> io::Result<(usize, SocketAddr)> {
        let recv = || receive_from(&SockRef::from(self), &mut Buf(buf), Bytes::Take);
        self.try_io(Interest::READABLE, recv)
    }

    /// Receives a datagram, and says who has sent it. Returns how many of its bytes are in the
    /// buffer; what there is no room for is gone.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing has been received.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 1500];
    /// let (n, sender) = server.recv_from(&mut data).await?;
    /// assert_eq!((n, sender), (5, client.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let recv = || self.io.recv_from(buf);
        let registration = self.io.registration();
        registration.async_io(DATAGRAM_OR_ERROR, recv).await
    }

    /// As [`recv_from`](Self::recv_from), in a poll function. The waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::ReadBuf;
    /// use fastwake::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let mut data = ReadBuf::new(&mut data);
    /// let sender = poll_fn(|context| server.poll_recv_from(context, &mut data)).await?;
    /// assert_eq!((data.filled(), sender), (&b"hello"[..], client.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv_from(
        &self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.poll_read(context, |socket| receive_from(socket, buf, Bytes::Take))
            .map_ok(|(_, sender)| sender)
    }

    /// As [`recv_from`](Self::recv_from), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none has come; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// let address = socket.local_addr()?;
    /// let mut data = [0; 8];
    /// let nothing = socket.try_recv_from(&mut data).unwrap_err();
    /// assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    ///
    /// socket.send_to(b"hello", address).await?;
    /// loop {
    ///     socket.readable().await?;
    ///     match socket.try_recv_from(&mut data) {
    ///         Ok((n, sender)) => {
    ///             assert_eq!((&data[..n], sender), (&b"hello"[..], address));
    ///             break;
    ///         }
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let recv = || self.io.recv_from(buf);
        self.io.registration().try_io(Interest::READABLE, recv)
    }

    /// As [`recv`](Self::recv), and leaves the datagram in the socket.
    ///
    /// On Windows a buffer that is too small for it is an error.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let n = server.peek(&mut data).await?;
    /// assert_eq!(&data[..n], b"hello");
    /// assert_eq!(server.recv(&mut data).await?, n);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let peek = || self.io.peek(buf);
        let registration = self.io.registration();
        registration.async_io(DATAGRAM_OR_ERROR, peek).await
    }

    /// As [`peek`](Self::peek), in a poll function. The waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`peek`](Self::peek).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::ReadBuf;
    /// use fastwake::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let mut data = ReadBuf::new(&mut data);
    /// poll_fn(|context| server.poll_peek(context, &mut data)).await?;
    /// assert_eq!(data.filled(), b"hello");
    /// assert_eq!(server.recv(&mut [0; 8]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek(
        &self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read(context, |socket| receive(socket, buf, Bytes::Leave))
            .map_ok(drop)
    }

    /// As [`peek`](Self::peek), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none has come; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let n = loop {
    ///     server.readable().await?;
    ///     match server.try_peek(&mut data) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(&data[..n], b"hello");
    /// assert_eq!(server.recv(&mut data).await?, n);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let peek = || self.io.peek(buf);
        self.io.registration().try_io(Interest::READABLE, peek)
    }

    /// As [`recv_from`](Self::recv_from), and leaves the datagram in the socket.
    ///
    /// On Windows a buffer that is too small for it is an error.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", socket.local_addr()?).await?;
    /// let mut data = [0; 8];
    /// let peeked = socket.peek_from(&mut data).await?;
    /// assert_eq!(peeked, socket.recv_from(&mut data).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let peek = || self.io.peek_from(buf);
        let registration = self.io.registration();
        registration.async_io(DATAGRAM_OR_ERROR, peek).await
    }

    /// As [`peek_from`](Self::peek_from), in a poll function. The waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::ReadBuf;
    /// use fastwake::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let mut data = ReadBuf::new(&mut data);
    /// let sender = poll_fn(|context| server.poll_peek_from(context, &mut data)).await?;
    /// assert_eq!((data.filled(), sender), (&b"hello"[..], client.local_addr()?));
    /// assert_eq!(server.recv(&mut [0; 8]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek_from(
        &self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.poll_read(context, |socket| receive_from(socket, buf, Bytes::Leave))
            .map_ok(|(_, sender)| sender)
    }

    /// As [`peek_from`](Self::peek_from), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if none has come; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// let (n, sender) = loop {
    ///     server.readable().await?;
    ///     match server.try_peek_from(&mut data) {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!((&data[..n], sender), (&b"hello"[..], client.local_addr()?));
    /// assert_eq!(server.recv(&mut data).await?, n);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let peek = || self.io.peek_from(buf);
        self.io.registration().try_io(Interest::READABLE, peek)
    }

    /// Waits for a datagram, and says who has sent it, without receiving it.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let sender = server.peek_sender().await?;
    /// assert_eq!(sender, client.local_addr()?);
    /// // Knowing it, one may choose where the datagram goes.
    /// let mut data = [0; 8];
    /// assert_eq!(server.recv_from(&mut data).await?, (5, sender));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        let peek = || sender(&SockRef::from(self));
        self.async_io(DATAGRAM_OR_ERROR, peek).await
    }

    /// As [`peek_sender`](Self::peek_sender), in a poll function. The waker of the last call is
    /// woken.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::future::poll_fn;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let sender = poll_fn(|context| server.poll_peek_sender(context)).await?;
    /// assert_eq!(sender, client.local_addr()?);
    /// assert_eq!(server.recv(&mut [0; 8]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_peek_sender(&self, context: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.poll_read(context, sender)
    }

    /// As [`peek_sender`](Self::peek_sender), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if no datagram has come; the system's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    /// use std::io::ErrorKind;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"hello", server.local_addr()?).await?;
    ///
    /// let sender = loop {
    ///     server.readable().await?;
    ///     match server.try_peek_sender() {
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(sender, client.local_addr()?);
    /// assert_eq!(server.recv(&mut [0; 8]).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.try_io(Interest::READABLE, || sender(&SockRef::from(self)))
    }

    fn poll_read<R>(
        &self,
        context: &mut Context<'_>,
        mut operation: impl FnMut(&SockRef<'_>) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let socket = SockRef::from(self);
        let read = || self.io.try_io(|| operation(&socket));
        let registration = self.io.registration();
        registration.poll_io(context, Direction::Read, read)
    }
}

fn sender(socket: &SockRef<'_>) -> io::Result<SocketAddr> {
    internet(&socket.peek_sender()?)
}
