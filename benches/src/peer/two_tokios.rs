#![forbid(unsafe_code)]
//! tokio twice: what its users do whose tasks compute for long. One runtime has the tasks that
//! answer, the other those that keep their threads.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinHandle};

use super::{Peer, Tokio};

/// Two tokio runtimes, each with all the workers.
#[derive(Debug)]
pub struct TwoTokios {
    answering: Tokio,
    computing: Tokio,
}

impl Peer for TwoTokios {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type JoinError = JoinError;
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn build(workers: usize) -> Self {
        Self {
            answering: Tokio::build(workers),
            computing: Tokio::build(workers),
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.answering.block_on(future)
    }

    fn spawn_from_outside<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.answering.spawn_from_outside(future)
    }

    fn spawn_many_from_outside<I>(&self, futures: I) -> Vec<JoinHandle<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send + 'static> + Send + 'static>,
    {
        self.answering.spawn_many_from_outside(futures)
    }

    fn spawn_blocking_from_outside<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.answering.spawn_blocking_from_outside(closure)
    }

    /// As a task of the other runtime, whose workers are as many as the CPUs.
    fn spawn_heavy_from_outside<F, T>(&self, closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.computing.spawn_from_outside(async move { closure() })
    }

    fn spawn_apart_from_outside<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.computing.spawn_from_outside(future)
    }

    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Tokio::spawn(future)
    }

    fn spawn_blocking<F, T>(closure: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Tokio::spawn_blocking(closure)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        Tokio::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        Tokio::sleep(duration)
    }

    fn listen() -> impl Future<Output = io::Result<(TcpListener, SocketAddr)>> + Send {
        Tokio::listen()
    }

    fn accept(listener: &TcpListener) -> impl Future<Output = io::Result<TcpStream>> + Send {
        Tokio::accept(listener)
    }

    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<TcpStream>> + Send {
        Tokio::connect(address)
    }

    fn read_exact(
        stream: &mut TcpStream,
        buf: &mut [u8],
    ) -> impl Future<Output = io::Result<()>> + Send {
        Tokio::read_exact(stream, buf)
    }

    fn write_all(
        stream: &mut TcpStream,
        buf: &[u8],
    ) -> impl Future<Output = io::Result<()>> + Send {
        Tokio::write_all(stream, buf)
    }
}
