#![forbid(unsafe_code)]
//! One connection of a server, as a task.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::hyper::server::conn::{http1, http2};
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};

use super::connections::{Member, Phase};
use super::idle::IdleWatch;
use super::requests::Counted;
use super::rewound::{Rewound, Version};
use super::service::ConnectionService;
use super::{Executor, Timer};

/// A timeout that ends after any server does, and that can be added to any moment of its time.
pub(super) const FOREVER: Duration = Duration::from_secs(86_400 * 365 * 30);

/// How a server's connections speak.
#[derive(Debug)]
pub(super) struct Protocols {
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<Executor>,
    pub(super) header_read_timeout: Duration,
}

impl Protocols {
    pub(super) fn new(header_read_timeout: Duration) -> Self {
        let mut http2 = http2::Builder::new(Executor);
        http2.timer(Timer);
        let mut protocols = Self {
            http1: http1::Builder::new(),
            http2,
            header_read_timeout,
        };
        protocols.set_header_read_timeout(Some(header_read_timeout));
        protocols
    }

    pub(super) fn set_header_read_timeout(&mut self, timeout: Option<Duration>) {
        self.header_read_timeout = timeout.unwrap_or(FOREVER);
        // A client that is gone while it has a request open is not idle: pings find it.
        self.http2.keep_alive_interval(timeout);
    }
}

pin_project! {
    /// Serves a connection until its client, its server or an error ends it.
    pub(super) struct Connection<T, S>
    where
        S: ConnectionService,
    {
        #[pin]
        state: State<T, S>,
        #[pin]
        idle: IdleWatch,
        protocols: Arc<Protocols>,
        member: Member,
        is_told: bool,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<T, S>
    where
        S: ConnectionService,
    {
        New { parts: Option<(Rewound<T>, S)> },
        Http1 { #[pin] connection: http1::UpgradeableConnection<Rewound<T>, Counted<S>> },
        Http2 { #[pin] connection: http2::Connection<Rewound<T>, Counted<S>, Executor> },
    }
}

impl<T, S> Connection<T, S>
where
    S: ConnectionService,
{
    pub(super) fn new(io: T, service: S, protocols: Arc<Protocols>, member: Member) -> Self {
        Self {
            state: State::New {
                parts: Some((Rewound::new(io), service)),
            },
            idle: IdleWatch::new(Arc::clone(member.requests()), protocols.header_read_timeout),
            protocols,
            member,
            is_told: false,
        }
    }
}

impl<T, S> Future for Connection<T, S>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: ConnectionService,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let phase = self.as_mut().project().member.phase(context);
        if phase == Phase::Cut {
            return Poll::Ready(());
        }
        let drains = phase == Phase::Draining;
        // Told before its answer, the connection says in it that it closes.
        if drains && !self.is_told && self.member.requests().any() {
            self.as_mut().drain();
        }
        loop {
            if self.as_mut().poll_served(context).is_ready() {
                return Poll::Ready(());
            }
            // What had arrived has just been read: a request whose head is in it is answered.
            if drains && !self.is_told {
                self.as_mut().drain();
                continue;
            }
            if drains && self.is_new() {
                return Poll::Ready(());
            }
            ready!(self.as_mut().project().idle.poll_idle(context));
            // hyper waits for a client of HTTP/2 to say that it has learnt of the end, however long.
            if !self.is_http2() || self.is_told {
                return Poll::Ready(());
            }
            self.as_mut().drain();
        }
    }
}

impl<T, S> Connection<T, S>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: ConnectionService,
{
    /// Is it not known yet what its client speaks?
    fn is_new(&self) -> bool {
        matches!(self.state, State::New { .. })
    }

    fn is_http2(&self) -> bool {
        matches!(self.state, State::Http2 { .. })
    }

    /// Ready when the connection has ended. Its errors are its client's, who sees them.
    fn poll_served(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.as_mut().project().state.project() {
                StateProj::Http1 { connection } => return connection.poll(context).map(drop),
                StateProj::Http2 { connection } => return connection.poll(context).map(drop),
                StateProj::New { parts } => {
                    let (io, _) = parts.as_mut().expect("it is new until they are taken");
                    let Ok(Some(version)) = ready!(io.poll_version(context)) else {
                        return Poll::Ready(());
                    };
                    let (io, service) = parts.take().expect("they have just been there");
                    self.as_mut().begin(version, io, service);
                }
            }
        }
    }

    fn begin(self: Pin<&mut Self>, version: Version, io: Rewound<T>, service: S) {
        let mut this = self.project();
        let requests = this.member.requests();
        requests.restart();
        let service = Counted::new(service, Arc::clone(requests));
        let state = match version {
            Version::Http1 => {
                let connection = this.protocols.http1.serve_connection(io, service);
                State::Http1 {
                    connection: connection.with_upgrades(),
                }
            }
            Version::Http2 => State::Http2 {
                connection: this.protocols.http2.serve_connection(io, service),
            },
        };
        this.state.set(state);
    }

    /// Takes no more requests.
    fn drain(self: Pin<&mut Self>) {
        let this = self.project();
        *this.is_told = true;
        match this.state.project() {
            StateProj::New { .. } => {}
            StateProj::Http1 { connection } => connection.graceful_shutdown(),
            StateProj::Http2 { connection } => {
                connection.graceful_shutdown();
                this.idle.tell();
            }
        }
    }
}
