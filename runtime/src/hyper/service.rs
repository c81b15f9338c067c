#![forbid(unsafe_code)]
//! What a server calls: hyper's services, and tower's as hyper's.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::hyper::body::{Body, Incoming};
use ::hyper::service::HttpService;
use ::hyper::{Request, Response, service};
use pin_project_lite::pin_project;

/// What hyper turns into its own error.
pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// A service that a connection can have to itself: hyper's, with what tasks demand.
///
/// It is implemented for all that meet its bounds.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "io-util")]
/// # #[fastwake::main]
/// # async fn main() {
/// use std::convert::Infallible;
/// use fastwake::hyper::{ConnectionService, Io};
/// use fastwake::io::{DuplexStream, duplex};
/// use fastwake::task::JoinHandle;
/// use hyper::{Response, server::conn::http1, service::service_fn};
///
/// /// Serves one connection, which lies in memory.
/// fn serve_one(
///     stream: DuplexStream,
///     service: impl ConnectionService,
/// ) -> JoinHandle<hyper::Result<()>> {
///     fastwake::spawn(http1::Builder::new().serve_connection(Io::new(stream), service))
/// }
///
/// let hello = service_fn(async |_| Ok::<_, Infallible>(Response::new("hello".to_owned())));
/// let (client, server) = duplex(1_024);
/// let serving = serve_one(server, hello);
/// drop(client);
/// assert!(serving.await.unwrap().is_ok());
/// # }
/// # #[cfg(not(feature = "io-util"))]
/// # fn main() {}
/// ```
pub trait ConnectionService:
    HttpService<
        Incoming,
        ResBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
        Error: Into<BoxError>,
        Future: Send + 'static,
    > + Send
    + 'static
{
}

impl<S> ConnectionService for S
where
    S: HttpService<Incoming> + Send + 'static,
    S::ResBody: Body + Send + 'static,
    <S::ResBody as Body>::Data: Send,
    <S::ResBody as Body>::Error: Into<BoxError>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
}

/// What [`serve`](super::serve()) takes: hyper's services and tower's, so also axum's routers.
///
/// `Kind` tells the two apart ([`Hyper`] or [`Tower`]) and is inferred. A type that is both needs it
/// said.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "net")]
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use std::io;
/// use axum::{Router, routing::get};
/// use fastwake::hyper::{IntoService, serve};
/// use fastwake::net::TcpListener;
///
/// /// Serves on this machine alone whatever can be served.
/// async fn serve_locally<S, Kind>(service: S, port: u16) -> io::Result<()>
/// where
///     S: IntoService<Kind>,
/// {
///     let listener = TcpListener::bind(("127.0.0.1", port)).await?;
///     serve(listener, service).with_graceful_shutdown(async {}).await
/// }
///
/// serve_locally(Router::new().route("/", get(async || "hello")), 0).await
/// # }
/// # #[cfg(not(feature = "net"))]
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no service that a server can give to its connections",
    note = "hyper's services and tower's are, if they answer `Request<Incoming>`, and they, their \
            futures and their bodies are `Send`, and they are `Clone`",
    note = "an axum `Router` that waits for its state gets it with `with_state`"
)]
pub trait IntoService<Kind> {
    /// The service, as hyper calls it. Each connection has a clone.
    type Service: ConnectionService + Clone;

    /// Makes it.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, routing::get};
    /// use fastwake::hyper::{IntoService, Tower};
    /// use hyper::Request;
    /// use hyper::service::Service;
    ///
    /// let router: Router = Router::new().route("/", get(async || "hello"));
    /// let service = IntoService::<Tower>::into_service(router);
    /// // A test needs no connection to call it.
    /// let answer = service.call(Request::new(String::new())).await?;
    /// assert_eq!(answer.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    fn into_service(self) -> Self::Service;
}

/// The [kind](IntoService) of hyper's services.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "net")]
/// # async fn run(listener: fastwake::net::TcpListener) -> std::io::Result<()> {
/// use std::convert::Infallible;
/// use fastwake::hyper::{Hyper, serve};
/// use hyper::{Response, service::service_fn};
///
/// let hello = service_fn(async |_| Ok::<_, Infallible>(Response::new("hello".to_owned())));
/// serve::<_, _, Hyper>(listener, hello).await
/// # }
/// ```
#[derive(Debug)]
pub enum Hyper {}

/// The [kind](IntoService) of tower's services.
///
/// # Examples
///
/// ```no_run
/// # #[cfg(feature = "net")]
/// # async fn run(listener: fastwake::net::TcpListener) -> std::io::Result<()> {
/// use axum::{Router, routing::get};
/// use fastwake::hyper::{Tower, serve};
///
/// let router: Router = Router::new().route("/", get(async || "hello"));
/// serve::<_, _, Tower>(listener, router).await
/// # }
/// ```
#[derive(Debug)]
pub enum Tower {}

impl<S> IntoService<Hyper> for S
where
    S: ConnectionService + Clone,
{
    type Service = S;

    fn into_service(self) -> S {
        self
    }
}

impl<S, B> IntoService<Tower> for S
where
    S: tower_service::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Service = FromTower<S>;

    fn into_service(self) -> FromTower<S> {
        FromTower { service: self }
    }
}

/// A tower service as one of hyper's: each request goes to a clone, once that is ready.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, routing::get};
/// use fastwake::hyper::{FromTower, IntoService, Tower};
/// use hyper::Request;
/// use hyper::service::Service;
///
/// let router: Router = Router::new().route("/", get(async || "hello"));
/// let service: FromTower<Router> = IntoService::<Tower>::into_service(router);
/// let request = Request::builder().uri("/nowhere").body(String::new())?;
/// assert_eq!(service.call(request).await?.status(), 404);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FromTower<S> {
    service: S,
}

impl<S, R> service::Service<R> for FromTower<S>
where
    S: tower_service::Service<R> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = FromTowerFuture<S, R>;

    fn call(&self, request: R) -> Self::Future {
        FromTowerFuture {
            state: State::NotReady {
                service: self.service.clone(),
                request: Some(request),
            },
        }
    }
}

pin_project! {
    /// The response of a [`FromTower`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{Router, routing::get};
    /// use fastwake::hyper::{FromTower, FromTowerFuture, IntoService, Tower};
    /// use hyper::Request;
    /// use hyper::service::Service;
    ///
    /// let router: Router = Router::new().route("/", get(async || "hello"));
    /// let service: FromTower<Router> = IntoService::<Tower>::into_service(router);
    /// let answer: FromTowerFuture<Router, Request<String>> = service.call(Request::default());
    /// assert_eq!(answer.await?.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct FromTowerFuture<S, R>
    where
        S: tower_service::Service<R>,
    {
        #[pin]
        state: State<S, R, S::Future>,
    }
}

impl<S: tower_service::Service<R>, R> std::fmt::Debug for FromTowerFuture<S, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FromTowerFuture").finish_non_exhaustive()
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, R, F> {
        NotReady { service: S, request: Option<R> },
        Called { #[pin] future: F },
    }
}

impl<S, R> Future for FromTowerFuture<S, R>
where
    S: tower_service::Service<R>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if let StateProj::NotReady { service, request } = state.as_mut().project() {
            ready!(service.poll_ready(context))?;
            let request = request.take().expect("it is polled no more after an error");
            let future = service.call(request);
            state.set(State::Called { future });
        }
        match state.project() {
            StateProj::Called { future } => future.poll(context),
            StateProj::NotReady { .. } => unreachable!("it has just been called"),
        }
    }
}
