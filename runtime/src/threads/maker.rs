#![forbid(unsafe_code)]
//! Who makes threads for those that must not.
//!
//! A thread inherits its maker's priority, and one that has lowered its own cannot raise it again
//! without a privilege. So threads for CPU-intensive work, on which closures may spawn anything,
//! have theirs made by a thread that keeps its priority. It exists once there is one of them.

use std::cell::RefCell;
use std::io;
use std::sync::{Mutex, PoisonError, mpsc};

use crate::topology::{current_thread_nice, set_current_thread_nice};

type Job = Box<dyn FnOnce() + Send>;

/// The way to a thread that makes threads, which stays as long as there is one.
pub(super) type Jobs = mpsc::Sender<Job>;

thread_local! {
    /// Of a thread that has lowered its priority: the way to the one that makes threads for it, for
    /// whatever runtime they are.
    static JOBS: RefCell<Option<Jobs>> = const { RefCell::new(None) };
}

/// The kernel's lowest priority.
const LEAST_NICE: i32 = 19;

/// Gives this thread another priority than it has inherited, for good. `jobs` is the way to the one
/// that makes threads for it from then on.
pub(super) fn change_priority(by: i32, jobs: Option<Jobs>) {
    // A lower one is refused only by a sandbox's filter, and a higher one has been tried before: then
    // the work runs at the priority of all else.
    let _ = try_priority(by);
    JOBS.set(jobs);
}

/// Makes this thread nicer than it has been.
///
/// # Errors
///
/// If the system does not permit it.
pub(super) fn try_priority(by: i32) -> io::Result<()> {
    set_current_thread_nice((current_thread_nice()? + by).min(LEAST_NICE))
}

/// Runs `make` here or, if this thread has lowered its priority, on the one that makes threads for
/// it.
pub(super) fn make(make: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    let jobs = JOBS.try_with(|jobs| jobs.borrow().clone()).ok().flatten();
    let Some(jobs) = jobs else { return make() };
    let (answer, answered) = mpsc::sync_channel(1);
    let job: Job = Box::new(move || drop(answer.send(make())));
    if let Err(mpsc::SendError(job)) = jobs.send(job) {
        // It stays as long as this thread has a way to it, unless a job of another's unwound.
        job();
    }
    let gone = |_| {
        Err(io::Error::other(
            "the thread that makes threads has panicked",
        ))
    };
    answered.recv().unwrap_or_else(gone)
}

/// The thread of a runtime that makes threads, if there is one.
pub(super) struct Maker(Mutex<Place>);

enum Place {
    Vacant,
    Taken(Jobs),
    /// The runtime ends: the threads that still come only leave again, and make none.
    Closed,
}

impl Maker {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Place::Vacant))
    }

    fn place(&self) -> std::sync::MutexGuard<'_, Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way to the thread that makes threads. If there is none, `spawn` makes one out of its
    /// body; for a runtime whose end has begun there is none any more.
    pub(super) fn start(
        &self,
        spawn: impl FnOnce(Job) -> io::Result<()>,
    ) -> io::Result<Option<Jobs>> {
        let mut place = self.place();
        match &*place {
            Place::Taken(jobs) => return Ok(Some(jobs.clone())),
            Place::Closed => return Ok(None),
            Place::Vacant => {}
        }
        let (jobs, receiver) = mpsc::channel::<Job>();
        spawn(Box::new(move || receiver.into_iter().for_each(|job| job())))?;
        *place = Place::Taken(jobs.clone());
        Ok(Some(jobs))
    }

    /// Lets the thread go, once those that it makes threads for have gone.
    pub(super) fn close(&self) {
        *self.place() = Place::Closed;
    }
}
