#![forbid(unsafe_code)]
//! How a server gets on when it cannot accept.

use std::io;
use std::time::Duration;

use crate::time::{sleep, timeout};

use super::connections::Connections;

/// Short beside what a client waits for. Not measured.
const SHORTEST: Duration = Duration::from_millis(5);

/// As long as a server that can accept again may seem not to. Not measured.
const LONGEST: Duration = Duration::from_secs(1);

/// The pause after a failed accept. It doubles as long as they fail.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: SHORTEST }
    }

    /// An accept has succeeded.
    pub(super) fn reset(&mut self) {
        self.next = SHORTEST;
    }

    /// Waits until another attempt makes sense: for the pause, or until a connection has ended and
    /// left its descriptor.
    pub(super) async fn pause(&mut self, connections: &Connections) {
        let pause = self.next;
        self.next = LONGEST.min(pause * 2);
        match connections.len().checked_sub(1) {
            None => sleep(pause).await,
            // Either will do.
            Some(fewer) => drop(timeout(pause, connections.at_most(fewer)).await),
        }
    }
}

/// Has only the connection failed that was to be accepted? Then there may be another one.
///
/// The system reports what is known of a connection before its accept, network errors included.
pub(super) fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted,
        NetworkDown, NetworkUnreachable, TimedOut,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | TimedOut
    )
}
