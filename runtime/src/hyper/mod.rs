//! hyper on this runtime, and a server.
mod backoff;
mod connection;
mod connections;
mod executor;
mod head_timer;
mod io;
mod listener;
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
