#![forbid(unsafe_code)]
//! The server.

use std::fmt;
use std::future::{Future, IntoFuture, Pending, pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ::hyper::server::conn::{http1, http2};

use crate::coop::consume_budget;
use crate::time::{sleep, timeout};

use super::backoff::{Backoff, concerns_one_connection};
use super::connection::{Connection, FOREVER, Protocols};
use super::connections::{Connections, Phase};
use super::service::{ConnectionService, Hyper, IntoService};
use super::{Executor, Listener};

/// hyper's.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves HTTP/1 and HTTP/2 on the connections of a listener.
///
/// The service is hyper's (a [`service_fn`](::hyper::service::service_fn)) or tower's (an axum
/// `Router`); each connection has a clone and is a task. Nothing but a [graceful
/// shutdown](Serve::with_graceful_shutdown) ends the server. Not a handler that panics, which ends its
/// connection, or its stream under HTTP/2; and not an accept that fails: a lack of descriptors makes
/// the server pause, for up to 1 s or until a connection ends, and try again. Dropping the server
/// closes the listener and leaves the connections to themselves.
///
/// # Errors
///
/// [`TimedOut`](io::ErrorKind::TimedOut) if a shutdown has [cut](Serve::shutdown_timeout)
/// connections.
///
/// # Panics
///
/// When it is awaited outside a runtime, and in one
/// [without timers](crate::runtime::Builder::enable_time).
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "net")]
/// use axum::{Router, routing::get};
///
/// # #[cfg(feature = "net")]
/// #[fastwake::main]
/// async fn main() -> std::io::Result<()> {
///     let router = Router::new().route("/", get(async || "hello"));
///     let listener = fastwake::net::TcpListener::bind("127.0.0.1:8080").await?;
///     fastwake::hyper::serve(listener, router).await
/// }
/// # #[cfg(not(feature = "net"))]
/// # fn main() {}
/// ```
pub fn serve<L, S, Kind>(
    listener: L,
    service: S,
) -> Serve<L, impl FnMut(&L::Addr) -> S::Service + Send + 'static>
where
    L: Listener,
    S: IntoService<Kind>,
{
    let service = service.into_service();
    serve_with::<L, _, Hyper, _>(listener, move |_| service.clone())
}

/// As [`serve`], with a service made for each connection by a function that is told its client's
/// address.
///
/// The function runs where connections are accepted, one call at a time; it must not panic.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "net")]
/// # async fn run(listener: fastwake::net::TcpListener) -> std::io::Result<()> {
/// use std::convert::Infallible;
/// use std::net::SocketAddr;
/// use hyper::{Response, service::service_fn};
///
/// fastwake::hyper::serve_with(listener, |&peer: &SocketAddr| {
///     service_fn(move |_| async move {
///         Ok::<_, Infallible>(Response::new(format!("you are {peer}")))
///     })
/// })
/// .await
/// # }
/// ```
pub fn serve_with<L, S, Kind, F>(
    listener: L,
    mut make_service: F,
) -> Serve<L, impl FnMut(&L::Addr) -> S::Service + Send + 'static>
where
    L: Listener,
    S: IntoService<Kind>,
    F: FnMut(&L::Addr) -> S + Send + 'static,
{
    Serve {
        listener,
        make_service: move |peer: &L::Addr| make_service(peer).into_service(),
        signal: pending(),
        options: Options {
            protocols: Protocols::new(HEADER_READ_TIMEOUT),
            max_connections: usize::MAX,
            shutdown_timeout: FOREVER,
            tcp_nodelay: true,
            on_accept_error: None,
        },
    }
}

/// A server that begins when it is awaited; see [`serve`].
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "net")]
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use axum::{Router, routing::get};
/// use fastwake::hyper::serve;
/// use fastwake::net::TcpListener;
///
/// let router = Router::new().route("/", get(async || "hello"));
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let server = serve(listener, router)
///     .max_connections(500)
///     // Here, at once; elsewhere, with Ctrl-C for instance.
///     .with_graceful_shutdown(async {});
/// println!("serving on {}", server.local_addr()?);
/// server.await
/// # }
/// # #[cfg(not(feature = "net"))]
/// # fn main() {}
/// ```
#[must_use = "servers do nothing unless they are awaited"]
pub struct Serve<L, F, G = Pending<()>> {
    listener: L,
    make_service: F,
    signal: G,
    options: Options,
}

type AcceptErrorHook = Box<dyn FnMut(&io::Error) + Send>;

struct Options {
    protocols: Protocols,
    max_connections: usize,
    shutdown_timeout: Duration,
    tcp_nodelay: bool,
    on_accept_error: Option<AcceptErrorHook>,
}

impl<L, F, G> Serve<L, F, G> {
    /// Shuts the server down when `signal` is ready: it accepts no more, connections without a
    /// request are closed, requests that have begun are answered, and then the server is ready.
    ///
    /// A request has begun when the service has it. A client of HTTP/2 may have sent one before it
    /// learns of the shutdown: it has 1 s to say that it knows, and a connection without a request is
    /// closed after that, or at once when it does. Upgraded connections (WebSockets) are not waited
    /// for.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "net", feature = "sync"))]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// use std::time::Duration;
    ///
    /// // Whoever has the sender shuts the server down.
    /// let (shut_down, signal) = fastwake::sync::oneshot::channel::<()>();
    /// # drop(shut_down);
    /// fastwake::hyper::serve(listener, router)
    ///     .with_graceful_shutdown(async { drop(signal.await) })
    ///     .shutdown_timeout(Duration::from_secs(10))
    ///     .await
    /// # }
    /// ```
    pub fn with_graceful_shutdown<H>(self, signal: H) -> Serve<L, F, H>
    where
        H: Future<Output = ()> + Send + 'static,
    {
        Serve {
            listener: self.listener,
            make_service: self.make_service,
            signal,
            options: self.options,
        }
    }

    /// Cuts the connections with requests that are left when a shutdown has lasted for `timeout`; the server then
    /// ends with an error. By default it waits for them.
    ///
    /// A cut connection is dropped, and with it what its handlers are about, at their next await.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "net")]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// use std::time::Duration;
    ///
    /// fastwake::hyper::serve(listener, router)
    ///     .with_graceful_shutdown(async { fastwake::time::sleep(Duration::from_secs(60)).await })
    ///     // After a minute of service, five seconds for the requests that are open then.
    ///     .shutdown_timeout(Duration::from_secs(5))
    ///     .await
    /// # }
    /// ```
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.options.shutdown_timeout = timeout.min(FOREVER);
        self
    }

    /// Closes a connection whose client lets a request's head wait for so long, be it the first or
    /// the next; 30 s by default, `None` for no limit.
    ///
    /// A connection of HTTP/2 is closed when no request has been open on it for so long, be it that
    /// none has come or that none has come whole; while one is open, the head of another has no
    /// limit. It closes as in a shutdown: the client is told, and has 1 s to say that it knows. The
    /// timeout is also hyper's [`keep_alive_interval`](http2::Builder::keep_alive_interval): a
    /// client that is silent for so long is sent a ping, and the connection is closed, with its
    /// requests, if the ping is not answered for
    /// [20 s](http2::Builder::keep_alive_timeout). To have these two apart, set them by
    /// [`http2`](Self::http2) after this.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "net")]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// use std::time::Duration;
    ///
    /// fastwake::hyper::serve(listener, router).header_read_timeout(Duration::from_secs(5)).await
    /// # }
    /// ```
    pub fn header_read_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        let timeout = timeout.into().map(|timeout| timeout.min(FOREVER));
        self.options.protocols.set_header_read_timeout(timeout);
        self
    }

    /// Lets that many connections be open at a time; the next one waits in the listener's backlog.
    /// No limit by default but the system's.
    ///
    /// # Panics
    ///
    /// If `max` is 0.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "net")]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// // With a descriptor for each connection and one for what it opens, half of the usual 1,024.
    /// fastwake::hyper::serve(listener, router).max_connections(500).await
    /// # }
    /// ```
    #[track_caller]
    pub fn max_connections(mut self, max: usize) -> Self {
        assert!(
            max > 0,
            "a server needs a connection: `max_connections` is at least 1"
        );
        self.options.max_connections = max;
        self
    }

    /// Sets `TCP_NODELAY` on each connection, or not: whether an answer leaves at once, or may wait
    /// for the acknowledgement of the one before. On by default.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "net")]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// // Fewer and fuller packets matter more than the time of an answer.
    /// fastwake::hyper::serve(listener, router).tcp_nodelay(false).await
    /// # }
    /// ```
    pub fn tcp_nodelay(mut self, nodelay: bool) -> Self {
        self.options.tcp_nodelay = nodelay;
        self
    }

    /// Calls `hook` with each error of an accept, before the server tries again.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "net")]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// fastwake::hyper::serve(listener, router)
    ///     .on_accept_error(|error| eprintln!("cannot accept for now: {error}"))
    ///     .await
    /// # }
    /// ```
    pub fn on_accept_error(mut self, hook: impl FnMut(&io::Error) + Send + 'static) -> Self {
        self.options.on_accept_error = Some(Box::new(hook));
        self
    }

    /// Changes hyper's settings for HTTP/1: the limits of a head, for instance. Timer and header
    /// read timeout are the server's.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "net")]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// fastwake::hyper::serve(listener, router)
    ///     .http1(|http1| {
    ///         http1.max_headers(50).max_buf_size(64 << 10);
    ///     })
    ///     .await
    /// # }
    /// ```
    pub fn http1(mut self, set: impl FnOnce(&mut http1::Builder)) -> Self {
        let http1 = &mut self.options.protocols.http1;
        set(http1);
        // The connections see to that.
        http1.header_read_timeout(None);
        self
    }

    /// Changes hyper's settings for HTTP/2.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # #[cfg(feature = "net")]
    /// # async fn run(
    /// #     listener: fastwake::net::TcpListener,
    /// #     router: axum::Router,
    /// # ) -> std::io::Result<()> {
    /// use std::time::Duration;
    ///
    /// fastwake::hyper::serve(listener, router)
    ///     .http2(|http2| {
    ///         http2.max_concurrent_streams(100);
    ///         // Finds clients that have vanished without a word.
    ///         http2.keep_alive_interval(Duration::from_secs(20));
    ///     })
    ///     .await
    /// # }
    /// ```
    pub fn http2(mut self, set: impl FnOnce(&mut http2::Builder<Executor>)) -> Self {
        set(&mut self.options.protocols.http2);
        self
    }
}

impl<L: Listener, F, G> Serve<L, F, G> {
    /// Where clients find the server.
    ///
    /// # Errors
    ///
    /// The listener's.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "net")]
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::net::TcpListener;
    ///
    /// # let router = axum::Router::new();
    /// // On a port that the system chooses.
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let server = fastwake::hyper::serve(listener, router);
    /// assert_ne!(server.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "net"))]
    /// # fn main() {}
    /// ```
    pub fn local_addr(&self) -> io::Result<L::Addr> {
        self.listener.local_addr()
    }
}

impl<L: fmt::Debug, F, G> fmt::Debug for Serve<L, F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options {
            protocols,
            max_connections,
            shutdown_timeout,
            tcp_nodelay,
            on_accept_error: _,
        } = &self.options;
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("protocols", protocols)
            .field("max_connections", max_connections)
            .field("shutdown_timeout", shutdown_timeout)
            .field("tcp_nodelay", tcp_nodelay)
            .finish_non_exhaustive()
    }
}

impl<L, F, S, G> IntoFuture for Serve<L, F, G>
where
    L: Listener,
    F: FnMut(&L::Addr) -> S + Send + 'static,
    S: ConnectionService,
    G: Future<Output = ()> + Send + 'static,
{
    type Output = io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<L, F, S, G> Serve<L, F, G>
where
    L: Listener,
    F: FnMut(&L::Addr) -> S + Send + 'static,
    S: ConnectionService,
    G: Future<Output = ()> + Send + 'static,
{
    async fn run(self) -> io::Result<()> {
        // A runtime without timers is found out here, not when the first connection comes.
        drop(sleep(Duration::ZERO));
        let shutdown_timeout = self.options.shutdown_timeout;
        let connections = Connections::new();
        let listener = self.accept(&connections).await;
        connections.enter(Phase::Draining);
        // Who is refused from here on knows that all connections have been told.
        drop(listener);
        ended(&connections, shutdown_timeout).await
    }

    /// Accepts until the signal comes, and gives the listener back.
    async fn accept(mut self, connections: &Connections) -> L {
        let mut signal = pin!(self.signal);
        let mut options = self.options;
        let protocols = Arc::new(options.protocols);
        let mut backoff = Backoff::new();
        let max_others = options.max_connections - 1;
        loop {
            let next = async {
                connections.at_most(max_others).await;
                self.listener.accept().await
            };
            match unless(signal.as_mut(), next).await {
                None => return self.listener,
                Some(Ok((io, peer))) => {
                    backoff.reset();
                    // A connection that is gone already says so when it is read.
                    let _ = L::set_nodelay(&io, options.tcp_nodelay);
                    let service = (self.make_service)(&peer);
                    let protocols = Arc::clone(&protocols);
                    let member = connections.join();
                    drop(crate::spawn(Connection::new(
                        io, service, protocols, member,
                    )));
                }
                Some(Err(error)) => {
                    if let Some(hook) = &mut options.on_accept_error {
                        hook(&error);
                    }
                    if concerns_one_connection(&error) {
                        consume_budget().await;
                    } else if unless(signal.as_mut(), backoff.pause(connections))
                        .await
                        .is_none()
                    {
                        return self.listener;
                    }
                }
            }
        }
    }
}

/// Waits for the connections to end, and cuts them if that takes too long.
async fn ended(connections: &Connections, limit: Duration) -> io::Result<()> {
    if timeout(limit, connections.at_most(0)).await.is_ok() {
        return Ok(());
    }
    let cut = match connections.enter(Phase::Cut) {
        0 => return Ok(()),
        1 => "1 connection was cut that".to_owned(),
        cut => format!("{cut} connections were cut that"),
    };
    Err(io::Error::new(
        io::ErrorKind::TimedOut,
        format!(
            "{cut} had requests open when the `shutdown_timeout` of {limit:?} was over: a longer \
             one lets them be answered"
        ),
    ))
}

/// What `future` gives, unless the signal comes first.
async fn unless<G, F>(mut signal: Pin<&mut G>, future: F) -> Option<F::Output>
where
    G: Future<Output = ()>,
    F: Future,
{
    let mut future = pin!(future);
    poll_fn(|context| {
        if signal.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        future.as_mut().poll(context).map(Some)
    })
    .await
}
