#![forbid(unsafe_code)]
//! Sending datagrams.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use super::UdpSocket;
use crate::driver::Direction;
use crate::io::Interest;
use crate::net::addr::{ToSocketAddrs, no_address, resolve};

impl UdpSocket {
    /// Waits until a datagram can be sent. As [`ready`](Self::ready) with [`Interest::WRITABLE`];
    /// goes with [`try_send`](Self::try_send) and [`try_send_to`](Self::try_send_to).
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
    /// client.connect(server.local_addr()?).await?;
    /// let n = loop {
    ///     client.writable().await?;
    ///     match client.try_send(b"hello") {
    ///         // No room after all: one waits again.
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    /// As [`writable`](Self::writable), in a poll function. It has its waker in common with
    /// [`poll_send`](Self::poll_send) and [`poll_send_to`](Self::poll_send_to), and the waker of the
    /// last call is woken.
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
    /// poll_fn(|context| client.poll_send_ready(context)).await?;
    /// // Sending is now worth a try.
    /// assert_eq!(client.try_send_to(b"hello", server.local_addr()?)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let registration = self.io.registration();
        let ready = registration.poll_ready(context, Direction::Write);
        ready.map_ok(drop)
    }

    /// Sends a datagram to the address that the socket is [connected](Self::connect) to. Returns
    /// how many bytes were sent.
    ///
    /// # Errors
    ///
    /// The system's: it is too large, or there was nobody to take an earlier one, for instance; that
    /// the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing has been sent.
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
    /// client.connect(server.local_addr()?).await?;
    /// assert_eq!(client.send(b"hello").await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        let send = || self.io.send(buf);
        let registration = self.io.registration();
        registration.async_io(Interest::WRITABLE, send).await
    }

    /// As [`send`](Self::send), in a poll function. The waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
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
    /// client.connect(server.local_addr()?).await?;
    /// let n = poll_fn(|context| client.poll_send(context, b"hello")).await?;
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send(&self, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let send = || self.io.send(buf);
        let registration = self.io.registration();
        registration.poll_io(context, Direction::Write, send)
    }

    /// As [`send`](Self::send), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; the system's.
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
    /// client.connect(server.local_addr()?).await?;
    /// client.writable().await?;
    /// assert_eq!(client.try_send(b"hello")?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        let send = || self.io.send(buf);
        self.io.registration().try_io(Interest::WRITABLE, send)
    }

    /// Sends a datagram to an address; of several, to the first. Returns how many bytes were sent.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no
    /// address.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before it is ready, nothing has been sent.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UdpSocket;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let receiver = UdpSocket::bind("127.0.0.1:0").await?;
    /// let sender = UdpSocket::bind("127.0.0.1:0").await?;
    /// sender.send_to(b"hello", receiver.local_addr()?).await?;
    ///
    /// let mut data = [0; 8];
    /// assert_eq!(receiver.recv(&mut data).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let target = resolve(addr).await?.next().ok_or_else(no_address)?;
        let send = || self.io.send_to(buf, target);
        let registration = self.io.registration();
        registration.async_io(Interest::WRITABLE, send).await
    }

    /// As [`send_to`](Self::send_to), in a poll function. The waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
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
    /// let target = server.local_addr()?;
    /// let n = poll_fn(|context| client.poll_send_to(context, b"hello", target)).await?;
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_send_to(
        &self,
        context: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let send = || self.io.send_to(buf, target);
        let registration = self.io.registration();
        registration.poll_io(context, Direction::Write, send)
    }

    /// As [`send_to`](Self::send_to), without waiting.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is no room; the system's.
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
    /// client.writable().await?;
    /// assert_eq!(client.try_send_to(b"hello", server.local_addr()?)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        let send = || self.io.send_to(buf, target);
        self.io.registration().try_io(Interest::WRITABLE, send)
    }
}
