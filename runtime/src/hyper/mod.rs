//! hyper on this runtime: its traits, and an HTTP server.
//!
//! [`serve()`] answers HTTP/1 and HTTP/2 with a service of hyper's or tower's, so also with an axum
//! `Router`, and without a tokio runtime:
//!
//! ```no_run
//! # #[cfg(feature = "net")]
//! use axum::{Router, routing::get};
//!
//! # #[cfg(feature = "net")]
//! #[fastwake::main]
//! async fn main() -> std::io::Result<()> {
//!     let router = Router::new().route("/", get(async || "hello"));
//!     let listener = fastwake::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     fastwake::hyper::serve(listener, router).await
//! }
//! # #[cfg(not(feature = "net"))]
//! # fn main() {}
//! ```
//!
//! Programs that drive hyper's connections themselves, clients above all, take [`Executor`],
//! [`Timer`] and [`Io`] for what hyper-util calls `TokioExecutor`, `TokioTimer` and `TokioIo`.
//!
//! # What the server does
//!
//! * One task for each connection. Handlers of HTTP/1 run in it; each stream of HTTP/2 has a task of
//!   its own, as hyper has it. The first bytes of a connection tell which of the two it speaks; they
//!   are read into the task itself.
//! * A client has [30 s](Serve::header_read_timeout) for the head of each request, from the
//!   connection's begin or the answer before. One timer for each connection sees to that, however
//!   many requests pass in that time. How large a head may be is hyper's to say: beyond some 400 kB or
//!   100 headers it is refused ([`Serve::http1`] changes that).
//! * A connection of HTTP/2 that has no request open for that time is closed; a client that is gone
//!   while it has one open is found by a ping. Without any request to answer, no client holds up a
//!   shutdown for more than 1 s.
//! * A lack of descriptors, or of memory for sockets, makes it pause before it accepts again, for
//!   5 ms at first and 1 s at most, or until one of its connections ends. It does not give up.
//! * [`Serve::with_graceful_shutdown`] closes the listener and idle connections at once, and answers
//!   the requests that have begun; [`Serve::shutdown_timeout`] says for how long.
//! * A panic or an error ends one connection (or stream), never the server.
//! * It does not log. [`Serve::on_accept_error`] sees what keeps it from accepting; what ends a
//!   connection is told to its client.

mod backoff;
mod connection;
mod connections;
mod executor;
mod idle;
mod io;
mod listener;
mod requests;
mod rewound;
mod serve;
mod service;
mod timer;

pub use executor::Executor;
pub use io::Io;
pub use listener::Listener;
pub use serve::{Serve, serve, serve_with};
pub use service::{ConnectionService, FromTower, FromTowerFuture, Hyper, IntoService, Tower};
pub use timer::Timer;
