//! What one run does.

use std::fmt;
use std::str::FromStr;

use fastwake::topology::AffinityScope;
use serde::{Deserialize, Serialize};

/// Threads that enqueue, if nothing else is said: as many as in the tables of the patches.
pub const PRODUCERS: usize = 8;

/// Items of each producer, if nothing else is said: as many as in the tables of the patches.
pub const ITEMS: usize = 200_000;

/// Items that a producer enqueues before it waits for them, in the batched form.
pub const BATCH: usize = 64;

/// When a wake-up is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// While the injector's lock is held.
    InLock,
    /// After it has been let go: what fastwake does.
    AfterUnlock,
}

/// How many items a producer has in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// One: it waits for each item before it enqueues the next.
    Closed,
    /// [`BATCH`]: it enqueues them one by one, and waits for all of them.
    Batched,
}

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Which CPUs share a pool.
    pub scope: AffinityScope,
    /// When wake-ups are issued.
    pub mode: Mode,
    /// How many items a producer has in flight.
    pub form: Form,
    /// Threads that enqueue.
    pub producers: usize,
    /// How many items each of them enqueues.
    pub items: usize,
    /// Is it measured how long the lock is held? That costs something itself.
    pub holds: bool,
}

impl Mode {
    /// Both, the one to be improved upon first.
    pub const ALL: [Self; 2] = [Self::InLock, Self::AfterUnlock];

    /// Its name, as it is printed and as the command line takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InLock => "in-lock",
            Self::AfterUnlock => "after-unlock",
        }
    }
}

impl Form {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Batched, Self::Closed];

    /// Its name, as it is printed and as the command line takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Batched => "batched",
        }
    }

    /// How many items a producer has in flight.
    #[must_use]
    pub fn batch(self) -> usize {
        match self {
            Self::Closed => 1,
            Self::Batched => BATCH,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == name);
        found.ok_or_else(|| format!("{name:?} is no mode; there are in-lock and after-unlock"))
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|form| form.name() == name);
        found.ok_or_else(|| format!("{name:?} is no form; there are closed and batched"))
    }
}
