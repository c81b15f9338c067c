//! Who makes threads for those that must not.
//!
//! A thread inherits its maker's priority, and one that has lowered its own cannot raise it again
//! without a privilege. So threads for CPU-intensive work, on which closures may spawn anything, in
//! their own runtime or another, have theirs made by a thread that keeps its priority. Each runtime
//! has one from its first thread for such work on.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use crate::topology::{current_thread_nice, set_current_thread_nice};

type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    /// Who makes threads for this one, which has lowered its priority.
    static MAKER: RefCell<Option<Arc<Maker>>> = const { RefCell::new(None) };
}

/// The kernel's lowest priority.
const LEAST_NICE: i32 = 19;

/// Gives this thread a lower priority than it has inherited, for good. From now on, its threads are
/// made by `maker`, which has been started.
pub(super) fn lower_this_thread(by: i32, maker: Arc<Maker>) {
    // Refused only by a sandbox's filter: then the work runs at the priority of all else.
    if let Ok(inherited) = current_thread_nice() {
        let _ = set_current_thread_nice((inherited + by).min(LEAST_NICE));
    }
    MAKER.set(Some(maker));
}

/// Runs `make` here or, if this thread has lowered its priority, on the thread that makes threads
/// for it. If that has gone, because its runtime has ended, `make` runs here all the same: a thread
/// of low priority is better than none.
pub(super) fn make(make: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    let maker = MAKER.try_with(|maker| maker.borrow().clone()).ok();
    let Some(jobs) = maker.flatten().and_then(|maker| maker.running()) else {
        return make();
    };
    let (answer, answered) = mpsc::sync_channel(1);
    // If it cannot be sent, the answer is dropped with it.
    let _ = jobs.send(Box::new(move || drop(answer.send(make()))));
    let gone = || Err(io::Error::other("the thread that makes threads has ended"));
    answered.recv().unwrap_or_else(|_| gone())
}

/// The way to a thread that makes threads, if there is one.
pub(super) struct Maker(Mutex<State>);

enum State {
    NotNeeded,
    Running(mpsc::Sender<Job>),
    /// It would outlive its runtime.
    Closed,
}

impl Maker {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::NotNeeded)))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> Option<mpsc::Sender<Job>> {
        match &*self.state() {
            State::Running(jobs) => Some(jobs.clone()),
            State::NotNeeded | State::Closed => None,
        }
    }

    /// Does the thread have to be started before it can be asked?
    pub(super) fn is_to_be_started(&self) -> bool {
        matches!(*self.state(), State::NotNeeded)
    }

    /// Makes the thread that makes threads, unless it exists; `spawn` makes it out of its body, and
    /// runs no code of the user's.
    ///
    /// # Errors
    ///
    /// `spawn`'s; also after [`close`](Self::close).
    pub(super) fn start(&self, spawn: impl FnOnce(Job) -> io::Result<()>) -> io::Result<()> {
        let mut state = self.state();
        match *state {
            State::Running(_) => return Ok(()),
            State::Closed => return Err(io::Error::other("the runtime has ended")),
            State::NotNeeded => {}
        }
        let (sender, receiver) = mpsc::channel::<Job>();
        spawn(Box::new(move || receiver.into_iter().for_each(|job| job())))?;
        *state = State::Running(sender);
        Ok(())
    }

    /// Lets the thread go, and has none made any more.
    pub(super) fn close(&self) {
        *self.state() = State::Closed;
    }
}
