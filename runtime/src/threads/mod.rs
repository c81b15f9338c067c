//! How the runtime makes its threads, and how it sees them off.

mod cpu_time;
mod maker;
mod state;

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{fmt, io, panic, ptr, thread};

use crate::primitives::{assert_no_lock_held, quietly};
pub(crate) use cpu_time::{ThreadNumber, process_cpu_time};
use maker::Maker;
pub use state::ThreadState;

/// A hook of the user's.
pub(crate) type Callback = Arc<dyn Fn() + Send + Sync>;
/// Gives the next thread its name.
pub(crate) type NameFn = Arc<dyn Fn() -> String + Send + Sync>;
/// Runs a thread's body inside its runtime's context.
pub(crate) type Around = Box<dyn Fn(Role, &mut dyn FnMut()) + Send + Sync>;

/// What a thread is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It polls tasks, and must not be blocked unawares.
    Worker,
    /// It runs closures that may block.
    Blocking,
}

/// What the threads of one runtime have in common.
#[derive(Clone, Default)]
pub(crate) struct ThreadConfig {
    pub(crate) name: Option<NameFn>,
    pub(crate) stack_size: Option<usize>,
    pub(crate) on_start: Option<Callback>,
    pub(crate) on_stop: Option<Callback>,
    pub(crate) on_park: Option<Callback>,
    pub(crate) on_unpark: Option<Callback>,
}

thread_local! {
    /// Whose thread this is; only compared.
    static OWNER: Cell<*const Threads> = const { Cell::new(ptr::null()) };
}

/// The threads of one runtime.
pub(crate) struct Threads {
    config: ThreadConfig,
    around: OnceLock<Around>,
    maker: Maker,
    alive: Mutex<Alive>,
    ended: Condvar,
}

#[derive(Default)]
struct Alive {
    count: usize,
    /// Of all threads that have not been seen to end.
    handles: Vec<thread::JoinHandle<()>>,
    /// With how many handles to look which threads have ended.
    clean_at: usize,
}

impl Alive {
    fn keep(&mut self, handle: thread::JoinHandle<()>) {
        if self.handles.len() >= self.clean_at {
            self.handles.retain(|handle| !handle.is_finished());
            self.clean_at = (2 * self.handles.len()).max(CLEAN_AT_LEAST);
        }
        self.handles.push(handle);
    }
}

/// Ended threads cost little; fewer handles than this are not looked through.
const CLEAN_AT_LEAST: usize = 64;

/// Runs a hook of the user's. A panic in it is reported by the panic hook and otherwise ignored: a
/// worker that it took with it would leave its tasks without anybody to run them.
pub(crate) fn call(hook: Option<&Callback>) {
    if let Some(hook) = hook {
        quietly(|| hook());
    }
}

impl Threads {
    pub(crate) fn new(config: ThreadConfig) -> Self {
        Self {
            config,
            around: OnceLock::new(),
            maker: Maker::new(),
            alive: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// Sets what every thread is to be run inside of; once, before the first thread.
    pub(crate) fn run_inside(&self, around: Around) {
        let _ = self.around.set(around);
    }

    pub(crate) fn config(&self) -> &ThreadConfig {
        &self.config
    }

    fn alive(&self) -> std::sync::MutexGuard<'_, Alive> {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a thread, of normal priority whatever the caller's.
    ///
    /// # Errors
    ///
    /// The system's, if it has no thread to give.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        role: Role,
        body: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        assert_no_lock_held("a thread is made");
        let threads = Arc::clone(self);
        maker::make(move || threads.spawn_here(role, body))
    }

    /// Makes a thread for which nothing of the user's is run, neither the hooks of threads nor the
    /// function that gives names.
    ///
    /// # Errors
    ///
    /// The system's, if it has no thread to give.
    pub(crate) fn spawn_silent(
        self: &Arc<Self>,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        assert_no_lock_held("a thread is made");
        self.alive().count += 1;
        let leave = Leave(Arc::clone(self));
        let builder = thread::Builder::new().name(name.to_owned());
        let body = move || {
            OWNER.set(Arc::as_ptr(&leave.0));
            let _leave = leave;
            body();
        };
        let threads = Arc::clone(self);
        maker::make(move || {
            let handle = builder.spawn(body)?;
            threads.alive().keep(handle);
            Ok(())
        })
    }

    /// As [`spawn`](Self::spawn), for a thread that changes its priority (`by` is added to its `nice`
    /// value) for good, as Linux has it where that is lowered: from then on it must not make threads
    /// itself, for they would inherit that.
    pub(crate) fn spawn_nicer(
        self: &Arc<Self>,
        role: Role,
        by: i32,
        body: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        assert_no_lock_held("a thread is made");
        // Not counted, and not waited for: it runs no code of the user's, and ends when the last
        // thread that has a way to it does, which may be the one that waits.
        let builder = || thread::Builder::new().name("fastwake-maker".to_owned());
        let jobs = self
            .maker
            .start(|body| maker::make(move || builder().spawn(body).map(drop)))?;
        self.spawn(role, move || {
            maker::change_priority(by, jobs);
            body();
        })
    }

    /// By how much nicer than its others the system permits a thread to be: the first of `by` that it
    /// does. Tried on a thread of its own.
    ///
    /// # Errors
    ///
    /// The system's, if it permits none or gives no thread.
    pub(crate) fn try_nice(self: &Arc<Self>, by: RangeInclusive<i32>) -> io::Result<i32> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.spawn_silent("fastwake-nice", move || {
            let mut result = Ok(0);
            for by in by {
                result = maker::try_priority(by).map(|()| by);
                if result.is_ok() {
                    break;
                }
            }
            let _ = answer.send(result);
        })?;
        let gone = |_| {
            Err(io::Error::other(
                "the thread that tries a priority has panicked",
            ))
        };
        answered.recv().unwrap_or_else(gone)
    }

    fn spawn_here(
        self: &Arc<Self>,
        role: Role,
        body: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let mut builder = thread::Builder::new();
        if let Some(name) = self.name() {
            builder = builder.name(name);
        }
        if let Some(size) = self.config.stack_size {
            builder = builder.stack_size(size);
        }
        self.alive().count += 1;
        let leave = Leave(Arc::clone(self));
        let threads = Arc::clone(self);
        // `leave` is dropped with the closure if the thread is refused.
        let handle = builder.spawn(move || {
            let leave = leave;
            threads.run(role, body);
            drop(threads);
            drop(leave);
        })?;
        self.alive().keep(handle);
        Ok(())
    }

    /// The next thread's name. One that cannot be had, because the user's function panics or gives
    /// a NUL byte, is done without: an unwinding maker would leave its pool waiting for the thread.
    fn name(&self) -> Option<String> {
        let name = self.config.name.as_ref()?;
        let name = panic::catch_unwind(panic::AssertUnwindSafe(|| name())).ok()?;
        (!name.contains('\0')).then_some(name)
    }

    fn run(&self, role: Role, body: impl FnOnce()) {
        OWNER.set(ptr::from_ref(self));
        let mut body = Some(body);
        let mut once = || {
            call(self.config.on_start.as_ref());
            if let Some(body) = body.take() {
                body();
            }
            call(self.config.on_stop.as_ref());
        };
        match self.around.get() {
            Some(around) => around(role, &mut once),
            None => once(),
        }
    }

    /// Lets the thread go that makes threads for others; to be called once no more are needed.
    pub(crate) fn close(&self) {
        self.maker.close();
    }

    /// Waits until no thread is left, at most for `timeout` (`None`: without limit). A thread that
    /// calls this does not wait for itself. Says whether all have ended.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        // Not from the handles: a thread may be here before its maker has put its handle there.
        let is_own = OWNER
            .try_with(|owner| ptr::eq(owner.get(), self))
            .unwrap_or(false);
        let own = usize::from(is_own);
        if timeout.is_none() {
            // One wait for each instead of two.
            self.join_all();
        }
        let mut alive = self.alive();
        while alive.count > own {
            let Some(deadline) = deadline else {
                alive = self
                    .ended
                    .wait(alive)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.ended.wait_timeout(alive, left);
            alive = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(alive);
        // They have left their bodies; what remains is the system's to tear down.
        self.join_all();
        true
    }

    /// Joins the threads whose handles are here, but for the calling one.
    fn join_all(&self) {
        let me = thread::current().id();
        loop {
            let handles = std::mem::take(&mut self.alive().handles);
            if handles.is_empty() {
                return;
            }
            let others = handles.into_iter();
            for handle in others.filter(|handle| handle.thread().id() != me) {
                // A panic has been reported where it came from.
                let _ = handle.join();
            }
        }
    }
}

/// Counts a thread out.
struct Leave(Arc<Threads>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.alive().count -= 1;
        self.0.ended.notify_all();
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("alive", &self.alive().count)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ThreadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The hooks are closures: there is nothing of them to show.
        let Self {
            name: _,
            stack_size,
            on_start,
            on_stop,
            on_park,
            on_unpark,
        } = self;
        f.debug_struct("ThreadConfig")
            .field("stack_size", stack_size)
            .field("on_start", &on_start.is_some())
            .field("on_stop", &on_stop.is_some())
            .field("on_park", &on_park.is_some())
            .field("on_unpark", &on_unpark.is_some())
            .finish_non_exhaustive()
    }
}
