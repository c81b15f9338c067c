//! Who makes threads for those that must not.
//!
//! A thread inherits its maker's priority, and one that has lowered its own cannot raise it again
//! without a privilege. So threads for CPU-intensive work, on which closures may spawn anything,
//! have theirs made by a thread that keeps its priority. It exists once there is one of them.

use std::cell::Cell;
use std::io;
use std::sync::{Mutex, PoisonError, mpsc};

use crate::topology::{current_thread_nice, set_current_thread_nice};

type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    static LOWERED: Cell<bool> = const { Cell::new(false) };
}

/// The kernel's lowest priority.
const LEAST_NICE: i32 = 19;

/// Gives this thread a lower priority than it has inherited, for good.
pub(super) fn lower_this_thread(by: i32) {
    // Refused only by a sandbox's filter: then the work runs at the priority of all else.
    if let Ok(inherited) = current_thread_nice() {
        let _ = set_current_thread_nice((inherited + by).min(LEAST_NICE));
    }
    LOWERED.set(true);
}

/// The way to the thread that makes threads, if there is one.
pub(super) struct Maker(Mutex<Option<mpsc::Sender<Job>>>);

impl Maker {
    pub(super) fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the thread that makes threads, unless it exists; `spawn` makes it out of its body.
    pub(super) fn start(&self, spawn: impl FnOnce(Job) -> io::Result<()>) -> io::Result<()> {
        let mut jobs = self.jobs();
        if jobs.is_none() && !LOWERED.get() {
            let (sender, receiver) = mpsc::channel::<Job>();
            spawn(Box::new(move || receiver.into_iter().for_each(|job| job())))?;
            *jobs = Some(sender);
        }
        Ok(())
    }

    /// Runs `make` here or, if this thread has lowered its priority, on the other.
    pub(super) fn make(
        &self,
        make: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        if !LOWERED.get() {
            return make();
        }
        let (answer, answered) = mpsc::sync_channel(1);
        let job: Job = Box::new(move || drop(answer.send(make())));
        match self.jobs().as_ref().map(|jobs| jobs.send(job)) {
            Some(Ok(())) => {}
            None | Some(Err(_)) => return Err(io::Error::other("the runtime has ended")),
        }
        answered
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("the runtime has ended")))
    }

    /// Lets the thread go.
    pub(super) fn close(&self) {
        *self.jobs() = None;
    }
}
