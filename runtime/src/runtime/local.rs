#![forbid(unsafe_code)]
//! A current-thread runtime that stays on its thread, and whose tasks may do so, too.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use crate::cell::{JoinHandle, TaskMeta};

use super::{Builder, EnterGuard, Handle, Runtime, RuntimeMetrics};

/// A current-thread runtime of the thread that built it, on which tasks need not be `Send`.
///
/// Inside of it, [`spawn_local`](crate::task::spawn_local) spawns them without a
/// [`LocalSet`](crate::task::LocalSet). Its [`Handle`] may go to other threads, and spawn from there
/// what is `Send`. It is built by [`new`](Self::new), [`Builder::build_local`], or
/// `#[fastwake::main(flavor = "local")]`.
///
/// Dropping it shuts it down, as with [`Runtime`].
///
/// # Examples
///
/// ```
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use fastwake::runtime::LocalRuntime;
///
/// let runtime = LocalRuntime::new()?;
/// let log = Rc::new(RefCell::new(Vec::new()));
/// let task = runtime.spawn_local({
///     let log = Rc::clone(&log);
///     async move { log.borrow_mut().push("local") }
/// });
/// runtime.block_on(task)?;
/// assert_eq!(*log.borrow(), ["local"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalRuntime {
    runtime: Runtime,
    /// Belongs to its thread.
    _thread: PhantomData<*const ()>,
}

/// What [`Builder::build_local`] might be told. As yet there is nothing; the type is there for
/// programs to go on to compile when there is.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::{Builder, LocalOptions};
///
/// let options = LocalOptions::default();
/// let runtime = Builder::new_current_thread().enable_all().build_local(options)?;
/// assert_eq!(runtime.block_on(async { 5 }), 5);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {
    /// As in tokio, options may come to hold what belongs to a thread.
    _thread: PhantomData<*const ()>,
}

impl LocalRuntime {
    /// # Panics
    ///
    /// If the runtime has not been built to be a local one of this thread.
    pub(super) fn from_runtime(runtime: Runtime) -> Self {
        assert!(runtime.handle().is_local(), "built as a local runtime");
        Self {
            runtime,
            _thread: PhantomData,
        }
    }

    /// A local runtime with all drivers; see [`Builder::build_local`].
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let text = Rc::new("not Send");
    /// let length = runtime.block_on(async {
    ///     let text = Rc::clone(&text);
    ///     fastwake::task::spawn_local(async move { text.len() }).await
    /// });
    /// assert_eq!(length?, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> io::Result<Self> {
        Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
    }

    /// A handle, to keep or to send elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::thread;
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let handle = runtime.handle().clone();
    /// // From another thread, what is `Send` can be spawned; it runs on the runtime's own.
    /// let spawner = thread::spawn(move || handle.spawn(async { thread::current().id() }));
    /// let task = spawner.join().unwrap();
    /// assert_eq!(runtime.block_on(task)?, thread::current().id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Spawns a task on the runtime. It runs while the thread is in [`block_on`](Self::block_on).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let count = Rc::new(Cell::new(0));
    /// let task = runtime.spawn_local({
    ///     let count = Rc::clone(&count);
    ///     async move { count.set(count.get() + 1) }
    /// });
    /// runtime.block_on(task).unwrap();
    /// assert_eq!(count.get(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let meta = TaskMeta::at(Location::caller());
        self.handle().spawn_local_with(future, meta)
    }

    /// As [`Handle::spawn_blocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
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
        self.runtime.spawn_blocking(closure)
    }

    /// Runs a future and the runtime's tasks on the calling thread, and blocks until the future is
    /// ready.
    ///
    /// # Panics
    ///
    /// As [`Runtime::block_on`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let (doubled, input) = (Cell::new(0), 21);
    /// // The future is not a task: it may borrow.
    /// runtime.block_on(async {
    ///     let double = fastwake::task::spawn_local(async move { 2 * input });
    ///     doubled.set(double.await.unwrap());
    /// });
    /// assert_eq!(doubled.get(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// As [`Handle::enter`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let task = {
    ///     let _entered = runtime.enter();
    ///     let text = Rc::new("not Send");
    ///     // Finds the runtime, although this is no task of it.
    ///     fastwake::task::spawn_local(async move { text.len() })
    /// };
    /// assert_eq!(runtime.block_on(task)?, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    /// As [`Handle::metrics`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let task = runtime.spawn_local(async { "done" });
    /// assert_eq!(runtime.metrics().num_alive_tasks(), 1);
    /// runtime.block_on(task)?;
    /// assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        self.runtime.metrics()
    }

    /// Shuts down, and waits at most `timeout` for closures that are under way; see
    /// [`Runtime::shutdown_timeout`].
    ///
    /// # Panics
    ///
    /// If called where blocking is not allowed, unless `timeout` is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// runtime.spawn_blocking(|| std::thread::sleep(Duration::from_secs(60)));
    /// runtime.shutdown_timeout(Duration::from_millis(10));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_timeout(self, timeout: Duration) {
        self.runtime.shutdown_timeout(timeout);
    }

    /// Shuts down without waiting; see [`Runtime::shutdown_background`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fastwake::runtime::LocalRuntime;
    ///
    /// let runtime = LocalRuntime::new()?;
    /// let task = runtime.spawn_local(std::future::pending::<()>());
    /// runtime.spawn_blocking(|| std::thread::sleep(Duration::from_secs(60)));
    /// // Drops the tasks, and does not wait for the closure.
    /// runtime.shutdown_background();
    /// assert!(task.is_finished());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shutdown_background(self) {
        self.runtime.shutdown_background();
    }
}

// As with `Runtime`: no invariant is broken across a call.
impl UnwindSafe for LocalRuntime {}
impl RefUnwindSafe for LocalRuntime {}
