//! The application: its routes, and what answers them.
//!
//! It knows the runtime that it is on only as a [`Runtime`], so that the same handlers can be put on
//! another one and compared.
#![forbid(unsafe_code)]

mod answers;
mod file;
mod folder;
pub(crate) mod options;

use std::fmt;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use folder::Folder;

/// What the handlers ask of a runtime.
pub(crate) trait Runtime: Clone + Send + Sync + 'static {
    /// Runs a closure that may wait for a disk, where it keeps nobody else waiting.
    fn read<T, F>(&self, closure: F) -> impl Future<Output = Result<T, Lost>> + Send
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static;

    /// Runs a closure that computes for long. One that has not begun when the future is dropped need
    /// not run any more.
    fn compute<T, F>(&self, closure: F) -> impl Future<Output = Result<T, Lost>> + Send
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static;

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// What the runtime has done, in Prometheus' text format.
    fn metrics(&self) -> String;
}

/// A closure that has not given its result: it panicked, or the runtime ended.
#[derive(Debug)]
pub(crate) struct Lost(pub(crate) String);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the work was lost: {}", self.0)
    }
}

/// What each handler has at hand.
#[derive(Clone)]
pub(crate) struct App<R> {
    runtime: R,
    /// What `/file` serves.
    folder: Option<Folder>,
}

pub(crate) fn router<R: Runtime>(runtime: R, folder: Option<Folder>) -> Router {
    Router::new()
        .route("/", get(answers::text))
        .route("/json", get(answers::json))
        .route("/echo", post(answers::echo))
        .route("/file/{*path}", get(file::serve::<R>))
        .route("/hash", get(answers::hash::<R>))
        .route("/slow", get(answers::slow::<R>))
        .route("/metrics", get(answers::metrics::<R>))
        .with_state(App { runtime, folder })
}
