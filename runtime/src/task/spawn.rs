#![forbid(unsafe_code)]
//! Making tasks in the current runtime.

use std::future::Future;
use std::panic::Location;

use crate::cell::{Id, JoinHandle, TaskMeta};
use crate::runtime::{Handle, allow_blocking, may_block_in_place};
use crate::scheduler;

/// Spawns a task in the current runtime; see [`Handle::spawn`].
///
/// # Panics
///
/// Outside a runtime.
///
/// # Examples
///
/// ```
/// #[fastwake::main]
/// async fn main() {
///     let task = fastwake::spawn(async { "hello from a task" });
///     println!("{}", task.await.unwrap());
/// }
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let meta = TaskMeta::at(Location::caller());
    Handle::with_current(|handle| handle.spawn_with(future, meta))
}

/// Runs a closure that may block its thread (file access, a database without async, a lock that is
/// held for long) on a thread made for that.
///
/// Threads are made on demand, up to [`max_blocking_threads`], and end when they have been without
/// work for [`thread_keep_alive`]. Closures begin in the order of their spawns. A closure that has
/// begun cannot be cancelled; dropping the runtime waits for it.
///
/// If the system gives no thread and there is none yet, the handle yields a [`JoinError`] that
/// [says why](crate::task::JoinError::not_started_because). If there are some, the closure waits for
/// one of them, or until the next spawn finds that the system has a thread again.
///
/// A task that awaits the handle may go on on the closure's thread, so that nobody has to be woken for it. So
/// a closure that changes its thread's CPUs or priority is to change them back.
///
/// [`max_blocking_threads`]: crate::runtime::Builder::max_blocking_threads
/// [`thread_keep_alive`]: crate::runtime::Builder::thread_keep_alive
/// [`JoinError`]: crate::task::JoinError
///
/// # Panics
///
/// Outside a runtime.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hosts = fastwake::task::spawn_blocking(|| std::fs::read("/etc/hosts")).await?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let meta = TaskMeta::at(Location::caller());
    Handle::with_current(|handle| handle.spawn_blocking_with(closure, meta))
}

/// Runs a closure that computes for long (compression, hashing, image work) beside the workers.
///
/// At most one such closure runs per CPU that the runtime may use, at a lower scheduling priority:
/// the tasks on the workers stay responsive while every CPU is busy computing. More wait their
/// turn. A closure that has begun cannot be cancelled; dropping the runtime waits for it.
///
/// # Panics
///
/// Outside a runtime.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let sum = fastwake::task::spawn_cpu_intensive(|| (0..1_000_000_u64).sum::<u64>());
/// assert_eq!(sum.await.unwrap(), 499_999_500_000);
/// # });
/// ```
#[track_caller]
pub fn spawn_cpu_intensive<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let meta = TaskMeta::at(Location::caller());
    Handle::with_current(|handle| handle.spawn_cpu_intensive_with(closure, meta))
}

/// Runs a closure that blocks, here and now, and lets another worker take this one's place and its
/// queued tasks meanwhile.
///
/// Unlike [`spawn_blocking`] it may borrow, and what else the same task does (another branch of a
/// `join!`) waits for it. Inside the closure, blocking is allowed: `Handle::current().block_on(…)`
/// works. If the system gives no thread for another worker, or if as many as 512 workers of the pool
/// are blocked, the pool does with one fewer until the closure returns.
///
/// # Panics
///
/// In a current-thread runtime, whose one thread has nobody to take its place, and inside of a
/// [`LocalSet`](crate::task::LocalSet), whose tasks stay on their thread.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let task = fastwake::spawn(async {
///     fastwake::task::block_in_place(|| std::fs::read("/etc/hosts"))
/// });
/// # let _ = task.await.unwrap();
/// # });
/// ```
#[track_caller]
pub fn block_in_place<F, R>(closure: F) -> R
where
    F: FnOnce() -> R,
{
    assert!(
        may_block_in_place(),
        "`block_in_place` can call blocking only when running on the multi-threaded runtime, and \
         not in a `LocalSet`: nobody could take this thread's place. Use `spawn_blocking`"
    );
    scheduler::block_in_place(|| allow_blocking(closure))
}

/// The id of the task that calls this.
///
/// # Panics
///
/// Outside a task; the future of a `block_on` is none.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let task = fastwake::spawn(async {
///     println!("task {} begins", fastwake::task::id());
///     fastwake::task::id()
/// });
/// assert_eq!(task.id(), task.await.unwrap());
/// # });
/// ```
#[track_caller]
#[must_use]
pub fn id() -> Id {
    try_id().expect("`task::id` is for tasks, and this is not called in one")
}

/// The id of the task that calls this, if one does.
///
/// # Examples
///
/// ```
/// use fastwake::task::try_id;
///
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let task = fastwake::spawn(async { try_id() });
/// assert_eq!(Some(task.id()), task.await.unwrap());
/// assert_eq!(try_id(), None, "the future of a `block_on` is no task");
/// # });
/// ```
#[must_use]
pub fn try_id() -> Option<Id> {
    Id::current()
}
