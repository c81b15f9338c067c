#![forbid(unsafe_code)]
//! Tasks of a set with more about them than their future.

use std::future::Future;
use std::{fmt, io};

use crate::cell::AbortHandle;
use crate::runtime::Handle;
use crate::task::{self, LocalSet};

use super::JoinSet;

/// As [`task::Builder`], for a task of a [`JoinSet`]; from [`JoinSet::build_task`].
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
    pub fn name(self, name: &'a str) -> Self {
        Self {
            task: self.task.name(name),
            ..self
        }
    }

    /// As [`task::Builder::cpu_intensive`].
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
