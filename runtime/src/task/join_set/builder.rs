#![forbid(unsafe_code)]
//! Tasks of a set with more about them than their future.

use std::future::Future;
use std::{fmt, io};

use crate::cell::AbortHandle;
use crate::runtime::Handle;
use crate::task::{self, LocalSet};

use super::JoinSet;

/// As [`task::Builder`], for a task of a [`JoinSet`]; from [`JoinSet::build_task`].
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// use fastwake::task::JoinSet;
///
/// let mut set = JoinSet::new();
/// set.build_task().name("fine").spawn(async { 5 })?;
/// set.build_task().name("fails").spawn(async { panic!("on purpose") })?;
/// while let Some(result) = set.join_next().await {
///     match result {
///         Ok(output) => assert_eq!(output, 5),
///         Err(error) => assert!(error.to_string().contains("(fails)")),
///     }
/// }
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
#[must_use = "a builder makes no task until `spawn` is called"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    task: task::Builder<'a>,
}

impl<'a, T: 'static> Builder<'a, T> {
    pub(super) fn new(set: &'a mut JoinSet<T>) -> Self {
        Self {
            set,
            task: task::Builder::new(),
        }
    }

    /// As [`task::Builder::name`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let mut set = fastwake::task::JoinSet::<()>::new();
    /// let stuck = set.build_task().name("stuck").spawn(std::future::pending())?;
    /// stuck.abort();
    /// let error = set.join_next().await.unwrap().unwrap_err();
    /// assert!(error.to_string().contains("stuck"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn name(self, name: &'a str) -> Self {
        Self {
            task: self.task.name(name),
            ..self
        }
    }

    /// As [`task::Builder::cpu_intensive`].
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let mut set = fastwake::task::JoinSet::new();
    /// set.build_task().cpu_intensive(true).spawn(async { (1..=1_000_u64).sum::<u64>() })?;
    /// assert_eq!(set.join_all().await, [500_500]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn cpu_intensive(self, yes: bool) -> Self {
        Self {
            task: self.task.cpu_intensive(yes),
            ..self
        }
    }

    /// As [`task::Builder::spawn_local`].
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
    /// use fastwake::task::JoinSet;
    ///
    /// # fastwake::runtime::LocalRuntime::new().unwrap().block_on(async {
    /// let text = Rc::new("not Send");
    /// let mut set = JoinSet::new();
    /// set.build_task().name("length").spawn_local(async move { text.len() })?;
    /// assert_eq!(set.join_all().await, [8]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        Ok(self.set.insert(self.task.spawn_local(future)?))
    }

    /// As [`task::Builder::spawn_local_on`].
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
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
    /// set.build_task().name("length").spawn_local_on(async move { text.len() }, &local)?;
    /// assert_eq!(local.run_until(set.join_all()).await, [8]);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        Ok(self
            .set
            .insert(self.task.spawn_local_on(future, local_set)?))
    }
}

impl<T: Send + 'static> Builder<'_, T> {
    /// As [`task::Builder::spawn`].
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
    /// let mut set = fastwake::task::JoinSet::new();
    /// for name in ["first", "second"] {
    ///     set.build_task().name(name).spawn(async move { name.len() })?;
    /// }
    /// assert_eq!(set.join_all().await.into_iter().sum::<usize>(), 11);
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
    {
        Ok(self.set.insert(self.task.spawn(future)?))
    }

    /// As [`task::Builder::spawn_on`].
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Runtime;
    /// use fastwake::task::JoinSet;
    ///
    /// let runtime = Runtime::new()?;
    /// let mut set = JoinSet::new();
    /// set.build_task().name("answer").spawn_on(async { 42 }, runtime.handle())?;
    /// assert_eq!(runtime.block_on(set.join_all()), [42]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
    {
        Ok(self.set.insert(self.task.spawn_on(future, handle)?))
    }

    /// As [`task::Builder::spawn_blocking`].
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
    /// let mut set = fastwake::task::JoinSet::new();
    /// for path in ["Cargo.toml", "src/lib.rs"] {
    ///     set.build_task().name(path).spawn_blocking(move || std::fs::read(path))?;
    /// }
    /// while let Some(read) = set.join_next().await {
    ///     assert!(!read??.is_empty());
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn spawn_blocking<F>(self, closure: F) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
    {
        Ok(self.set.insert(self.task.spawn_blocking(closure)?))
    }

    /// As [`task::Builder::spawn_blocking_on`].
    ///
    /// # Errors
    ///
    /// None as yet; the signature is tokio's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Runtime;
    /// use fastwake::task::JoinSet;
    ///
    /// let runtime = Runtime::new()?;
    /// let mut set = JoinSet::new();
    /// let read = || std::fs::read_to_string("Cargo.toml");
    /// set.build_task().name("manifest").spawn_blocking_on(read, runtime.handle())?;
    /// let read = runtime.block_on(set.join_next()).unwrap();
    /// assert!(read??.contains("[package]"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, closure: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
    {
        let task = self.task.spawn_blocking_on(closure, handle)?;
        Ok(self.set.insert(task))
    }
}

impl<T> fmt::Debug for Builder<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}
