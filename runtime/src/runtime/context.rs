#![forbid(unsafe_code)]
//! What a thread knows of the runtime that it is in.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::MutexGuard;
use std::{error, fmt, thread};

use super::{Handle, RuntimeFlavor};

thread_local! {
    static CONTEXT: Context = const {
        Context { handles: RefCell::new(Vec::new()), blocking: Cell::new(Blocking::Allowed) }
    };
}

struct Context {
    /// The runtimes that this thread has entered, the current one last.
    handles: RefCell<Vec<Rc<Handle>>>,
    blocking: Cell<Blocking>,
}

/// May this thread be blocked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocking {
    Allowed,
    /// It polls tasks or the future of a `block_on`, in a runtime of this flavor.
    Forbidden(RuntimeFlavor, Polls),
}

/// What a thread polls that must not be blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Polls {
    Tasks,
    /// The future of a `block_on`.
    Future,
}

/// There is no current runtime; see [`Handle::try_current`].
///
/// # Examples
///
/// ```
/// use fastwake::runtime::{Builder, Handle, TryCurrentError};
///
/// /// The name of the runtime that calls this.
/// fn runtime_name() -> Result<Option<String>, TryCurrentError> {
///     Ok(Handle::try_current()?.name().map(str::to_owned))
/// }
///
/// assert!(runtime_name().is_err(), "there is no runtime here");
/// let runtime = Builder::new_current_thread().name("ingest").build()?;
/// assert_eq!(runtime.block_on(async { runtime_name() })?.as_deref(), Some("ingest"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TryCurrentError {
    torn_down: bool,
}

impl TryCurrentError {
    /// Is the reason that no runtime has been entered?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Handle;
    ///
    /// let error = Handle::try_current().unwrap_err();
    /// assert!(error.is_missing_context());
    /// ```
    #[must_use]
    pub fn is_missing_context(&self) -> bool {
        !self.torn_down
    }

    /// Is the reason that the thread is ending, and its thread-locals are gone?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Handle;
    ///
    /// struct Session;
    ///
    /// impl Drop for Session {
    ///     fn drop(&mut self) {
    ///         match Handle::try_current() {
    ///             Ok(handle) => drop(handle.spawn(async { println!("goodbye") })),
    ///             Err(error) if error.is_thread_local_destroyed() => println!("too late"),
    ///             Err(error) => println!("nobody to say goodbye: {error}"),
    ///         }
    ///     }
    /// }
    ///
    /// thread_local! {
    ///     static SESSION: Session = const { Session };
    /// }
    ///
    /// // The destructor runs when the thread ends.
    /// std::thread::spawn(|| SESSION.with(|_| ())).join().unwrap();
    /// ```
    #[must_use]
    pub fn is_thread_local_destroyed(&self) -> bool {
        self.torn_down
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.torn_down {
            "there is no current runtime: the thread is ending and its thread-locals are gone"
        } else {
            "there is no reactor running, must be called from the context of a Tokio 1.x runtime, which \
             in this program is a fastwake runtime: call it in a task, in a function under \
             `#[fastwake::main]`, or with a `Runtime::enter` guard held"
        })
    }
}

impl error::Error for TryCurrentError {}

/// As long as this lives, the runtime that made it is the thread's current one; from
/// [`Handle::enter`] and [`Runtime::enter`](super::Runtime::enter).
///
/// # Panics
///
/// Guards must be dropped in the reverse order of their making; dropping one too early panics.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::{Handle, Runtime};
///
/// let runtime = Runtime::new()?;
/// let guard = runtime.enter();
/// assert_eq!(Handle::current().id(), runtime.handle().id());
/// drop(guard);
/// assert!(Handle::try_current().is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the runtime is left again when the guard is dropped"]
pub struct EnterGuard<'a> {
    _left_on_drop: Entered,
    _handle: PhantomData<&'a Handle>,
}

/// What the guard does. Since this has no lifetime, a runtime that has been entered may be moved, to
/// shut it down, while its guard still waits for the end of its scope.
#[derive(Debug)]
struct Entered {
    depth: usize,
    #[cfg(feature = "tokio-compat")]
    _tokio: Option<super::tokio_compat::Entered>,
    /// Belongs to its thread, as a lock's guard does: others may look at it.
    _thread: PhantomData<MutexGuard<'static, ()>>,
}

/// Makes a runtime the current one. A thread that is being torn down has none any more; there a
/// runtime that was kept in a thread-local can still be used and dropped through its handle.
pub(super) fn enter<'a>(handle: &Handle) -> EnterGuard<'a> {
    let depth = CONTEXT.try_with(|context| {
        let mut handles = context.handles.borrow_mut();
        handles.push(Rc::new(handle.clone()));
        handles.len()
    });
    EnterGuard {
        _left_on_drop: Entered {
            #[cfg(feature = "tokio-compat")]
            _tokio: depth.is_ok().then(super::tokio_compat::enter),
            depth: depth.unwrap_or(0),
            _thread: PhantomData,
        },
        _handle: PhantomData,
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Dropped outside the borrow: it may be the last handle of its runtime.
        let popped = CONTEXT.try_with(|context| {
            let mut handles = context.handles.borrow_mut();
            (handles.len() == self.depth).then(|| handles.pop())
        });
        if matches!(popped, Ok(None)) && !thread::panicking() {
            panic!(
                "`EnterGuard`s are to be dropped in the reverse order of their making; \
                 one was dropped while a later one lives"
            );
        }
    }
}

/// The current runtime.
pub(super) fn try_current() -> Result<Handle, TryCurrentError> {
    with_current(Handle::clone)
}

/// Gives `f` the current runtime. `f` may enter and leave runtimes itself.
pub(super) fn with_current<R>(f: impl FnOnce(&Handle) -> R) -> Result<R, TryCurrentError> {
    let current = CONTEXT.try_with(|context| context.handles.borrow().last().cloned());
    match current {
        Ok(Some(handle)) => Ok(f(&handle)),
        Ok(None) => Err(TryCurrentError { torn_down: false }),
        Err(_) => Err(TryCurrentError { torn_down: true }),
    }
}

/// Restores what the thread was allowed before.
struct Restore(Blocking);

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = CONTEXT.try_with(|context| context.blocking.set(self.0));
    }
}

fn set_blocking(blocking: Blocking) -> Restore {
    let before = CONTEXT.try_with(|context| context.blocking.replace(blocking));
    Restore(before.unwrap_or(Blocking::Allowed))
}

fn blocking() -> Blocking {
    CONTEXT
        .try_with(|context| context.blocking.get())
        .unwrap_or(Blocking::Allowed)
}

/// Runs `f` on a thread that polls tasks or the future of a `block_on`.
pub(super) fn forbid_blocking<R>(flavor: RuntimeFlavor, polls: Polls, f: impl FnOnce() -> R) -> R {
    let _restore = set_blocking(Blocking::Forbidden(flavor, polls));
    f()
}

/// Runs `f` where `block_in_place` cannot keep its promise: what is polled there (the tasks of a
/// `LocalSet`) cannot go on on another thread.
pub(crate) fn forbid_block_in_place<R>(f: impl FnOnce() -> R) -> R {
    let _restore = match blocking() {
        Blocking::Allowed => None,
        Blocking::Forbidden(_, polls) => Some(set_blocking(Blocking::Forbidden(
            RuntimeFlavor::CurrentThread,
            polls,
        ))),
    };
    f()
}

/// Runs `f` where blocking is allowed again: inside `block_in_place`, or in a closure that is
/// meant to keep its thread.
pub(crate) fn allow_blocking<R>(f: impl FnOnce() -> R) -> R {
    let _restore = set_blocking(Blocking::Allowed);
    f()
}

/// Is this thread free to be blocked?
pub(super) fn is_blocking_allowed() -> bool {
    blocking() == Blocking::Allowed
}

/// Can `block_in_place` keep its promise here?
pub(crate) fn may_block_in_place() -> bool {
    !matches!(
        blocking(),
        Blocking::Forbidden(RuntimeFlavor::CurrentThread, _)
    )
}

/// Does this thread poll a task that is dropped as soon as it suspends, because its runtime has been
/// shut down?
#[cfg(feature = "time")]
pub(crate) fn is_ending() -> bool {
    matches!(blocking(), Blocking::Forbidden(_, Polls::Tasks)) && crate::scheduler::is_ending()
}
