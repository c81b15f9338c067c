#![forbid(unsafe_code)]
//! A parker for a thread that is no worker: what `block_on` sleeps on.

use std::cell::Cell;
use std::time::Duration;

use futures_task::{ArcWake, Waker, waker};

use super::Parker;
use std::sync::Arc;

/// A parker that is woken through a [`Waker`].
#[derive(Debug)]
pub(crate) struct ThreadParker(Parker);

thread_local! {
    /// The parker that this thread used last, so that a `block_on` allocates once per thread.
    static SPARE: Cell<Option<Arc<ThreadParker>>> = const { Cell::new(None) };
}

impl ThreadParker {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Parker::new()))
    }

    /// Runs `f` with a parker of this thread's own. It may carry a notification left by an
    /// earlier use: a wait may end early.
    pub(crate) fn with_current<R>(f: impl FnOnce(&Arc<Self>) -> R) -> R {
        // A thread that is being torn down has no thread-locals; neither needs it a spare.
        let parker = SPARE
            .try_with(Cell::take)
            .ok()
            .flatten()
            .unwrap_or_else(Self::new);
        let result = f(&parker);
        let _ = SPARE.try_with(|spare| spare.set(Some(parker)));
        result
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        waker(Arc::clone(self))
    }

    /// Sleeps until the next [`unpark`](Self::unpark), or until `timeout` has passed.
    pub(crate) fn park(&self, timeout: Option<Duration>) {
        self.0.prepare();
        self.0.wait(timeout);
    }

    pub(crate) fn unpark(&self) {
        self.0.unpark();
    }
}

impl ArcWake for ThreadParker {
    fn wake_by_ref(parker: &Arc<Self>) {
        parker.unpark();
    }
}
