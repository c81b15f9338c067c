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
    fn into_service(self) -> Self::Service;
}

/// The [kind](IntoService) of hyper's services.
#[derive(Debug)]
pub enum Hyper {}

/// The [kind](IntoService) of tower's services.
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
