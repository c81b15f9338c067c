//! The process's one place for signals: a slot for each, and the socket that handlers write to.
//!
//! ```text
//!  handler (any thread, any moment)       whoever hears the bell        listeners
//!    S1 mark the slot                       S3 drain the socket
//!    S2 write a byte to the socket ───────▶ S4 take the marks ────────▶ version + 1, wake
//! ```
//!
//! Each runtime that somebody listens in has a [bell](super::post) at the socket's other end. A byte
//! rings all of them, and whichever runtime comes first delivers to the listeners of all. A mark is
//! set before its byte is written and taken after the socket was drained, so every mark is either
//! taken or followed by a byte that is still to be read. That holds if the socket is full, too: what
//! fills it is still to be drained.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use slab::Slab;

use crate::primitives::{Lock, quietly};

/// Numbers of signals are smaller, on every system.
const SIGNALS: usize = 129;

pub(super) struct Room {
    slots: Box<[Slot]>,
    sender: UnixStream,
    pub(super) receiver: UnixStream,
}

struct Slot {
    /// Set by the handler (S1).
    is_marked: AtomicBool,
    /// Is there a handler? One that has been installed stays.
    is_handled: Mutex<bool>,
    listeners: Lock<Listeners>,
}

struct Listeners {
    /// How often the signal has been delivered.
    version: u64,
    wakers: Slab<Option<Waker>>,
}

static ROOM: OnceLock<Room> = OnceLock::new();

/// # Errors
///
/// The system's: no file descriptor is left.
pub(super) fn room() -> io::Result<&'static Room> {
    if let Some(room) = ROOM.get() {
        return Ok(room);
    }
    let room = Room::new()?;
    Ok(ROOM.get_or_init(|| room))
}

impl Room {
    fn new() -> io::Result<Self> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Self {
            slots: (0..SIGNALS).map(|_| Slot::new()).collect(),
            sender,
            receiver,
        })
    }

    /// Runs in a signal handler: nothing but atomics and `write`.
    fn ring(&self, slot: &Slot) {
        // ORDERING: Release pairs with the AcqRel in `deliver`; the socket orders the two.
        slot.is_marked.store(true, Release);
        // If the socket is full, there is a byte to be read already.
        let _ = (&self.sender).write(&[1]);
    }

    /// Reads what handlers have written (S3), and wakes who listens for what they have marked (S4).
    pub(super) fn deliver(&self, mut receiver: impl Read) {
        let mut bytes = [0; 128];
        while receiver.read(&mut bytes).is_ok_and(|n| n > 0) {}
        for slot in &self.slots {
            if slot.is_marked.load(Relaxed) && slot.is_marked.swap(false, AcqRel) {
                slot.notify();
            }
        }
    }
}

impl Slot {
    fn new() -> Self {
        Self {
            is_marked: AtomicBool::new(false),
            is_handled: Mutex::new(false),
            listeners: Lock::new(Listeners {
                version: 0,
                wakers: Slab::new(),
            }),
        }
    }

    /// Has the signal marked here from now on.
    fn handle(&'static self, room: &'static Room, signal: libc::c_int) -> io::Result<()> {
        let mut is_handled = self.is_handled.lock();
        if !*is_handled {
            // SAFETY: the handler stores to an atomic and calls `write`, which is what a handler may
            // do. An error of `write` is the number that the system gives: nothing is allocated.
            unsafe { signal_hook_registry::register(signal, move || room.ring(self)) }?;
            *is_handled = true;
        }
        Ok(())
    }

    fn notify(&self) {
        let wakers: Vec<_> = {
            let mut listeners = self.listeners.lock();
            listeners.version += 1;
            let wakers = listeners.wakers.iter_mut();
            wakers.filter_map(|(_, waker)| waker.take()).collect()
        };
        for waker in wakers {
            // It may be the user's own, and nobody here is to be unwound by it.
            quietly(|| waker.wake());
        }
    }
}

/// Somebody who listens for one signal. What comes between two polls counts once.
pub(crate) struct Listener {
    slot: &'static Slot,
    /// The delivery that was last heard of.
    seen: u64,
    key: usize,
}

impl Listener {
    /// Installs a handler for the signal, if there is none.
    ///
    /// # Errors
    ///
    /// The system's; or that there can be no handler for it.
    pub(crate) fn new(signal: libc::c_int) -> io::Result<Self> {
        let is_forbidden = signal <= 0 || signal_hook_registry::FORBIDDEN.contains(&signal);
        let index = usize::try_from(signal).ok().filter(|_| !is_forbidden);
        let room = room()?;
        let Some(slot) = index.and_then(|index| room.slots.get(index)) else {
            return Err(io::Error::other(format!(
                "signal {signal} cannot be listened for: the system has no such signal, or lets \
                 nobody handle it"
            )));
        };
        slot.handle(room, signal)?;
        let mut listeners = slot.listeners.lock();
        Ok(Self {
            slot,
            seen: listeners.version,
            key: listeners.wakers.insert(None),
        })
    }

    /// Waits until the signal has been delivered.
    pub(crate) fn poll_heard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut waker = Some(context.waker().clone());
        let mut listeners = self.slot.listeners.lock();
        let is_heard = listeners.version != self.seen;
        if is_heard {
            self.seen = listeners.version;
        } else {
            std::mem::swap(&mut listeners.wakers[self.key], &mut waker);
        }
        // A waker is the user's: not under the lock.
        drop(listeners);
        drop(waker);
        if is_heard {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let waker = self.slot.listeners.lock().wakers.remove(self.key);
        drop(waker);
    }
}
