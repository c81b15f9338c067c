#![forbid(unsafe_code)]
//! hyper's tasks as ours.

use std::future::Future;

/// Spawns hyper's tasks in the current runtime, as [`spawn`](crate::spawn()) does.
///
/// # Panics
///
/// hyper spawns in the middle of polls: outside a runtime, those panic.
///
/// # Examples
///
/// ```
/// let http2 = hyper::server::conn::http2::Builder::new(fastwake::hyper::Executor);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Executor;

impl<F> ::hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        // It goes on without its handle.
        drop(crate::spawn(future));
    }
}
