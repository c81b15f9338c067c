#![forbid(unsafe_code)]
//! The runtimes that are compared, behind what all of them have.

mod fastwake;
mod tokio;

use std::fmt;
use std::future::Future;

pub use self::fastwake::Fastwake;
pub use self::tokio::Tokio;

/// A multi-thread runtime, as a workload sees it.
///
/// The adapters only pass on: what costs something here costs it in a program too. The functions
/// without `&self` are for the inside of a task.
pub trait Peer: Sized + Sync + 'static {
    /// Waits for a task.
    type Join<T: Send + 'static>: Future<Output = Result<T, Self::JoinError>> + Send + 'static;
    /// Why a task gave no output; no workload makes it happen.
    type JoinError: fmt::Debug + Send + 'static;

    /// A runtime with this many workers, otherwise as it comes.
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

    /// Lets the other tasks go first.
    fn yield_now() -> impl Future<Output = ()> + Send;

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
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Fastwake, Self::Tokio];

    /// Its name, as it is printed and as the command line takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fastwake => "fastwake",
            Self::Tokio => "tokio",
        }
    }
}
