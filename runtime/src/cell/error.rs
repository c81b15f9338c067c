#![forbid(unsafe_code)]
//! Why a task gave no output.

use std::any::Any;
use std::sync::Mutex;
use std::{error, fmt, io};

use super::Id;

/// The task of a [`JoinHandle`](crate::task::JoinHandle) gave no output: it was cancelled, it
/// panicked, or no thread could be made for it.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let error = fastwake::spawn(async { panic!("on purpose") }).await.unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!(error.into_panic().downcast_ref(), Some(&"on purpose"));
/// # });
/// ```
pub struct JoinError(Box<Inner>);

struct Inner {
    id: Id,
    name: Option<Box<str>>,
    kind: Kind,
}

enum Kind {
    Cancelled,
    NotStarted(io::Error),
    /// A payload is `Send` but need not be `Sync`; the lock makes the error both.
    Panic(Mutex<Box<dyn Any + Send>>),
}

impl JoinError {
    fn new(id: Id, name: Option<&str>, kind: Kind) -> Self {
        Self(Box::new(Inner {
            id,
            name: name.map(Box::from),
            kind,
        }))
    }

    pub(super) fn cancelled(id: Id, name: Option<&str>) -> Self {
        Self::new(id, name, Kind::Cancelled)
    }

    pub(super) fn not_started(id: Id, name: Option<&str>, reason: io::Error) -> Self {
        Self::new(id, name, Kind::NotStarted(reason))
    }

    pub(super) fn panic(id: Id, name: Option<&str>, payload: Box<dyn Any + Send>) -> Self {
        Self::new(id, name, Kind::Panic(Mutex::new(payload)))
    }

    /// Was the task cancelled: aborted, ended by its runtime's shutdown, or never started because
    /// no thread could be made for it or its work queue took no more work?
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let handle = fastwake::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// let error = handle.await.unwrap_err();
    /// assert!(error.is_cancelled() && !error.is_panic());
    /// # });
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        !self.is_panic()
    }

    /// Did the task panic?
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let task = fastwake::spawn(async { "seven".parse::<u32>().unwrap() });
    /// match task.await {
    ///     Ok(number) => println!("{number}"),
    ///     Err(error) => assert!(error.is_panic(), "nobody aborts it"),
    /// }
    /// # });
    /// ```
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.0.kind, Kind::Panic(_))
    }

    /// Why the task could not start: the operating system refused the thread that it needed (then the
    /// error has a [code](io::Error::raw_os_error)), or its [`WorkQueue`](crate::workqueue::WorkQueue)
    /// takes no more work. Such a task counts as [cancelled](Self::is_cancelled).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// // No system has room for such a stack, so there is no thread to be had.
    /// let runtime = Builder::new_current_thread().thread_stack_size(1 << 46).build()?;
    /// let error = runtime.block_on(runtime.spawn_blocking(|| "done")).unwrap_err();
    /// assert!(error.is_cancelled());
    /// assert!(error.not_started_because().is_some());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn not_started_because(&self) -> Option<&io::Error> {
        match &self.0.kind {
            Kind::NotStarted(reason) => Some(reason),
            _ => None,
        }
    }

    /// The payload that the task panicked with, fit for [`std::panic::resume_unwind`].
    ///
    /// # Panics
    ///
    /// If the task did not panic; see [`try_into_panic`](Self::try_into_panic).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::JoinHandle;
    ///
    /// /// Panics as the task did.
    /// async fn output_of(task: JoinHandle<u32>) -> Option<u32> {
    ///     match task.await {
    ///         Ok(output) => Some(output),
    ///         Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
    ///         Err(_cancelled) => None,
    ///     }
    /// }
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// assert_eq!(output_of(fastwake::spawn(async { 5 })).await, Some(5));
    ///
    /// let fails = fastwake::spawn(output_of(fastwake::spawn(async { panic!("on purpose") })));
    /// let payload = fails.await.unwrap_err().into_panic();
    /// assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
    /// # });
    /// ```
    #[track_caller]
    #[must_use]
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(error) => panic!("`JoinError` is not a panic: {error}"),
        }
    }

    /// The payload that the task panicked with.
    ///
    /// # Errors
    ///
    /// Gives the error back if the task did not panic.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let handle = fastwake::spawn(std::future::pending::<()>());
    /// handle.abort();
    /// match handle.await.unwrap_err().try_into_panic() {
    ///     Ok(payload) => std::panic::resume_unwind(payload),
    ///     Err(error) => assert!(error.is_cancelled()),
    /// }
    /// # });
    /// ```
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, JoinError> {
        let Inner { id, name, kind } = *self.0;
        match kind {
            Kind::Panic(payload) => Ok(payload
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)),
            kind => Err(Self(Box::new(Inner { id, name, kind }))),
        }
    }

    /// The id of the task.
    ///
    /// # Examples
    ///
    /// ```
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let handle = fastwake::spawn(async { panic!("on purpose") });
    /// let id = handle.id();
    /// assert_eq!(handle.await.unwrap_err().id(), id);
    /// # });
    /// ```
    #[must_use]
    pub fn id(&self) -> Id {
        self.0.id
    }
}

/// The text of the payload, for the two types that `panic!` makes.
fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&'static str>().copied())
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.0.id)?;
        if let Some(name) = &self.0.name {
            write!(f, " ({name})")?;
        }
        match &self.0.kind {
            Kind::Cancelled => f.write_str(" was cancelled"),
            Kind::NotStarted(reason) => {
                f.write_str(" was not started: ")?;
                if reason.raw_os_error().is_some() {
                    f.write_str("the system gave no thread for it: ")?;
                }
                reason.fmt(f)
            }
            Kind::Panic(payload) => {
                let payload = payload
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                match message(&**payload) {
                    Some(message) => write!(f, " panicked with message {message:?}"),
                    None => f.write_str(" panicked"),
                }
            }
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0.kind {
            Kind::Cancelled => "Cancelled",
            Kind::NotStarted(_) => "NotStarted",
            Kind::Panic(_) => "Panic",
        };
        write!(f, "JoinError::{kind}({:?}", self.0.id)?;
        if let Some(name) = &self.0.name {
            write!(f, " ({name})")?;
        }
        match &self.0.kind {
            Kind::Cancelled => f.write_str(")"),
            Kind::NotStarted(reason) => write!(f, ", {reason:?})"),
            Kind::Panic(payload) => {
                let payload = payload
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                match message(&**payload) {
                    Some(message) => write!(f, ", {message:?}, ...)"),
                    None => f.write_str(", ...)"),
                }
            }
        }
    }
}

impl error::Error for JoinError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.not_started_because().map(|reason| reason as _)
    }
}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> io::Error {
        let kind = match &error.0.kind {
            Kind::NotStarted(reason) => reason.kind(),
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}
