#![forbid(unsafe_code)]
//! Task ids.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names a task, uniquely among all tasks of the process.
///
/// Ids are not in the order of spawns: each thread takes them from blocks of its own.
///
/// # Examples
///
/// ```
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let a = fastwake::spawn(async { fastwake::task::id() });
/// let b = fastwake::spawn(async {});
/// assert_ne!(a.id(), b.id());
/// assert_eq!(a.id(), a.await.unwrap());
/// # });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroU64);

/// How many ids a thread takes at once: enough that the shared counter is no meeting point.
const BLOCK: u64 = 1024;

static NEXT_BLOCK: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static BLOCK_LEFT: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    /// The task that this thread polls or drops.
    static CURRENT: Cell<Option<Id>> = const { Cell::new(None) };
}

/// For as long as this lives, the thread is in the task.
pub(super) struct InTask(Option<Id>);

impl Drop for InTask {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

impl Id {
    /// The task that this thread is in, if it is in one.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Cell::get).ok().flatten()
    }

    pub(crate) fn from_number(id: u64) -> Option<Self> {
        NonZeroU64::new(id).map(Self)
    }

    pub(super) fn enter(self) -> InTask {
        InTask(CURRENT.replace(Some(self)))
    }

    pub(crate) fn next() -> Self {
        let (next, end) = BLOCK_LEFT.get();
        let (next, end) = if next == end {
            let block = NEXT_BLOCK.fetch_add(1, Ordering::Relaxed);
            (block * BLOCK, (block + 1) * BLOCK)
        } else {
            (next, end)
        };
        BLOCK_LEFT.set((next + 1, end));
        Self(NonZeroU64::MIN.saturating_add(next))
    }

    pub(crate) fn number(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
