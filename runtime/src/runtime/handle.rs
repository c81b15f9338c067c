#![forbid(unsafe_code)]
//! A reference to a runtime.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::blocking::BlockingPool;
use crate::cell::{self, JoinHandle, TaskMeta};
use crate::coop;
#[cfg(feature = "test-util")]
use crate::driver::Clock;
#[cfg(any(feature = "net", feature = "time"))]
use crate::driver::Driver;
use crate::metrics::Queues;
use crate::park::ThreadParker;
use crate::scheduler::{CurrentThread, Group};
use crate::threads::Threads;
use crate::trace::{self, Kind};

use super::context::{self, EnterGuard, Polls, TryCurrentError};
use super::dump::Dump;
#[cfg(unix)]
use super::inspect::Inspector;
use super::{Id, RuntimeMetrics};

/// Where a runtime's tasks run.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::{Handle, RuntimeFlavor};
/// use fastwake::task;
///
/// /// Without a change of threads where that can be had.
/// async fn manifest() -> std::io::Result<String> {
///     let read = || std::fs::read_to_string("Cargo.toml");
///     match Handle::current().runtime_flavor() {
///         RuntimeFlavor::MultiThread => task::block_in_place(read),
///         _ => task::spawn_blocking(read).await?,
///     }
/// }
///
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let text = fastwake::spawn(manifest()).await.unwrap()?;
/// assert!(text.contains("[package]"));
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// On the thread that is in `block_on`.
    CurrentThread,
    /// On worker threads.
    MultiThread,
}

/// A reference to a runtime, to spawn on it from anywhere. Clones are cheap.
///
/// A handle does not keep the runtime running: once its [`Runtime`](super::Runtime) has been
/// dropped, what is spawned is cancelled at once.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// let handle = runtime.handle().clone();
/// // A thread that is none of the runtime's.
/// let thread = std::thread::spawn(move || {
///     let task = handle.spawn(async { 6 * 7 });
///     handle.block_on(task)
/// });
/// assert_eq!(thread.join().unwrap().unwrap(), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) id: Id,
    pub(super) name: Option<String>,
    /// For the current-thread flavor; otherwise tasks run in the group's pools.
    pub(super) current_thread: Option<Arc<CurrentThread>>,
    pub(super) group: Arc<Group>,
    pub(super) blocking: Arc<BlockingPool>,
    pub(super) threads: Arc<Threads>,
    #[cfg(unix)]
    pub(super) inspector: Option<Inspector>,
    pub(super) queues: Queues,
    #[cfg(feature = "test-util")]
    pub(super) clock: Arc<Clock>,
}

/// A closure as a future that is ready at its first poll.
async fn run_closure<R>(closure: impl FnOnce() -> R) -> R {
    context::allow_blocking(closure)
}

impl Handle {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// The runtime that the calling thread is in.
    ///
    /// # Panics
    ///
    /// If it is in none; see [`try_current`](Self::try_current).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Handle;
    ///
    /// #[fastwake::main]
    /// async fn main() {
    ///     let handle = Handle::current();
    ///     std::thread::spawn(move || {
    ///         handle.spawn(async { println!("from another thread") });
    ///     });
    /// }
    /// ```
    #[track_caller]
    #[must_use]
    pub fn current() -> Self {
        match context::try_current() {
            Ok(handle) => handle,
            Err(error) => panic!("{error}"),
        }
    }

    /// The runtime that the calling thread is in.
    ///
    /// # Errors
    ///
    /// If it is in none.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{Handle, Runtime};
    ///
    /// assert!(Handle::try_current().is_err(), "there is no runtime here");
    /// Runtime::new()?.block_on(async { assert!(Handle::try_current().is_ok()) });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_current() -> Result<Self, TryCurrentError> {
        context::try_current()
    }

    /// Gives `f` the current runtime, without a clone.
    #[track_caller]
    pub(crate) fn with_current<R>(f: impl FnOnce(&Self) -> R) -> R {
        match context::with_current(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// The current runtime, if it is a local one.
    pub(crate) fn current_local() -> Option<Self> {
        let local = |handle: &Self| handle.is_local().then(|| handle.clone());
        context::with_current(local).ok().flatten()
    }

    /// Is it the handle of a [`LocalRuntime`](super::LocalRuntime)?
    pub(super) fn is_local(&self) -> bool {
        let scheduler = self.inner.current_thread.as_ref();
        scheduler.is_some_and(|scheduler| scheduler.is_local())
    }

    /// Makes this runtime the thread's current one until the guard is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let guard = runtime.handle().enter();
    /// fastwake::spawn(async {});
    /// drop(guard);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        context::enter(self)
    }

    /// Spawns a task, which begins to run at once, on whatever worker has time.
    ///
    /// On a runtime that has been shut down the task is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let task = runtime.handle().spawn(async { 1 + 1 });
    /// assert_eq!(runtime.block_on(task).unwrap(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_with(future, TaskMeta::at(Location::caller()))
    }

    pub(crate) fn spawn_with<F>(&self, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match &self.inner.current_thread {
            None => self.inner.group.spawn(future, meta),
            Some(scheduler) => scheduler.spawn(future, meta),
        }
    }

    /// Spawns a task that stays on this thread.
    ///
    /// # Panics
    ///
    /// Unless this is a local runtime, and on its thread.
    #[track_caller]
    pub(crate) fn spawn_local_with<F>(&self, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let scheduler = self.inner.current_thread.as_ref();
        scheduler
            .expect("a local runtime has no workers")
            .spawn_local(future, meta)
    }

    /// Spawns many tasks in one go: they are made first, put on the worklist together under one
    /// lock, and as many workers are woken as they need. The handles are in the futures' order.
    ///
    /// # Panics
    ///
    /// If the iterator panics, so does this, and the tasks that were made are cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let handle = fastwake::runtime::Handle::current();
    /// let tasks = handle.spawn_batch((0..100).map(|i| async move { i * i }));
    /// let mut sum = 0;
    /// for task in tasks {
    ///     sum += task.await.unwrap();
    /// }
    /// assert_eq!(sum, 328_350);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_batch<I>(&self, futures: I) -> Vec<JoinHandle<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send> + Send + 'static>,
    {
        let meta = TaskMeta::at(Location::caller());
        match &self.inner.current_thread {
            None => self.inner.group.spawn_batch(futures, &meta),
            Some(scheduler) => scheduler.spawn_batch(futures, &meta),
        }
    }

    /// Spawns a task on the pool that is bound to one CPU: whatever wakes it, it is polled there.
    ///
    /// The pool runs one worker, and has spares for when it blocks in
    /// [`block_in_place`](crate::task::block_in_place). It is made by the first call for its CPU.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the runtime may not use that CPU (see
    /// [`Builder::cpus`](super::Builder::cpus)). A thread that the system does not give is reported
    /// through the handle, as with [`spawn_blocking`](Self::spawn_blocking).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let handle = fastwake::runtime::Handle::current();
    /// let cpu = fastwake::topology::allowed_cpus()?.first().unwrap();
    /// let task = handle.spawn_on(cpu, async { "here" })?;
    /// assert_eq!(task.await.unwrap(), "here");
    /// assert!(handle.spawn_on(1_000_000, async {}).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&self, cpu: usize, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner
            .group
            .spawn_on(cpu, future, TaskMeta::at(Location::caller()))
    }

    /// Runs a closure that may block on a thread made for that; see
    /// [`task::spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let handle = runtime.handle();
    /// let file = handle.spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
    /// assert!(handle.block_on(file)??.contains("[package]"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_blocking_with(closure, TaskMeta::at(Location::caller()))
    }

    pub(crate) fn spawn_blocking_with<F, R>(&self, closure: F, meta: TaskMeta) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let meta = meta.of_kind(Kind::closure::<F>());
        self.inner.blocking.spawn(run_closure(closure), meta)
    }

    /// Runs a closure that computes for long beside the workers; see
    /// [`task::spawn_cpu_intensive`](crate::task::spawn_cpu_intensive).
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let handle = runtime.handle();
    /// let sum = handle.spawn_cpu_intensive(|| (1..=1_000_u64).map(|i| i * i).sum::<u64>());
    /// assert_eq!(handle.block_on(sum)?, 333_833_500);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn spawn_cpu_intensive<F, R>(&self, closure: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.spawn_cpu_intensive_with(closure, TaskMeta::at(Location::caller()))
    }

    pub(crate) fn spawn_cpu_intensive_with<F, R>(&self, closure: F, meta: TaskMeta) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let meta = meta.of_kind(Kind::closure::<F>());
        self.inner
            .group
            .spawn_cpu_intensive(run_closure(closure), meta)
    }

    /// As [`spawn_with`](Self::spawn_with), for a future whose polls compute for long.
    pub(crate) fn spawn_cpu_intensive_future<F>(
        &self,
        future: F,
        meta: TaskMeta,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.group.spawn_cpu_intensive(future, meta)
    }

    /// Runs a future on the calling thread, inside this runtime, and blocks until it is ready.
    ///
    /// On a current-thread runtime this does not run the spawned tasks:
    /// [`Runtime::block_on`](super::Runtime::block_on) does.
    ///
    /// # Panics
    ///
    /// If called where blocking is not allowed, such as in a task; if the future panics.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// assert_eq!(runtime.handle().block_on(async { 5 }), 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.assert_may_block();
        let future = trace_block_on(future);
        let _entered = self.enter();
        // Of whatever flavor: no task and no core is on this thread, so it may be blocked in place.
        context::forbid_blocking(RuntimeFlavor::MultiThread, Polls::Future, || {
            park_on(future)
        })
    }

    /// As [`block_on`](Self::block_on), and runs the tasks of a current-thread runtime meanwhile.
    #[track_caller]
    pub(super) fn drive<F: Future>(&self, future: F) -> F::Output {
        self.assert_may_block();
        let future = trace_block_on(future);
        let _entered = self.enter();
        context::forbid_blocking(self.runtime_flavor(), Polls::Future, || {
            match &self.inner.current_thread {
                None => park_on(future),
                Some(scheduler) => scheduler.block_on(future),
            }
        })
    }

    #[track_caller]
    fn assert_may_block(&self) {
        assert!(
            context::is_blocking_allowed(),
            "Cannot start a runtime from within a runtime. This happens because a function (like \
             `block_on`) attempted to block the current thread while the thread is being used to \
             drive asynchronous tasks. If you are in an async function, use `.await` on the future \
             instead of blocking on it. Elsewhere, wrap the call in \
             `fastwake::task::block_in_place`"
        );
    }

    /// The driver for what the calling thread makes; `None` if the runtime has none.
    #[cfg(any(feature = "net", feature = "time"))]
    fn use_driver(&self) -> Option<Arc<Driver>> {
        let pools = self.inner.group.use_driver();
        pools.or_else(|| self.inner.current_thread.as_ref()?.driver().cloned())
    }

    /// The driver for a socket or the like that the calling thread makes.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    #[cfg(feature = "net")]
    #[track_caller]
    pub(crate) fn io_driver() -> Arc<Driver> {
        let driver = Self::with_current(Self::use_driver);
        driver.filter(|driver| driver.has_io()).expect(
            "A Tokio 1.x context was found, but IO is disabled. Call `enable_io` on the runtime \
             builder to enable IO. The context is that of a fastwake runtime",
        )
    }

    /// The driver for a timer that the calling thread makes.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without timers.
    #[cfg(feature = "time")]
    #[track_caller]
    pub(crate) fn time_driver() -> Arc<Driver> {
        let driver = Self::with_current(Self::use_driver);
        driver.filter(|driver| driver.has_time()).expect(
            "A Tokio 1.x context was found, but timers are disabled. Call `enable_time` on the \
             runtime builder to enable timers. The context is that of a fastwake runtime",
        )
    }

    /// Can sockets and the like be made in this runtime?
    #[cfg(all(unix, feature = "signal"))]
    pub(crate) fn has_io(&self) -> bool {
        self.use_driver().is_some_and(|driver| driver.has_io())
    }

    pub(crate) fn group(&self) -> &Group {
        &self.inner.group
    }

    pub(crate) fn blocking(&self) -> &Arc<BlockingPool> {
        &self.inner.blocking
    }

    /// The runtime's work queues.
    pub(crate) fn queues(&self) -> &Queues {
        &self.inner.queues
    }

    /// The runtime's clock.
    #[cfg(feature = "test-util")]
    pub(crate) fn clock(&self) -> &Arc<Clock> {
        &self.inner.clock
    }

    /// Fires what is due on a clock that has been moved.
    #[cfg(feature = "test-util")]
    pub(crate) fn fire_due_timers(&self) {
        let own = self.inner.current_thread.iter();
        let own = own.filter_map(|scheduler| scheduler.driver().map(|driver| &**driver));
        own.chain(self.inner.group.drivers())
            .for_each(Driver::fire_due);
    }

    /// Where the runtime's tasks run.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{Builder, RuntimeFlavor};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// assert_eq!(runtime.handle().runtime_flavor(), RuntimeFlavor::CurrentThread);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        match self.inner.current_thread {
            None => RuntimeFlavor::MultiThread,
            Some(_) => RuntimeFlavor::CurrentThread,
        }
    }

    /// The runtime's id.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{Handle, Runtime};
    ///
    /// let (front, back) = (Runtime::new()?, Runtime::new()?);
    /// let is_front = |handle: &Handle| handle.id() == front.handle().id();
    /// assert!(front.block_on(async { is_front(&Handle::current()) }));
    /// assert!(!back.block_on(async { is_front(&Handle::current()) }));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> Id {
        self.inner.id
    }

    /// The name that [`Builder::name`](super::Builder::name) gave the runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{Builder, Runtime};
    ///
    /// let ingest = Builder::new_multi_thread().name("ingest").build()?;
    /// assert_eq!(ingest.handle().name(), Some("ingest"));
    /// assert_eq!(Runtime::new()?.handle().name(), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.inner.name.as_deref()
    }

    /// A view of what the runtime has done so far.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::runtime::Handle;
    ///
    /// let task = fastwake::spawn(std::future::pending::<()>());
    /// assert_eq!(Handle::current().metrics().num_alive_tasks(), 1);
    /// # drop(task);
    /// # });
    /// ```
    #[must_use]
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::new(self.clone())
    }

    /// What the runtime looks like now: its pods, its pools, what their workers do. It waits for no
    /// lock, and says which one was held.
    ///
    /// (What tokio's unstable `dump` gives, the traces of tasks, is something else.)
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// println!("{}", runtime.handle().dump());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn dump(&self) -> Dump {
        Dump::new(self)
    }
}

#[track_caller]
#[inline(always)]
fn trace_block_on<F: Future>(future: F) -> trace::Traced<F> {
    trace::block_on(future, || cell::Id::next().number(), Location::caller())
}

/// Polls a future on this thread, which sleeps meanwhile.
fn park_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    ThreadParker::with_current(|parker| {
        let waker = parker.waker();
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut context)) {
                return output;
            }
            parker.park(None);
        }
    })
}

impl futures_task::Spawn for Handle {
    fn spawn_obj(
        &self,
        future: futures_task::FutureObj<'static, ()>,
    ) -> Result<(), futures_task::SpawnError> {
        drop(self.spawn(future));
        Ok(())
    }
}

// What a panic can leave behind in a runtime is locked, and no invariant is broken across a call.
impl UnwindSafe for Handle {}
impl RefUnwindSafe for Handle {}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("name", &self.inner.name)
            .field("flavor", &self.runtime_flavor())
            .finish_non_exhaustive()
    }
}
