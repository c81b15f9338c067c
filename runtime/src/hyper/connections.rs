#![forbid(unsafe_code)]
//! The connections of a server: how many there are, and how they learn of its end.
//!
//! A connection looks at the phase in each poll, which is one load; a lock is taken when it begins,
//! when its waker changes and when it ends.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use slab::Slab;

use super::requests::Requests;

/// How far a server's shutdown has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It has not begun.
    Open,
    /// Connections end when they have answered the requests that they have.
    Draining,
    /// Connections end.
    Cut,
}

/// The server's end.
#[derive(Debug)]
pub(super) struct Connections(Arc<Shared>);

/// A connection's end; dropping it says that the connection has ended.
#[derive(Debug)]
pub(super) struct Member {
    shared: Arc<Shared>,
    key: usize,
    /// The one that the server has, to compare with.
    waker: Option<Waker>,
    requests: Arc<Requests>,
}

#[derive(Debug)]
struct Shared {
    // ORDERING: Relaxed. It is written under the lock, before the wakers are taken there. A member
    // that has put its waker there before is woken, one that does so later has seen the lock.
    phase: AtomicU8,
    locked: Mutex<Locked>,
}

#[derive(Debug, Default)]
struct Locked {
    members: Slab<Entry>,
    server: Option<Waiting>,
}

/// What the server knows of a connection.
#[derive(Debug)]
struct Entry {
    waker: Option<Waker>,
    requests: Arc<Requests>,
}

/// The server waits until there are at most so many connections.
#[derive(Debug)]
struct Waiting {
    limit: usize,
    waker: Waker,
}

impl Connections {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            phase: AtomicU8::new(Phase::Open as u8),
            locked: Mutex::default(),
        }))
    }

    pub(super) fn len(&self) -> usize {
        self.0.locked.lock().members.len()
    }

    /// Counts a connection that begins.
    pub(super) fn join(&self) -> Member {
        let requests = Requests::new();
        let entry = Entry {
            waker: None,
            requests: Arc::clone(&requests),
        };
        Member {
            shared: Arc::clone(&self.0),
            key: self.0.locked.lock().members.insert(entry),
            waker: None,
            requests,
        }
    }

    /// Tells all connections, and says how many have a request.
    pub(super) fn enter(&self, phase: Phase) -> usize {
        let (wakers, busy): (Vec<Option<Waker>>, usize) = {
            let locked = self.0.locked.lock();
            self.0.phase.store(phase as u8, Relaxed);
            let members = locked.members.iter().map(|(_, member)| member);
            let busy = members.clone().filter(|member| member.requests.any());
            (
                members.clone().map(|member| member.waker.clone()).collect(),
                busy.count(),
            )
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
        busy
    }

    /// Waits until there are at most `limit` connections.
    pub(super) fn at_most(&self, limit: usize) -> impl Future<Output = ()> + Send {
        poll_fn(move |context| {
            let mut locked = self.0.locked.lock();
            if locked.members.len() <= limit {
                return Poll::Ready(());
            }
            locked.server = Some(Waiting {
                limit,
                waker: context.waker().clone(),
            });
            Poll::Pending
        })
    }
}

impl Member {
    /// The connection's open requests.
    pub(super) fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    /// How far the server's shutdown has got. The task that asks is woken when it gets on.
    pub(super) fn phase(&mut self, context: &Context<'_>) -> Phase {
        let waker = context.waker();
        if !self
            .waker
            .as_ref()
            .is_some_and(|ours| ours.will_wake(waker))
        {
            let old = self.shared.locked.lock().members[self.key]
                .waker
                .replace(waker.clone());
            drop(old);
            self.waker = Some(waker.clone());
        }
        match self.shared.phase.load(Relaxed) {
            phase if phase == Phase::Open as u8 => Phase::Open,
            phase if phase == Phase::Draining as u8 => Phase::Draining,
            _ => Phase::Cut,
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let (_ours, server) = {
            let mut locked = self.shared.locked.lock();
            let ours = locked.members.remove(self.key);
            let len = locked.members.len();
            let server = locked.server.take_if(|waiting| len <= waiting.limit);
            (ours, server)
        };
        if let Some(waiting) = server {
            waiting.waker.wake();
        }
    }
}
