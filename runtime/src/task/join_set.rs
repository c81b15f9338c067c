#![forbid(unsafe_code)]
//! A set of tasks, awaited in the order in which they complete.

mod builder;

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use crossbeam_queue::SegQueue;
use futures_core::Stream;
use futures_task::{ArcWake, waker_ref};

use crate::cell::{AbortHandle, Id, JoinError, JoinHandle};
use crate::coop::{poll_proceed, unconstrained};
use crate::runtime::Handle;

use super::LocalSet;

pub use builder::Builder;

/// Tasks that belong together: they are awaited in the order in which they complete, and aborted
/// when the set is dropped. The set is also a [`Stream`] of their results.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let mut set = fastwake::task::JoinSet::new();
/// for i in 0..10 {
///     set.spawn(async move { i });
/// }
/// let mut sum = 0;
/// while let Some(result) = set.join_next().await {
///     sum += result.unwrap();
/// }
/// assert_eq!(sum, 45);
/// # });
/// ```
pub struct JoinSet<T> {
    tasks: HashMap<Id, Member<T>>,
    /// The handles that may be ready, by their tasks.
    ready: Arc<Ready>,
}

struct Member<T> {
    handle: JoinHandle<T>,
    notice: Arc<Notice>,
}

#[derive(Default)]
struct Ready {
    queue: SegQueue<Id>,
    waker: Mutex<Option<Waker>>,
}

/// The waker of one handle: says which it was.
struct Notice {
    id: Id,
    ready: Arc<Ready>,
}

impl ArcWake for Notice {
    fn wake_by_ref(notice: &Arc<Self>) {
        notice.ready.queue.push(notice.id);
        let waker = notice.ready.set_waker(None);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Ready {
    fn set_waker(&self, waker: Option<Waker>) -> Option<Waker> {
        let mut place = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, waker)
    }
}

impl<T> JoinSet<T> {
    /// An empty set.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::<u32>::new();
    /// assert!(set.join_next().await.is_none());
    /// # });
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            tasks: HashMap::new(),
            ready: Arc::default(),
        }
    }

    /// How many tasks are in the set: those that have completed and have not been taken, too.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// // At most four at a time.
    /// let mut set = JoinSet::new();
    /// for i in 0..20 {
    ///     if set.len() == 4 {
    ///         set.join_next().await;
    ///     }
    ///     set.spawn(async move { i });
    /// }
    /// assert_eq!(set.len(), 4);
    /// # });
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Is there no task in the set?
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async { 5 });
    /// assert!(!set.is_empty(), "until the output is taken");
    /// set.join_next().await;
    /// assert!(set.is_empty());
    /// # });
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Takes the next task that has completed, or waits for one. `None` if the set is empty.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: nothing is taken unless it is returned.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async { "done" });
    /// set.spawn(async { panic!("not done") });
    /// while let Some(result) = set.join_next().await {
    ///     match result {
    ///         Ok(text) => assert_eq!(text, "done"),
    ///         Err(error) => assert!(error.is_panic()),
    ///     }
    /// }
    /// # });
    /// ```
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|context| self.poll_join_next(context)).await
    }

    /// As [`join_next`](Self::join_next), with the task's id.
    ///
    /// # Cancel safety
    ///
    /// As [`join_next`](Self::join_next).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::collections::HashMap;
    /// use fastwake::task::JoinSet;
    ///
    /// let (mut set, mut names) = (JoinSet::new(), HashMap::new());
    /// for name in ["one", "three"] {
    ///     names.insert(set.spawn(async move { name.len() }).id(), name);
    /// }
    /// while let Some(result) = set.join_next_with_id().await {
    ///     let (id, length) = result.unwrap();
    ///     assert_eq!(names[&id].len(), length);
    /// }
    /// # });
    /// ```
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        poll_fn(|context| self.poll_join_next_with_id(context)).await
    }

    /// Takes the next task that has completed, if there is one.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// assert!(set.try_join_next().is_none(), "none has completed");
    /// # });
    /// ```
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.take_ready().map(|(_, result)| result)
    }

    /// As [`try_join_next`](Self::try_join_next), with the task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::{JoinSet, yield_now};
    ///
    /// let mut set = JoinSet::new();
    /// let id = set.spawn(async { "done" }).id();
    /// let next = loop {
    ///     match set.try_join_next_with_id() {
    ///         Some(result) => break result.unwrap(),
    ///         None => yield_now().await,
    ///     }
    /// };
    /// assert_eq!(next, (id, "done"));
    /// # });
    /// ```
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let (id, result) = self.take_ready()?;
        Some(result.map(|output| (id, output)))
    }

    /// Polls for the next task that has completed; ready with `None` if the set is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::future::poll_fn;
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async { 5 });
    /// let next = poll_fn(|context| set.poll_join_next(context)).await;
    /// assert_eq!(next.unwrap().unwrap(), 5);
    /// assert!(poll_fn(|context| set.poll_join_next(context)).await.is_none());
    /// # });
    /// ```
    pub fn poll_join_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(context)
            .map(|next| next.map(|result| Ok(result?.1)))
    }

    /// As [`poll_join_next`](Self::poll_join_next), with the task's id.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use std::future::poll_fn;
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// let id = set.spawn(async { 5 }).id();
    /// let next = poll_fn(|context| set.poll_join_next_with_id(context)).await;
    /// assert_eq!(next.unwrap().unwrap(), (id, 5));
    /// # });
    /// ```
    pub fn poll_join_next_with_id(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        let unit = ready!(poll_proceed(context));
        // Before the look: whoever completes after it finds the waker. The old one is dropped after
        // the look, for it may take anything with it.
        let _old = self.ready.set_waker(Some(context.waker().clone()));
        match self.take_ready() {
            Some((id, result)) => {
                unit.made_progress();
                Poll::Ready(Some(result.map(|output| (id, output))))
            }
            None => Poll::Pending,
        }
    }

    fn take_ready(&mut self) -> Option<(Id, Result<T, JoinError>)> {
        while let Some(id) = self.ready.queue.pop() {
            // A notice may be older than its task's departure.
            let Some(member) = self.tasks.get_mut(&id) else {
                continue;
            };
            let waker = waker_ref(&member.notice);
            // The set spends the unit: a handle without a budget would send its notice in vain, and
            // this loop would not end.
            let mut handle = unconstrained(&mut member.handle);
            let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(result) = polled {
                self.tasks.remove(&id);
                return Some((id, result));
            }
        }
        None
    }

    /// Waits for all tasks, and gives their outputs in the order of their completion.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: the set goes with the future, so the tasks are aborted and the outputs that
    /// have been taken are lost.
    ///
    /// # Panics
    ///
    /// With the task's own panic, if one panicked; the other tasks are aborted. Also if one was
    /// cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let set: JoinSet<u32> = (1..=3).map(|i| async move { i * i }).collect();
    /// let mut squares = set.join_all().await;
    /// squares.sort_unstable();
    /// assert_eq!(squares, [1, 4, 9]);
    /// # });
    /// ```
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(result) = self.join_next().await {
            match result.map_err(JoinError::try_into_panic) {
                Ok(output) => outputs.push(output),
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                Err(Err(error)) => panic!("{error}"),
            }
        }
        outputs
    }

    /// Aborts all tasks. They stay in the set until they are taken.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.abort_all();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # });
    /// ```
    pub fn abort_all(&mut self) {
        self.tasks.values().for_each(|member| member.handle.abort());
    }

    /// Lets all tasks go on without the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// use fastwake::task::yield_now;
    ///
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let mut set = JoinSet::new();
    /// set.spawn(async move {
    ///     yield_now().await;
    ///     sender.send("still here").unwrap();
    /// });
    /// set.detach_all();
    /// drop(set);
    /// let waiting = fastwake::task::spawn_blocking(move || receiver.recv());
    /// assert_eq!(waiting.await.unwrap(), Ok("still here"));
    /// # });
    /// ```
    pub fn detach_all(&mut self) {
        self.tasks.clear();
    }

    /// Aborts all tasks and waits until they have ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the tasks are aborted all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(std::future::pending::<()>());
    /// set.shutdown().await;
    /// assert!(set.is_empty());
    /// # });
    /// ```
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }
}

impl<T: 'static> JoinSet<T> {
    /// Names the next task of the set, or marks it as CPU-intensive, before it is spawned; see
    /// [`task::Builder`](crate::task::Builder).
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let mut set = fastwake::task::JoinSet::new();
    /// set.build_task().name("resize").spawn(async { panic!("too large") })?;
    /// let error = set.join_next().await.unwrap().unwrap_err();
    /// assert!(error.to_string().contains("resize"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder::new(self)
    }

    /// Spawns a task of the set that stays on this thread; see
    /// [`spawn_local`](crate::task::spawn_local).
    ///
    /// # Panics
    ///
    /// As [`spawn_local`](crate::task::spawn_local).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use fastwake::task::JoinSet;
    ///
    /// # fastwake::runtime::LocalRuntime::new().unwrap().block_on(async {
    /// let text = Rc::new("not Send");
    /// let mut set = JoinSet::new();
    /// for _ in 0..3 {
    ///     let text = Rc::clone(&text);
    ///     set.spawn_local(async move { text.len() });
    /// }
    /// assert_eq!(set.join_all().await, [8, 8, 8]);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(crate::task::spawn_local(future))
    }

    /// Spawns a task of the set on a [`LocalSet`]; it runs when the `LocalSet` is polled.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::rc::Rc;
    /// use fastwake::task::{JoinSet, LocalSet};
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let (local, mut set) = (LocalSet::new(), JoinSet::new());
    /// let text = Rc::new("not Send");
    /// set.spawn_local_on(async move { text.len() }, &local);
    /// assert_eq!(local.run_until(set.join_all()).await, [8]);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set.spawn_local(future))
    }

    fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let (id, abort) = (handle.id(), handle.abort_handle());
        let notice = Arc::new(Notice {
            id,
            ready: Arc::clone(&self.ready),
        });
        self.tasks.insert(
            id,
            Member {
                handle,
                notice: Arc::clone(&notice),
            },
        );
        // The first look at the handle leaves the notice with the task. It is due at the next
        // `join_next`, which one that waits already has to be told.
        ArcWake::wake(notice);
        abort
    }
}

impl<T: Send + 'static> JoinSet<T> {
    /// Spawns a task of the set in the current runtime.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// set.spawn(async { "done" });
    /// let stuck = set.spawn(std::future::pending());
    /// assert_eq!(set.join_next().await.unwrap().unwrap(), "done");
    /// stuck.abort();
    /// assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.insert(crate::task::spawn(future))
    }

    /// Spawns a task of the set in the handle's runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Runtime;
    /// use fastwake::task::JoinSet;
    ///
    /// let runtime = Runtime::new()?;
    /// let mut set = JoinSet::new();
    /// for i in 1..=3 {
    ///     set.spawn_on(async move { i }, runtime.handle());
    /// }
    /// assert_eq!(runtime.block_on(set.join_all()).iter().sum::<i32>(), 6);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.insert(handle.spawn(future))
    }

    /// Runs a closure that may block as a task of the set; see
    /// [`spawn_blocking`](crate::task::spawn_blocking).
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// for path in ["Cargo.toml", "src/lib.rs"] {
    ///     set.spawn_blocking(move || std::fs::read(path).map(|bytes| bytes.len()));
    /// }
    /// while let Some(read) = set.join_next().await {
    ///     assert!(read.unwrap().unwrap() > 0);
    /// }
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, closure: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(crate::task::spawn_blocking(closure))
    }

    /// As [`spawn_blocking`](Self::spawn_blocking), in the handle's runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Runtime;
    /// use fastwake::task::JoinSet;
    ///
    /// let runtime = Runtime::new()?;
    /// let mut set = JoinSet::new();
    /// set.spawn_blocking_on(|| std::fs::read_to_string("Cargo.toml"), runtime.handle());
    /// let read = runtime.block_on(set.join_next()).unwrap();
    /// assert!(read??.contains("[package]"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, closure: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(handle.spawn_blocking(closure))
    }

    /// Runs a closure that computes for long as a task of the set; see
    /// [`spawn_cpu_intensive`](crate::task::spawn_cpu_intensive).
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// use fastwake::task::JoinSet;
    ///
    /// let mut set = JoinSet::new();
    /// for chunk in 0..4_u64 {
    ///     set.spawn_cpu_intensive(move || (chunk * 1_000..(chunk + 1) * 1_000).sum::<u64>());
    /// }
    /// assert_eq!(set.join_all().await.into_iter().sum::<u64>(), 7_998_000);
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn_cpu_intensive<F>(&mut self, closure: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.insert(crate::task::spawn_cpu_intensive(closure))
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> Stream for JoinSet<T> {
    type Item = Result<T, JoinError>;

    /// As [`poll_join_next`](Self::poll_join_next).
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_join_next(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> FromIterator<F> for JoinSet<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    /// Spawns each future in the current runtime.
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = Self::new();
        set.extend(futures);
        set
    }
}

impl<F> Extend<F> for JoinSet<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
