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
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::Builder;
    ///
    /// // As `fastwake::spawn` does it.
    /// let task = Builder::new().spawn(async { 5 })?;
    /// assert_eq!(task.await?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::Builder;
    ///
    /// let task = Builder::new().name("resize").spawn(async { panic!("too large") })?;
    /// let error = task.await.unwrap_err();
    /// assert!(error.to_string().contains("resize"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn name(self, name: &'a str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// Do the task's polls compute for long? Then they run beside the workers, at a lower
    /// priority and on at most one thread per CPU, as the closures of
    /// [`spawn_cpu_intensive`](crate::task::spawn_cpu_intensive) do.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::runtime::worker_index;
    /// use fastwake::task::{Builder, yield_now};
    ///
    /// let task = Builder::new().cpu_intensive(true).spawn(async {
    ///     let mut sum = 0_u64;
    ///     for chunk in 0..10 {
    ///         sum += (chunk * 1_000..(chunk + 1) * 1_000).sum::<u64>();
    ///         yield_now().await;
    ///     }
    ///     assert_eq!(worker_index(), None, "no worker is kept from other tasks");
    ///     sum
    /// })?;
    /// assert_eq!(task.await?, 49_995_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let task = fastwake::task::Builder::new().name("answer").spawn(async { 42 })?;
    /// assert_eq!(task.await?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Runtime;
    /// use fastwake::task::Builder;
    ///
    /// let runtime = Runtime::new()?;
    /// // From outside of the runtime.
    /// let task = Builder::new().name("answer").spawn_on(async { 42 }, runtime.handle())?;
    /// assert_eq!(runtime.block_on(task)?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use fastwake::task::Builder;
    ///
    /// # fastwake::runtime::LocalRuntime::new().unwrap().block_on(async {
    /// let text = Rc::new("not Send");
    /// let task = Builder::new().name("length").spawn_local(async move { text.len() })?;
    /// assert_eq!(task.await?, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use fastwake::task::{Builder, LocalSet};
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let text = Rc::new("not Send");
    /// let task = Builder::new().name("length").spawn_local_on(async move { text.len() }, &local)?;
    /// assert_eq!(local.run_until(task).await?, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::Builder;
    ///
    /// let read = || std::fs::read_to_string("Cargo.toml");
    /// let task = Builder::new().name("manifest").spawn_blocking(read)?;
    /// assert!(task.await??.contains("[package]"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Runtime;
    /// use fastwake::task::Builder;
    ///
    /// let runtime = Runtime::new()?;
    /// let sum = || (1..=1_000_u64).sum::<u64>();
    /// let builder = Builder::new().name("sum").cpu_intensive(true);
    /// let task = builder.spawn_blocking_on(sum, runtime.handle())?;
    /// assert_eq!(runtime.block_on(task)?, 500_500);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
