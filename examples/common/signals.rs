//! The signals that ask a server to end.
#![forbid(unsafe_code)]

use std::io;

use fastwake::select;
use fastwake::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C and `SIGTERM`. From the moment that this is made, they no longer end the process.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next of them, and gives its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
