#![forbid(unsafe_code)]
//! Tasks with more about them than their future.

use std::future::Future;
use std::io;
use std::panic::Location;

use crate::cell::{JoinHandle, TaskMeta};
use crate::runtime::Handle;

use super::LocalSet;
use super::local::spawn_local_with;

/// Gives a task a name, or marks it as CPU-intensive, before it is spawned.
///
/// The name is shown where the task is reported, as in a [`JoinError`](crate::task::JoinError).
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let task = fastwake::task::Builder::new()
///     .name("resize")
///     .cpu_intensive(true)
///     .spawn(async { /* long computations between awaits */ })?;
/// task.await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[must_use = "a builder makes no task until `spawn` is called"]
pub struct Builder<'a> {
    name: Option<&'a str>,
    cpu_intensive: bool,
}

impl<'a> Builder<'a> {
    /// A task without a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task.
    pub fn name(self, name: &'a str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// Do the task's polls compute for long? Then they run beside the workers, at a lower
    /// priority and on at most one thread per CPU, as the closures of
    /// [`spawn_cpu_intensive`](crate::task::spawn_cpu_intensive) do.
    pub fn cpu_intensive(self, yes: bool) -> Self {
        Self {
            cpu_intensive: yes,
            ..self
        }
    }

    #[track_caller]
    fn meta(&self) -> TaskMeta {
        TaskMeta {
            name: self.name.map(Box::from),
            ..TaskMeta::at(Location::caller())
        }
    }

    /// Spawns the task in the current runtime.
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_on(future, &Handle::current())
    }

    /// Spawns the task in the handle's runtime.
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Ok(match self.cpu_intensive {
            false => handle.spawn_with(future, self.meta()),
            true => handle.spawn_cpu_intensive_future(future, self.meta()),
        })
    }

    /// Spawns a task that stays on this thread; see [`spawn_local`](crate::task::spawn_local). If it
    /// is CPU-intensive, it is so for this thread.
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](crate::task::spawn_local).
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(spawn_local_with(future, self.meta()))
    }

    /// Spawns a task on a [`LocalSet`]; see [`LocalSet::spawn_local`].
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
    #[track_caller]
    pub fn spawn_local_on<F>(
        self,
        future: F,
        local_set: &LocalSet,
    ) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        Ok(local_set.spawn_with(future, self.meta()))
    }

    /// Spawns a closure that may block; if the task is CPU-intensive, on the threads for that.
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's. A thread that cannot be had is reported through the
    /// handle.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, closure: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking_on(closure, &Handle::current())
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), in the handle's runtime.
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(self, closure: F, handle: &Handle) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        Ok(match self.cpu_intensive {
            false => handle.spawn_blocking_with(closure, self.meta()),
            true => handle.spawn_cpu_intensive_with(closure, self.meta()),
        })
    }
}
