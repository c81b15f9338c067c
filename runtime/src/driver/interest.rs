#![forbid(unsafe_code)]
//! What somebody waits for, and what there is.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

const READABLE: u8 = 1;
const WRITABLE: u8 = 1 << 1;
const READ_CLOSED: u8 = 1 << 2;
const WRITE_CLOSED: u8 = 1 << 3;
const PRIORITY: u8 = 1 << 4;
const ERROR: u8 = 1 << 5;

/// Which kinds of readiness a resource is watched for, or somebody waits for.
///
/// # Examples
///
/// ```
/// use fastwake::io::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest(u8);

impl Interest {
    /// Something can be read, or the other side has closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// assert!(Interest::READABLE.is_readable());
    /// assert!(!Interest::READABLE.is_writable());
    /// ```
    pub const READABLE: Self = Self(READABLE);
    /// Something can be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// assert!(Interest::WRITABLE.is_writable());
    /// assert!(!Interest::WRITABLE.is_readable());
    /// ```
    pub const WRITABLE: Self = Self(WRITABLE);
    /// An error has been reported for the resource.
    ///
    /// # Examples
    ///
    /// To be told also that a datagram sent earlier has found nobody:
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// let datagram_or_error = Interest::READABLE | Interest::ERROR;
    /// assert!(datagram_or_error.is_error());
    /// ```
    pub const ERROR: Self = Self(ERROR);
    /// Urgent data can be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// let any_data = Interest::READABLE | Interest::PRIORITY;
    /// assert!(any_data.is_readable() && any_data.is_priority());
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(any(target_os = "linux", target_os = "android"))))]
    pub const PRIORITY: Self = Self(PRIORITY);

    /// Does it contain readability?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert!(both.is_readable());
    /// assert!(!Interest::WRITABLE.is_readable());
    /// ```
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & READABLE != 0
    }

    /// Does it contain writability?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert!(both.is_writable());
    /// assert!(!Interest::READABLE.is_writable());
    /// ```
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & WRITABLE != 0
    }

    /// Does it contain errors?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// assert!((Interest::READABLE | Interest::ERROR).is_error());
    /// assert!(!Interest::READABLE.is_error());
    /// ```
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    /// Does it contain urgent data?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// assert!(Interest::PRIORITY.is_priority());
    /// assert!(!Interest::READABLE.is_priority(), "that is data in order");
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(any(target_os = "linux", target_os = "android"))))]
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Both; as `|`, for constants.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    /// assert_eq!(BOTH, Interest::READABLE | Interest::WRITABLE);
    /// ```
    #[must_use]
    #[allow(clippy::should_implement_trait, reason = "the name that programs use")]
    pub const fn add(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is left without `other`; `None` if that is nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
    /// // An interest in nothing is none.
    /// assert_eq!(both.remove(both), None);
    /// ```
    #[must_use]
    pub const fn remove(self, other: Self) -> Option<Self> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Self(left)),
        }
    }

    /// What to ask of the system. Errors are reported whether or not they are asked for.
    pub(crate) fn to_mio(self) -> mio::Interest {
        let kinds = [
            (
                self.0 & (READABLE | READ_CLOSED) != 0,
                mio::Interest::READABLE,
            ),
            (
                self.0 & (WRITABLE | WRITE_CLOSED) != 0,
                mio::Interest::WRITABLE,
            ),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            (self.0 & PRIORITY != 0, mio::Interest::PRIORITY),
        ];
        let wanted = kinds
            .into_iter()
            .filter_map(|(wanted, kind)| wanted.then_some(kind));
        // The system knows no interest in errors alone.
        wanted
            .reduce(mio::Interest::add)
            .unwrap_or(mio::Interest::READABLE)
    }

    /// The readiness that satisfies it: the end of a direction is as good as data.
    pub(crate) fn mask(self) -> Ready {
        let mut mask = self.0 & (READABLE | WRITABLE | PRIORITY | ERROR);
        if self.is_readable() {
            mask |= READ_CLOSED;
        }
        if self.is_writable() {
            mask |= WRITE_CLOSED;
        }
        if self.0 & PRIORITY != 0 {
            mask |= READ_CLOSED;
        }
        Ready(mask)
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_names(f, self.0)
    }
}

/// For which operations a resource is ready, as far as is known: a hint that may be out of date.
///
/// # Examples
///
/// ```
/// use fastwake::io::Ready;
///
/// let ready = Ready::READABLE | Ready::READ_CLOSED;
/// assert!(ready.is_readable() && ready.is_read_closed() && !ready.is_writable());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ready(u8);

impl Ready {
    /// For nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!(Ready::EMPTY.is_empty());
    /// assert_eq!(Ready::READABLE & Ready::WRITABLE, Ready::EMPTY);
    /// ```
    pub const EMPTY: Self = Self(0);
    /// For reading.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let ready = Ready::READABLE | Ready::WRITABLE;
    /// assert!(ready.is_readable());
    /// assert_eq!(ready - Ready::READABLE, Ready::WRITABLE);
    /// ```
    pub const READABLE: Self = Self(READABLE);
    /// For writing.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let ready = Ready::READABLE | Ready::WRITABLE;
    /// assert!(ready.is_writable());
    /// assert_eq!(ready - Ready::WRITABLE, Ready::READABLE);
    /// ```
    pub const WRITABLE: Self = Self(WRITABLE);
    /// Nothing more will come to be read.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!(Ready::READ_CLOSED.is_read_closed());
    /// // A read does not wait: it says that this is the end.
    /// assert!(Ready::READ_CLOSED.is_readable());
    /// ```
    pub const READ_CLOSED: Self = Self(READ_CLOSED);
    /// Nothing more can be written.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!(Ready::WRITE_CLOSED.is_write_closed());
    /// // A write does not wait: it fails.
    /// assert!(Ready::WRITE_CLOSED.is_writable());
    /// ```
    pub const WRITE_CLOSED: Self = Self(WRITE_CLOSED);
    /// For reading urgent data.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!(Ready::PRIORITY.is_priority());
    /// assert!(!Ready::PRIORITY.is_readable(), "what is in order is not there yet");
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(any(target_os = "linux", target_os = "android"))))]
    pub const PRIORITY: Self = Self(PRIORITY);
    /// There is an error to be fetched.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!(Ready::ERROR.is_error());
    /// assert!(!Ready::ERROR.is_readable());
    /// ```
    pub const ERROR: Self = Self(ERROR);
    /// For everything.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let ready = Ready::READABLE | Ready::READ_CLOSED;
    /// assert_eq!(Ready::ALL & ready, ready);
    /// assert!(!(Ready::ALL - ready).is_readable());
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const ALL: Self = Self(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | PRIORITY | ERROR);
    /// For everything.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let ready = Ready::READABLE | Ready::READ_CLOSED;
    /// assert_eq!(Ready::ALL & ready, ready);
    /// assert!(!(Ready::ALL - ready).is_readable());
    /// ```
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub const ALL: Self = Self(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | ERROR);

    /// Is it ready for nothing?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let ready = Ready::READABLE;
    /// assert!(!ready.is_empty());
    /// assert!((ready & Ready::WRITABLE).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Is it ready for reading? True also when the reading side is closed: a read returns at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!(Ready::READABLE.is_readable());
    /// assert!(Ready::READ_CLOSED.is_readable());
    /// assert!(!Ready::WRITABLE.is_readable());
    /// ```
    #[must_use]
    pub fn is_readable(self) -> bool {
        self.0 & (READABLE | READ_CLOSED) != 0
    }

    /// Is it ready for writing? True also when the writing side is closed: a write returns at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!(Ready::WRITABLE.is_writable());
    /// assert!(Ready::WRITE_CLOSED.is_writable());
    /// assert!(!Ready::READABLE.is_writable());
    /// ```
    #[must_use]
    pub fn is_writable(self) -> bool {
        self.0 & (WRITABLE | WRITE_CLOSED) != 0
    }

    /// Is the reading side closed?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let last = Ready::READABLE | Ready::READ_CLOSED;
    /// assert!(last.is_read_closed(), "what has come is all there is");
    /// assert!(!Ready::READABLE.is_read_closed());
    /// ```
    #[must_use]
    pub fn is_read_closed(self) -> bool {
        self.0 & READ_CLOSED != 0
    }

    /// Is the writing side closed?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// assert!((Ready::WRITABLE | Ready::WRITE_CLOSED).is_write_closed());
    /// assert!(!Ready::WRITABLE.is_write_closed());
    /// ```
    #[must_use]
    pub fn is_write_closed(self) -> bool {
        self.0 & WRITE_CLOSED != 0
    }

    /// Is there urgent data?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let ready = Ready::READABLE | Ready::PRIORITY;
    /// assert!(ready.is_priority());
    /// assert!(!(ready - Ready::PRIORITY).is_priority());
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(any(target_os = "linux", target_os = "android"))))]
    #[must_use]
    pub fn is_priority(self) -> bool {
        self.0 & PRIORITY != 0
    }

    /// Is there an error?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::Ready;
    ///
    /// let ready = Ready::READABLE | Ready::ERROR;
    /// assert!(ready.is_error());
    /// assert!(!(ready - Ready::ERROR).is_error());
    /// ```
    #[must_use]
    pub fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    pub(super) fn bits(self) -> u8 {
        self.0
    }

    pub(super) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(super) fn of_event(event: &mio::event::Event) -> Self {
        let flags = [
            (event.is_readable(), READABLE),
            (event.is_writable(), WRITABLE),
            (event.is_read_closed(), READ_CLOSED),
            (event.is_write_closed(), WRITE_CLOSED),
            (event.is_error(), ERROR),
            #[cfg(any(target_os = "linux", target_os = "android"))]
            (event.is_priority(), PRIORITY),
        ];
        let set = flags.into_iter().filter(|(is_set, _)| *is_set);
        Self(set.fold(0, |ready, (_, bit)| ready | bit))
    }
}

impl BitOr for Ready {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Ready {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_names(f, self.0)
    }
}

fn write_names(f: &mut fmt::Formatter<'_>, bits: u8) -> fmt::Result {
    let names = [
        (READABLE, "READABLE"),
        (WRITABLE, "WRITABLE"),
        (READ_CLOSED, "READ_CLOSED"),
        (WRITE_CLOSED, "WRITE_CLOSED"),
        (PRIORITY, "PRIORITY"),
        (ERROR, "ERROR"),
    ];
    let mut separator = "";
    for (_, name) in names.iter().filter(|(bit, _)| bits & bit != 0) {
        write!(f, "{separator}{name}")?;
        separator = " | ";
    }
    match separator {
        "" => f.write_str("EMPTY"),
        _ => Ok(()),
    }
}
