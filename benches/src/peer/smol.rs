#![forbid(unsafe_code)]
//! smol: its executor on as many threads as there are to be workers, as its documentation shows it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use smol::channel::{Sender, bounded};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};
use smol::{Executor, Timer};

use super::Peer;

thread_local! {
    /// Whose tasks this thread runs: smol has no other way to find it from within a task.
    static CURRENT: RefCell<Option<Arc<Executor<'static>>>> = const { RefCell::new(None) };
}

/// An executor and the threads that run it.
pub struct Smol {
    executor: Arc<Executor<'static>>,
    /// Closed, it ends the threads.
    running: Option<Sender<Infallible>>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Smol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smol")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        drop(self.running.take());
        for thread in self.threads.drain(..) {
            // A panic of its own has been printed.
            let _ = thread.join();
        }
    }
}

/// A task of smol's that goes on when nobody waits for it any more.
#[derive(Debug)]
pub struct Join<T>(Option<smol::Task<T>>);

impl<T> Future for Join<T> {
    type Output = Result<T, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let task = self.0.as_mut().expect("it is there until it is dropped");
        Pin::new(task).poll(context).map(Ok)
    }
}

impl<T> Drop for Join<T> {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.detach();
        }
    }
}

fn enter<R>(executor: &Arc<Executor<'static>>, run: impl FnOnce() -> R) -> R {
    let before = CURRENT.replace(Some(executor.clone()));
    let result = run();
    CURRENT.set(before);
    result
}

impl Peer for Smol {
    type Join<T: Send + 'static> = Join<T>;
    type JoinError = Infallible;
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn build(workers: usize) -> Self {
        let executor = Arc::new(Executor::new());
        let (running, ends) = bounded::<Infallible>(1);
        let worker = |_| {
            let (executor, ends) = (executor.clone(), ends.clone());
            let run = move || {
                let until_closed = async {
                    // An error: it is closed.
                    let _ = ends.recv().await;
                };
                enter(&executor, || smol::block_on(executor.run(until_closed)));
            };
            thread::spawn(run)
        };
        Self {
            threads: (0..workers).map(worker).collect(),
            running: Some(running),
            executor,
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        enter(&self.executor, || smol::block_on(future))
    }

    fn spawn_from_outside<F>(&self, future: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        Join(Some(self.executor.spawn(future)))
    }

    fn spawn_many_from_outside<I>(&self, futures: I) -> Vec<Join<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send + 'static> + Send + 'static>,
    {
        let mut tasks = Vec::new();
        self.executor.spawn_many(futures, &mut tasks);
        tasks.into_iter().map(|task| Join(Some(task))).collect()
    }

    fn spawn_blocking_from_outside<F, T>(&self, closure: F) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Self::spawn_blocking(closure)
    }

    fn spawn<F>(future: F) -> Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        CURRENT.with_borrow(|current| {
            let executor = current.as_ref().expect("called from a task");
            Join(Some(executor.spawn(future)))
        })
    }

    fn spawn_blocking<F, T>(closure: F) -> Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Join(Some(smol::unblock(closure)))
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        smol::future::yield_now()
    }

    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
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
