//! The handles of a task that its spawner keeps.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker, ready};

use crate::coop::poll_proceed;

use super::header::{Header, release};
use super::state::Detach;
use super::waker::{task_of_waker, wake_task};
use super::{Id, JoinError};

/// Waits for a task, and gives its output.
///
/// Dropping the handle detaches the task: it goes on, and its output is dropped.
///
/// # Cancel safety
///
/// Awaiting `&mut JoinHandle` is cancel safe: if another branch of a `select!` wins, the output is
/// still there for the next time.
///
/// # Errors
///
/// [`JoinError`] if the task panicked or was cancelled.
///
/// # Panics
///
/// Polling the handle again after it has given the output panics.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let handle = fastwake::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # });
/// ```
pub struct JoinHandle<T> {
    task: NonNull<Header>,
    _output: PhantomData<T>,
}

// SAFETY: a handle moves the output to its own thread, which `T: Send` allows; everything else goes
// through the state word.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives no access to the output.
unsafe impl<T: Send> Sync for JoinHandle<T> {}
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}
impl<T> Unpin for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    ///
    /// The caller gives the handle's reference to a task with this output.
    pub(super) unsafe fn from_raw(task: NonNull<Header>) -> Self {
        Self {
            task,
            _output: PhantomData,
        }
    }

    fn header(&self) -> &Header {
        // SAFETY: the handle owns a reference.
        unsafe { self.task.as_ref() }
    }

    /// Asks for the task to be cancelled: its future is dropped at its next turn instead of being
    /// polled. A poll that is under way ends first; a task that is complete stays so. A closure of
    /// [`spawn_blocking`](crate::task::spawn_blocking) can be cancelled until it starts.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let handle = fastwake::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort(&self) {
        // SAFETY: the handle owns a reference.
        unsafe { abort(self.task) }
    }

    /// Is the task complete, so that awaiting the handle gives the output at once? An aborted task
    /// is complete once its future has been dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    /// use fastwake::task::yield_now;
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// let task = runtime.spawn(async { 5 });
    /// assert!(!task.is_finished(), "its thread is here, and not in `block_on`");
    /// runtime.block_on(async {
    ///     while !task.is_finished() {
    ///         yield_now().await;
    ///     }
    ///     assert_eq!(task.await.unwrap(), 5);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// A handle that can cancel the task and that does not keep its output.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let task = fastwake::spawn(std::future::pending::<()>());
    /// let abort = task.abort_handle();
    /// // Somebody else decides when it is to stop, while this waits for it.
    /// std::thread::spawn(move || abort.abort());
    /// assert!(task.await.unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.header().state.reference();
        AbortHandle { task: self.task }
    }

    /// The task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let handle = fastwake::spawn(async { fastwake::task::id() });
    /// let id = handle.id();
    /// assert_eq!(handle.await.unwrap(), id);
    /// # });
    /// ```
    #[must_use]
    pub fn id(&self) -> Id {
        self.header().id
    }

    /// Leaves the waker for the completer. False: the task is complete.
    fn register(&self, waker: &Waker) -> bool {
        let header = self.header();
        if !header.state.reclaim_join_waker() {
            return false;
        }
        let same = header.join_waker.with(|stored| {
            // SAFETY: T6: the cell is ours.
            unsafe { &*stored }
                .as_ref()
                .is_some_and(|stored| stored.will_wake(waker))
        });
        if !same {
            let waker = Some(waker.clone());
            let old = header.join_waker.with_mut(|stored| {
                // SAFETY: T6: the cell is ours.
                std::mem::replace(unsafe { &mut *stored }, waker)
            });
            drop(old);
        }
        if header.state.store_join_waker() {
            return true;
        }
        self.drop_waker();
        false
    }

    fn drop_waker(&self) {
        let stored = &self.header().join_waker;
        // SAFETY: T6: the callers have made sure that the cell is ours.
        let waker = stored.with_mut(|waker| unsafe { (*waker).take() });
        drop(waker);
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(poll_proceed(context));
        let header = self.header();
        if !header.state.is_complete() && self.register(context.waker()) {
            return Poll::Pending;
        }
        unit.made_progress();
        let mut output: Option<Self::Output> = None;
        // SAFETY: complete, and we are the join handle (T5); the type is that of the task.
        unsafe { (header.vtable.take_output)(self.task, (&raw mut output).cast()) }
        Poll::Ready(output.expect("a complete task has an output"))
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        let header = self.header();
        match header.state.detach() {
            Detach::Released => return,
            Detach::DropWaker => self.drop_waker(),
            // SAFETY: complete, and the output is the join handle's (T5).
            Detach::DropOutput => unsafe { (header.vtable.drop_output)(self.task) },
        }
        // SAFETY: the handle's reference, which `detach` has left to us.
        unsafe { release(self.task) }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// Cancels a task, without a claim to its output.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let handle = fastwake::spawn(std::future::pending::<()>());
/// let abort = handle.abort_handle();
/// fastwake::spawn(async move { abort.abort() });
/// assert!(handle.await.unwrap_err().is_cancelled());
/// # });
/// ```
pub struct AbortHandle {
    task: NonNull<Header>,
}

// SAFETY: everything an abort handle does goes through the state word.
unsafe impl Send for AbortHandle {}
// SAFETY: as above.
unsafe impl Sync for AbortHandle {}
impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl AbortHandle {
    fn header(&self) -> &Header {
        // SAFETY: the handle owns a reference.
        unsafe { self.task.as_ref() }
    }

    /// As [`JoinHandle::abort`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async { 7 });
    /// let stuck = set.spawn(std::future::pending());
    /// stuck.abort();
    /// while let Some(result) = set.join_next().await {
    ///     match result {
    ///         Ok(output) => assert_eq!(output, 7),
    ///         Err(error) => assert_eq!(error.id(), stuck.id()),
    ///     }
    /// }
    /// # });
    /// ```
    pub fn abort(&self) {
        // SAFETY: the handle owns a reference.
        unsafe { abort(self.task) }
    }

    /// As [`JoinHandle::is_finished`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let task = fastwake::spawn(std::future::pending::<()>());
    /// let abort = task.abort_handle();
    /// assert!(!abort.is_finished());
    /// abort.abort();
    /// assert!(task.await.is_err());
    /// assert!(abort.is_finished());
    /// # });
    /// ```
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.header().state.is_complete()
    }

    /// The task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::collections::HashMap;
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// let names = HashMap::from([
    ///     (set.spawn(async { 3 + 5 }).id(), "sum"),
    ///     (set.spawn(async { 3 * 5 }).id(), "product"),
    /// ]);
    /// while let Some(result) = set.join_next_with_id().await {
    ///     let (id, output) = result.unwrap();
    ///     println!("the {} is {output}", names[&id]);
    /// }
    /// # });
    /// ```
    #[must_use]
    pub fn id(&self) -> Id {
        self.header().id
    }
}

impl AbortHandle {
    /// The task whose poll gave this waker; `None` for a waker of somebody else's.
    pub(crate) fn of_waker(waker: &Waker) -> Option<Self> {
        let task = task_of_waker(waker)?;
        // SAFETY: the waker keeps the task.
        unsafe { task.as_ref() }.state.reference();
        Some(Self { task })
    }

    /// Makes the task run, as a waker of it does.
    pub(crate) fn wake(&self) {
        // SAFETY: the handle owns a reference.
        unsafe { wake_task(self.task) }
    }
}

impl Clone for AbortHandle {
    fn clone(&self) -> Self {
        self.header().state.reference();
        Self { task: self.task }
    }
}

impl Drop for AbortHandle {
    fn drop(&mut self) {
        // SAFETY: the handle's reference.
        unsafe { release(self.task) }
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// # Safety
///
/// The caller holds a reference to the live task.
unsafe fn abort(task: NonNull<Header>) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    if header.state.cancel() {
        // SAFETY: the task was idle, so we are to make its `Runnable` (T2).
        unsafe { (header.vtable.schedule)(task) }
    }
}
