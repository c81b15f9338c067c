#![forbid(unsafe_code)]
//! What can become of a timer.

use std::error;
use std::fmt;
use std::io;

/// The time of a [`timeout`](super::timeout()) has passed.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() {
/// use std::io::{self, ErrorKind};
/// use fastwake::time::{Duration, error::Elapsed, timeout};
///
/// let never = std::future::pending::<()>();
/// let elapsed: Elapsed = timeout(Duration::from_millis(1), never).await.unwrap_err();
/// assert_eq!(elapsed.to_string(), "deadline has elapsed");
/// // For functions whose errors are of I/O.
/// assert_eq!(io::Error::from(elapsed).kind(), ErrorKind::TimedOut);
/// # }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl error::Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(_: Elapsed) -> Self {
        io::ErrorKind::TimedOut.into()
    }
}

/// Why a timer cannot do its work.
///
/// Nothing in this version returns it: a timer whose runtime has ended panics, and there is no limit
/// to how many there can be but memory. It is here for programs that name the type.
///
/// # Examples
///
/// ```
/// use fastwake::time::error::Error;
///
/// fn is_worth_another_try(error: &Error) -> bool {
///     error.is_at_capacity()
/// }
///
/// assert!(is_worth_another_try(&Error::at_capacity()));
/// assert!(!is_worth_another_try(&Error::shutdown()));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Error(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shutdown,
    AtCapacity,
    Invalid,
}

impl Error {
    /// The runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::error::Error;
    ///
    /// let error = Error::shutdown();
    /// assert_eq!(error.to_string(), "the timer's runtime has been shut down");
    /// ```
    #[must_use]
    pub fn shutdown() -> Self {
        Self(Kind::Shutdown)
    }

    /// Is the reason that the runtime has been shut down?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::error::Error;
    ///
    /// assert!(Error::shutdown().is_shutdown());
    /// assert!(!Error::at_capacity().is_shutdown());
    /// ```
    #[must_use]
    pub fn is_shutdown(&self) -> bool {
        self.0 == Kind::Shutdown
    }

    /// There are too many timers.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::error::Error;
    ///
    /// let error = Error::at_capacity();
    /// assert_eq!(error.to_string(), "there are too many timers");
    /// ```
    #[must_use]
    pub fn at_capacity() -> Self {
        Self(Kind::AtCapacity)
    }

    /// Is the reason that there are too many timers?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::error::Error;
    ///
    /// assert!(Error::at_capacity().is_at_capacity());
    /// assert!(!Error::invalid().is_at_capacity());
    /// ```
    #[must_use]
    pub fn is_at_capacity(&self) -> bool {
        self.0 == Kind::AtCapacity
    }

    /// The deadline makes no sense.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::error::Error;
    ///
    /// let error = Error::invalid();
    /// assert_eq!(error.to_string(), "the deadline is beyond what a timer can be armed for");
    /// ```
    #[must_use]
    pub fn invalid() -> Self {
        Self(Kind::Invalid)
    }

    /// Is the reason that the deadline makes no sense?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::time::error::Error;
    ///
    /// assert!(Error::invalid().is_invalid());
    /// assert!(!Error::shutdown().is_invalid());
    /// ```
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.0 == Kind::Invalid
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Shutdown => "the timer's runtime has been shut down",
            Kind::AtCapacity => "there are too many timers",
            Kind::Invalid => "the deadline is beyond what a timer can be armed for",
        })
    }
}

impl error::Error for Error {}
