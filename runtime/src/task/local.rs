#![forbid(unsafe_code)]
//! Tasks that stay on their thread.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::cell::{JoinHandle, TaskMeta};
use crate::primitives::Arc;
use crate::runtime::{Handle, Id, Runtime, forbid_block_in_place};
use crate::scheduler::{EnteredLocal, LocalScheduler};

/// Tasks that need not be `Send`: all of them run on the thread that made the set, whenever the set
/// is polled there.
///
/// A set is driven by awaiting it, which runs its tasks until all are done, or by awaiting a future
/// in [`run_until`](Self::run_until) or [`block_on`](Self::block_on), which runs them beside that
/// future. Since a set is not `Send`, this happens in a [`Runtime::block_on`], under
/// `#[fastwake::main]`, or in another local task; it cannot be part of a spawned one. The tasks may
/// be woken from anywhere.
///
/// The set is a task among others for the scheduler that polls it: after 61 of its tasks' polls it
/// lets the others go first.
///
/// # Dropping
///
/// Dropping a set drops its tasks, on this thread; their handles yield an error that
/// [is a cancellation](crate::task::JoinError::is_cancelled). What is spawned by a destructor then,
/// or later through an [`enter`](Self::enter) guard, is cancelled at once. Wakers of the tasks may
/// outlive the set and do nothing then.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use fastwake::task::{self, LocalSet};
///
/// # #[fastwake::main]
/// # async fn main() {
/// let shared = Rc::new("not Send");
/// let local = LocalSet::new();
/// let length = local.run_until(async move {
///     let shared = Rc::clone(&shared);
///     task::spawn_local(async move {
///         task::yield_now().await;
///         shared.len()
///     }).await.unwrap()
/// }).await;
/// assert_eq!(length, 8);
/// # }
/// ```
pub struct LocalSet {
    id: Id,
    scheduler: Arc<LocalScheduler>,
    /// Belongs to its thread.
    _thread: PhantomData<*const ()>,
}

impl LocalSet {
    /// An empty set, of this thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::LocalSet;
    ///
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let local = LocalSet::new();
    /// let task = local.spawn_local(async { 5 });
    /// // Until somebody polls the set, its tasks wait.
    /// assert!(!task.is_finished());
    /// assert_eq!(local.block_on(&runtime, task)?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            id: Id::next(),
            scheduler: Arc::new(LocalScheduler::new()),
            _thread: PhantomData,
        }
    }

    /// The set's id, which no runtime and no other set has.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::LocalSet;
    ///
    /// assert_ne!(LocalSet::new().id(), LocalSet::new().id());
    /// ```
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// Makes this set the one that [`spawn_local`] spawns on, until the guard is dropped. What is
    /// spawned runs when the set is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::{self, LocalSet};
    ///
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let local = LocalSet::new();
    /// let guard = local.enter();
    /// let task = task::spawn_local(async { 5 });
    /// drop(guard);
    /// assert_eq!(local.block_on(&runtime, task)?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard(LocalScheduler::enter(&self.scheduler))
    }

    /// Spawns a task on the set, from inside or outside of it. It runs when the set is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let local = fastwake::task::LocalSet::new();
    /// let done = Rc::new(Cell::new(false));
    /// let flag = Rc::clone(&done);
    /// local.spawn_local(async move { flag.set(true) });
    /// local.await;
    /// assert!(done.get());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_with(future, TaskMeta::at(Location::caller()))
    }

    pub(super) fn spawn_with<F>(&self, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        LocalScheduler::spawn(&self.scheduler, future, meta)
    }

    /// Runs a future and the set's tasks on the calling thread, inside the runtime, and blocks until
    /// the future is ready. Tasks that are not done by then are kept, and go on when the set is
    /// polled again.
    ///
    /// The future is not a task: it may borrow.
    ///
    /// # Panics
    ///
    /// As [`Runtime::block_on`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::{self, LocalSet};
    ///
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let answer = LocalSet::new().block_on(&runtime, async {
    ///     task::spawn_local(async { 42 }).await.unwrap()
    /// });
    /// assert_eq!(answer, 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }

    /// Runs a future and the set's tasks beside it, until the future is ready. Tasks that are not
    /// done by then are kept, and go on when the set is polled again.
    ///
    /// # Cancel safety
    ///
    /// As that of `future`; the tasks are not touched.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::{self, LocalSet};
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let local = LocalSet::new();
    /// let sum = local.run_until(async {
    ///     let (a, b) = (task::spawn_local(async { 1 }), task::spawn_local(async { 2 }));
    ///     a.await.unwrap() + b.await.unwrap()
    /// });
    /// assert_eq!(sum.await, 3);
    /// # });
    /// ```
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            self.turn(context, |context| match future.as_mut().poll(context) {
                Poll::Pending => {
                    self.run_tasks(context);
                    Poll::Pending
                }
                ready => ready,
            })
        })
        .await
    }

    /// Gives `f` a poll of the set: inside of it, and with its waker where the tasks find it.
    fn turn<R>(&self, context: &mut Context<'_>, f: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.scheduler.set_waker(context.waker());
        let _polled = LocalScheduler::enter_poll(&self.scheduler);
        forbid_block_in_place(|| f(context))
    }

    /// Runs tasks for a while. False: there are none left to run.
    fn run_tasks(&self, context: &Context<'_>) -> bool {
        let more = self.scheduler.run_tasks();
        if more {
            context.waker().wake_by_ref();
        }
        more
    }
}

impl Future for LocalSet {
    type Output = ();

    /// Ready when all tasks are done.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.turn(context, |context| {
            if !self.run_tasks(context) && self.scheduler.are_done() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }
}

impl Default for LocalSet {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        // What the futures do when they are dropped, they do inside their set.
        let _polled = LocalScheduler::enter_poll(&self.scheduler);
        forbid_block_in_place(|| self.scheduler.close());
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").finish_non_exhaustive()
    }
}

/// As long as this lives, [`spawn_local`] spawns on the set that made it; from
/// [`LocalSet::enter`].
///
/// It does not keep the set: what is spawned after the set has been dropped is cancelled.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use fastwake::task::{LocalEnterGuard, LocalSet, spawn_local};
///
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let local = LocalSet::new();
/// let text = Rc::new("not Send");
/// let task = {
///     let _guard: LocalEnterGuard = local.enter();
///     spawn_local(async move { text.len() })
/// };
/// assert_eq!(local.run_until(task).await.unwrap(), 8);
/// # });
/// ```
#[must_use = "the set is left again when the guard is dropped"]
pub struct LocalEnterGuard(#[expect(dead_code, reason = "is dropped")] EnteredLocal);

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish_non_exhaustive()
    }
}

/// Spawns a task that stays on this thread: on the current
/// [`LocalRuntime`](crate::runtime::LocalRuntime) or, in another runtime, on the current
/// [`LocalSet`].
///
/// # Panics
///
/// Where there is neither; and in a `LocalRuntime` that was entered through a handle on another
/// thread than its own.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
/// use fastwake::task;
///
/// #[fastwake::main(flavor = "local")]
/// async fn main() {
///     let text = Rc::new("not Send");
///     let task = task::spawn_local(async move { text.len() });
///     assert_eq!(task.await.unwrap(), 8);
/// }
/// ```
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_local_with(future, TaskMeta::at(Location::caller()))
}

#[track_caller]
pub(super) fn spawn_local_with<F>(future: F, meta: TaskMeta) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    if let Some(runtime) = Handle::current_local() {
        return runtime.spawn_local_with(future, meta);
    }
    match LocalScheduler::current() {
        Some(scheduler) => LocalScheduler::spawn(&scheduler, future, meta),
        None => panic!(
            "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`: \
             run it in `LocalSet::run_until`, or in a task that was spawned there"
        ),
    }
}
