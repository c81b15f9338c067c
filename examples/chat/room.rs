//! The room: who is in it, and what is said.
//!
//! What is said goes through a ring of fixed size that each member reads on its own. Saying
//! something never waits: a member that does not keep up loses the oldest lines, and learns how many.
#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastwake::sync::broadcast;

/// How many lines a member may be behind.
const RING: usize = 256;

/// The longest name, in characters.
const LONGEST_NAME: usize = 24;

#[derive(Clone)]
pub(crate) enum Event {
    Line {
        /// Whose line it is: that member knows it already.
        from: Arc<str>,
        line: Arc<str>,
    },
    Closing,
}

pub(crate) struct Room {
    names: Mutex<BTreeSet<Arc<str>>>,
    events: broadcast::Sender<Event>,
}

/// Why a name is not accepted.
#[derive(Debug)]
pub(crate) enum Refusal {
    Taken,
    NoName,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("somebody in the room has that name: take another"),
            Self::NoName => write!(
                f,
                "a name has 1 to {LONGEST_NAME} letters, digits, '-' or '_'"
            ),
        }
    }
}

impl Room {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            names: Mutex::default(),
            events: broadcast::Sender::new(RING),
        })
    }

    /// Lets somebody in, and tells the others.
    pub(crate) fn enter(self: &Arc<Self>, name: &str) -> Result<Member, Refusal> {
        let is_name = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_');
        if !(1..=LONGEST_NAME).contains(&name.chars().count()) || !name.chars().all(is_name) {
            return Err(Refusal::NoName);
        }
        let mut names = self.names();
        let others = names.iter().cloned().collect();
        let name: Arc<str> = name.into();
        if !names.insert(Arc::clone(&name)) {
            return Err(Refusal::Taken);
        }
        let member = Member {
            room: Arc::clone(self),
            inbox: self.events.subscribe(),
            name,
            others,
        };
        // Under the lock, so that who comes and who goes is told in the order in which it was.
        member.tell(format!("* {} has joined", member.name));
        Ok(member)
    }

    /// Tells all members that it is over.
    pub(crate) fn close(&self) {
        // An error means that there are none.
        let _ = self.events.send(Event::Closing);
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<Arc<str>>> {
        // No panic leaves the set half changed.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who is in the room, until this is dropped.
pub(crate) struct Member {
    room: Arc<Room>,
    pub(crate) name: Arc<str>,
    /// Who was there before.
    pub(crate) others: Vec<Arc<str>>,
    pub(crate) inbox: broadcast::Receiver<Event>,
}

impl Member {
    pub(crate) fn say(&self, text: &str) {
        self.tell(format!("<{}> {text}", self.name));
    }

    fn tell(&self, line: String) {
        let from = Arc::clone(&self.name);
        let line = line.into();
        // There is one receiver at least: this member's.
        let _ = self.room.events.send(Event::Line { from, line });
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut names = self.room.names();
        names.remove(&self.name);
        self.tell(format!("* {} has left", self.name));
    }
}
