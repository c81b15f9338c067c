#![forbid(unsafe_code)]
//! tokio, by its own names. In a build with `--cfg tokio_unstable` it has what is offered there to make
//! it faster.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{self, JoinError, JoinHandle};
use tokio::time;

use super::Peer;

/// A tokio runtime.
#[derive(Debug)]
pub struct Tokio(Runtime);

impl Peer for Tokio {
    type Join<T: Send + 'static> = JoinHandle<T>;
    type JoinError = JoinError;
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn build(workers: usize) -> Self {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(workers).enable_all();
        #[cfg(tokio_unstable)]
        builder
            .enable_alt_timer()
            .enable_eager_driver_handoff()
            .enable_sharded_blocking_queue();
        let built = builder.build();
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

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
        time::sleep(duration)
    }

    async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read_exact(stream: &mut TcpStream, buf: &mut [u8]) -> io::Result<()> {
        stream.read_exact(buf).await.map(drop)
    }

    async fn write_all(stream: &mut TcpStream, buf: &[u8]) -> io::Result<()> {
        stream.write_all(buf).await
    }
}
