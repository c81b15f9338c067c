//! Which task a worker polls, for others to read.

use std::panic::Location;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicPtr, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cell::{Id, Runnable};

/// Written by the worker before each poll, two stores into a cache line that it writes anyway; read
/// by others who know from elsewhere that the poll is still the same.
#[derive(Default)]
pub(super) struct CurrentPoll {
    id: AtomicU64,
    location: AtomicPtr<Location<'static>>,
    /// Of the last task that has one.
    name: Mutex<Option<(Id, Arc<str>)>>,
}

/// What others can know of the task that is polled.
#[derive(Debug, Clone)]
pub(super) struct PolledTask {
    pub(super) id: Id,
    pub(super) location: &'static Location<'static>,
    pub(super) name: Option<Arc<str>>,
}

impl CurrentPoll {
    #[inline]
    pub(super) fn begin(&self, task: &Runnable) {
        self.id.store(task.id().number(), Relaxed);
        let location = ptr::from_ref(task.location()).cast_mut();
        self.location.store(location, Relaxed);
    }

    /// Before [`begin`](Self::begin), for a task that has a name.
    pub(super) fn set_name(&self, id: Id, name: &Arc<str>) {
        let named = Some((id, Arc::clone(name)));
        let before = std::mem::replace(&mut *self.lock_name(), named);
        drop(before);
    }

    fn lock_name(&self) -> std::sync::MutexGuard<'_, Option<(Id, Arc<str>)>> {
        self.name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task that is being polled, or has been polled last.
    pub(super) fn get(&self) -> Option<PolledTask> {
        let id = Id::from_number(self.id.load(Relaxed))?;
        // SAFETY: null, or a pointer to a static, which `begin` made from a reference.
        let location = unsafe { self.location.load(Relaxed).as_ref() }?;
        let named = self.lock_name().clone();
        let name = named.filter(|(of, _)| *of == id).map(|(_, name)| name);
        Some(PolledTask { id, location, name })
    }
}
