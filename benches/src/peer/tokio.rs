#![forbid(unsafe_code)]
//! tokio, by its own names. No driver is enabled: fastwake has none to set against it yet.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{self, JoinError, JoinHandle};

use super::Peer;

/// A tokio runtime.
#[derive(Debug)]
pub struct Tokio(Runtime);

impl Peer for Tokio {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type JoinError = JoinError;

    fn build(workers: usize) -> Self {
        let built = Builder::new_multi_thread().worker_threads(workers).build();
        Self(built.expect("the machine has threads for the workers"))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn spawn_from_outside<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.0.spawn(future)
    }

    /// tokio has no such function; a program spawns in a loop.
    fn spawn_many_from_outside<I>(&self, futures: I) -> Vec<JoinHandle<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send + 'static> + Send + 'static>,
    {
        futures
            .into_iter()
            .map(|future| self.0.spawn(future))
            .collect()
    }

    fn spawn_blocking_from_outside<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.0.spawn_blocking(closure)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        task::spawn(future)
    }

    fn spawn_blocking<F, T>(closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        task::spawn_blocking(closure)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        task::yield_now()
    }
}
