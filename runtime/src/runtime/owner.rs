#![forbid(unsafe_code)]
//! The owner of a runtime: as long as it lives, the runtime does.

use std::future::Future;
use std::io;
use std::thread;
use std::time::Duration;

use crate::cell::JoinHandle;

use super::context::{self, EnterGuard};
use super::{Builder, Handle, RuntimeMetrics};

/// A runtime: its worker pools, its threads for blocking and for CPU-intensive work.
///
/// Dropping it shuts it down: tasks are dropped at their next suspension, closures for blocking
/// threads that have not begun are cancelled, and the drop waits until the polls and the closures
/// that have begun are done. [`shutdown_timeout`](Self::shutdown_timeout) bounds the wait;
/// [`shutdown_background`](Self::shutdown_background) does not wait.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// let answer = runtime.block_on(async { fastwake::spawn(async { 42 }).await.unwrap() });
/// assert_eq!(answer, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
///
/// Dropping a runtime inside a task, or wherever else blocking is not allowed, panics.
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    /// Has somebody waited already, or decided not to?
    released: bool,
}

impl Runtime {
    pub(super) fn from_handle(handle: Handle) -> Self {
        Self {
            handle,
            released: false,
        }
    }

    /// A multi-thread runtime as the machine suggests it; see [`Builder`].
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// assert_eq!(runtime.block_on(async { 6 * 7 }), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new() -> io::Result<Self> {
        Builder::new_multi_thread().enable_all().build()
    }

    /// A handle, to keep or to send elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let handle = runtime.handle().clone();
    /// let thread = std::thread::spawn(move || handle.spawn(async { "from another thread" }));
    /// let task = thread.join().unwrap();
    /// assert_eq!(runtime.block_on(task).unwrap(), "from another thread");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// As [`Handle::spawn`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// // Begins to run now, not at the `block_on`.
    /// let task = runtime.spawn(async { 6 * 7 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// As [`Handle::spawn_blocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let file = runtime.spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
    /// assert!(runtime.block_on(file)??.contains("[package]"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(closure)
    }

    /// As [`Handle::spawn_cpu_intensive`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let sum = runtime.spawn_cpu_intensive(|| (1..=1_000_u64).sum::<u64>());
    /// assert_eq!(runtime.block_on(sum)?, 500_500);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn spawn_cpu_intensive<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_cpu_intensive(closure)
    }

    /// Runs a future on the calling thread, inside the runtime, and blocks until it is ready. On a
    /// current-thread runtime, the spawned tasks run meanwhile, on the same thread.
    ///
    /// Several threads may be in `block_on` at once. The future is not a task: it stays where it
    /// is, so it need not be `Send`.
    ///
    /// # Panics
    ///
    /// If called where blocking is not allowed, such as in a task; if the future panics.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let task = runtime.spawn(async { 6 * 7 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.drive(future)
    }

    /// As [`Handle::enter`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let task = {
    ///     let _entered = runtime.enter();
    ///     // Now this finds the runtime, which otherwise it does in tasks only.
    ///     fastwake::spawn(async { 42 })
    /// };
    /// assert_eq!(runtime.block_on(task).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// As [`Handle::metrics`].
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let metrics = runtime.metrics();
    /// println!("{} workers, {} tasks", metrics.num_workers(), metrics.num_alive_tasks());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// Shuts down, and waits at most `timeout` for polls and closures that are under way. What is
    /// not done by then goes on in the background.
    ///
    /// # Panics
    ///
    /// If called where blocking is not allowed, unless `timeout` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// runtime.spawn_blocking(|| std::thread::sleep(Duration::from_secs(60)));
    /// runtime.shutdown_timeout(Duration::from_millis(10));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_timeout(mut self, timeout: Duration) {
        if timeout.is_zero() {
            return self.shutdown_background();
        }
        self.assert_may_wait();
        self.shutdown();
        self.released = true;
        self.handle.inner().threads.wait(Some(timeout));
    }

    /// Shuts down without waiting; may be called in a task.
    ///
    /// # Examples
    ///
    /// ```
    /// # let outer = fastwake::runtime::Runtime::new()?;
    /// # outer.block_on(async {
    /// let inner = fastwake::runtime::Runtime::new()?;
    /// inner.spawn(async { /* … */ });
    /// inner.shutdown_background();
    /// # Ok::<(), std::io::Error>(()) })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_background(mut self) {
        self.shutdown();
        self.released = true;
    }

    /// Begins the end, which is the same however long it is waited for.
    fn shutdown(&mut self) {
        let inner = self.handle.inner();
        // What the futures do when they are dropped, they do inside their runtime.
        let _entered = self.handle.enter();
        #[cfg(unix)]
        if let Some(inspector) = &inner.inspector {
            inspector.stop();
        }
        inner.group.shutdown();
        inner.blocking.shutdown();
        if let Some(scheduler) = &inner.current_thread {
            scheduler.shutdown();
        }
        inner.threads.close();
    }

    #[track_caller]
    fn assert_may_wait(&self) {
        assert!(
            context::is_blocking_allowed() || thread::panicking(),
            "Cannot drop a runtime in a context where blocking is not allowed, such as a task: the \
             drop waits for the runtime's threads. Use `shutdown_background`, or drop it in \
             `spawn_blocking`"
        );
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if self.released {
            return;
        }
        self.shutdown();
        self.assert_may_wait();
        if context::is_blocking_allowed() {
            self.handle.inner().threads.wait(None);
        }
    }
}
