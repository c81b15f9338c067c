#![forbid(unsafe_code)]
//! The runtimes that are compared, behind what all of them have.

mod fastwake;
mod smol;
mod tokio;
mod two_tokios;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub use self::fastwake::Fastwake;
pub use self::smol::Smol;
pub use self::tokio::Tokio;
pub use self::two_tokios::TwoTokios;

/// A multi-thread runtime, as a workload sees it.
///
/// The adapters only pass on: what costs something here costs it in a program too. The functions
/// without `&self` are for the inside of a task.
pub trait Peer: Sized + Sync + 'static {
    /// Waits for a task.
    type Join<T: Send + 'static>: Future<Output = Result<T, Self::JoinError>> + Send + 'static;
    /// Why a task gave no output; no workload makes it happen.
    type JoinError: fmt::Debug + Send + 'static;
    /// A TCP listener.
    type Listener: Send + Sync + 'static;
    /// A TCP connection.
    type Stream: Send + 'static;

    /// A runtime with this many workers, with sockets and timers, otherwise as it comes.
    fn build(workers: usize) -> Self;

    /// Runs a future on the calling thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Spawns a task from a thread that is none of the runtime's.
    fn spawn_from_outside<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Spawns many tasks from outside, in the best way that the runtime has for it.
    fn spawn_many_from_outside<I>(
        &self,
        futures: I,
    ) -> Vec<Self::Join<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send + 'static> + Send + 'static>;

    /// Runs a closure on a thread for blocking work.
    fn spawn_blocking_from_outside<F, T>(&self, closure: F) -> Self::Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;

    /// Spawns a task from a task.
    fn spawn<F>(future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static;

    /// Runs a closure on a thread for blocking work, from a task.
    fn spawn_blocking<F, T>(closure: F) -> Self::Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static;

    /// Runs a closure that computes for long, where the runtime wants such.
    fn spawn_heavy_from_outside<F, T>(&self, closure: F) -> Self::Join<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_blocking_from_outside(closure)
    }

    /// Spawns a task that keeps its thread for long at each poll. A program with two runtimes has
    /// one for such.
    fn spawn_apart_from_outside<F>(&self, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.spawn_from_outside(future)
    }

    /// Lets the other tasks go first.
    fn yield_now() -> impl Future<Output = ()> + Send;

    /// Ends after this time.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send;

    /// Listens on a free port of the loopback interface.
    fn listen() -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;

    /// Takes the next connection, without delay of small packets.
    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Connects, without delay of small packets.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Fills the buffer.
    fn read_exact(
        stream: &mut Self::Stream,
        buf: &mut [u8],
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// Writes all of it.
    fn write_all(
        stream: &mut Self::Stream,
        buf: &[u8],
    ) -> impl Future<Output = io::Result<()>> + Send;

    /// The wake-ups that the runtime itself has counted, if it does.
    fn wakes(&self) -> Option<Wakes> {
        None
    }
}

/// Wake-ups that made a system call, as a runtime counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wakes {
    /// Of workers.
    pub workers: u64,
    /// Of threads for blocking closures.
    pub blocking: u64,
}

/// Which runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This project's.
    Fastwake,
    /// The one that it is measured against.
    Tokio,
    /// The small one: `async-executor`, with a thread that drives its timers and sockets.
    Smol,
    /// tokio twice, one runtime for the tasks that answer and one for those that compute.
    TwoTokios,
}

impl Which {
    /// Those that run every row.
    pub const ALL: [Self; 3] = [Self::Fastwake, Self::Tokio, Self::Smol];

    /// Its name, as it is printed and as the command line takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fastwake => "fastwake",
            Self::Tokio => "tokio",
            Self::Smol => "smol",
            Self::TwoTokios => "two-tokios",
        }
    }

    /// The runtime of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter().chain([Self::TwoTokios]);
        all.find(|which| which.name() == name)
    }
}
