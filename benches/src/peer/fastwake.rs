#![forbid(unsafe_code)]
//! fastwake, by its own names.

use std::future::Future;

use fastwake::runtime::{Builder, Runtime};
use fastwake::task::{self, JoinError, JoinHandle};

use super::{Peer, Wakes};

/// A fastwake runtime.
#[derive(Debug)]
pub struct Fastwake(Runtime);

impl Peer for Fastwake {
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

    fn spawn_many_from_outside<I>(&self, futures: I) -> Vec<JoinHandle<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send + 'static> + Send + 'static>,
    {
        self.0.handle().spawn_batch(futures)
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
        fastwake::spawn(future)
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

    fn wakes(&self) -> Option<Wakes> {
        let metrics = self.0.metrics();
        let workers = metrics.pools().iter().map(|pool| pool.wakes).sum();
        Some(Wakes {
            workers,
            blocking: metrics.blocking().wakes,
        })
    }
}
