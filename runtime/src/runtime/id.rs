#![forbid(unsafe_code)]
//! Runtime ids.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names a runtime or a [`LocalSet`](crate::task::LocalSet), uniquely among all of the process; from
/// [`Handle::id`](super::Handle::id) and [`LocalSet::id`](crate::task::LocalSet::id).
///
/// # Examples
///
/// ```
/// use fastwake::runtime::Runtime;
///
/// let (a, b) = (Runtime::new()?, Runtime::new()?);
/// assert_ne!(a.handle().id(), b.handle().id());
/// assert_eq!(a.handle().id(), a.handle().clone().id());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(NonZeroU64);

impl Id {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NonZeroU64::MIN.saturating_add(NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
