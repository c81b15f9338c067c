#![forbid(unsafe_code)]
//! Connections that come in, as a stream.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{TcpListener, TcpStream};
use crate::coop::poll_proceed;
use crate::driver::Waiting;
use crate::io::Interest;

/// The connections that a listener accepts; from [`TcpListener::incoming`].
///
/// It has no end: after an error, too, it can be polled again.
///
/// # Examples
///
/// ```
/// use fastwake::net::{TcpListener, TcpStream};
/// use std::future::poll_fn;
/// use std::pin::pin;
/// # use futures_core::Stream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let clients = [TcpStream::connect(address).await?, TcpStream::connect(address).await?];
///
/// let mut incoming = pin!(listener.incoming());
/// for _ in &clients {
///     // With `StreamExt` in scope: `incoming.next().await`.
///     let next = poll_fn(|context| incoming.as_mut().poll_next(context)).await;
///     let stream = next.expect("it does not end")?;
///     assert_eq!(stream.local_addr()?, address);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it does nothing unless it is polled"]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
    waiting: Waiting<'a>,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(listener: &'a TcpListener) -> Self {
        let registration = listener.io.registration();
        Self {
            listener,
            waiting: registration.waiting(Interest::READABLE),
        }
    }
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<TcpStream>>> {
        let unit = ready!(poll_proceed(context));
        loop {
            let event = ready!(self.waiting.poll(context))?;
            unit.made_progress();
            match self.listener.io.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.listener.io.registration().refute(event);
                }
                Err(error) => return Poll::Ready(Some(Err(error))),
                Ok((stream, _)) => return Poll::Ready(Some(TcpStream::accepted(stream))),
            }
        }
    }
}

/// The connections that a listener accepts, together with the listener; from
/// [`TcpListener::into_incoming`].
///
/// It has no end: after an error, too, it can be polled again. It uses the listener's
/// [`poll_accept`](TcpListener::poll_accept), of which there may be one at a time.
///
/// # Examples
///
/// A task takes it along:
///
/// ```
/// use fastwake::net::{TcpListener, TcpStream};
/// use std::future::poll_fn;
/// use std::pin::Pin;
/// # use futures_core::Stream;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let mut incoming = listener.into_incoming();
/// let server = fastwake::spawn(async move {
///     // With `StreamExt` in scope: `incoming.next().await`.
///     let next = poll_fn(|context| Pin::new(&mut incoming).poll_next(context)).await;
///     next.expect("it does not end")?.peer_addr()
/// });
/// let client = TcpStream::connect(address).await?;
/// assert_eq!(server.await??, client.local_addr()?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "it does nothing unless it is polled"]
pub struct IntoIncoming {
    listener: TcpListener,
}

impl IntoIncoming {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener }
    }

    /// Gives the listener back.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::TcpListener;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// let incoming = listener.into_incoming();
    /// // Whoever has had enough of the stream still listens.
    /// let listener = incoming.into_inner();
    /// assert_eq!(listener.local_addr()?, address);
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(self) -> TcpListener {
        self.listener
    }
}

impl AsRef<TcpListener> for IntoIncoming {
    fn as_ref(&self) -> &TcpListener {
        &self.listener
    }
}

impl Stream for IntoIncoming {
    type Item = io::Result<TcpStream>;

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<TcpStream>>> {
        let accepted = self.listener.poll_accept(context);
        accepted.map(|accepted| Some(accepted.map(|(stream, _)| stream)))
    }
}
