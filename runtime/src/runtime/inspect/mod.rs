//! The way into a runtime for other processes: a socket on which a thread of its own answers.
//!
//! The thread runs nothing of the user's and waits for no lock of the scheduler, so it answers also
//! when every worker is in a poll that does not end. It keeps nothing of the runtime alive.
//!
//! The protocol is told in `docs/inspecting.md`; [`protocol`] is its implementation.

mod client;
mod metrics;
mod peer;
mod probe;
mod protocol;
mod server;
mod socket;

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Weak};

use self::server::Server;
use self::socket::{Listener, SocketFile};
use super::handle::Inner;

/// The name of the thread, as it is shown by the system.
const THREAD_NAME: &str = "fastwake-inspect";

/// The runtime's side of its socket. Dropping it removes the socket, and ends the thread.
pub(super) struct Inspector {
    file: SocketFile,
    end: Arc<End>,
}

/// The socket, until its thread is there.
pub(super) struct Unattended {
    server: Server,
}

/// How the thread is told to end.
struct End {
    has_come: AtomicBool,
    waker: mio::Waker,
}

impl Inspector {
    /// Makes the socket. Who connects waits until there is a [thread](Unattended::attend).
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if a process answers there, or there is a file that is
    /// no socket; otherwise the system's, with the path.
    pub(super) fn bind(path: &Path) -> io::Result<(Self, Unattended)> {
        let Listener { listener, file } = socket::bind(path)?;
        let (server, waker) = Server::new(listener)?;
        let end = Arc::new(End {
            has_come: AtomicBool::new(false),
            waker,
        });
        Ok((Self { file, end }, Unattended { server }))
    }

    /// Removes the socket, and has the thread end.
    pub(super) fn stop(&self) {
        self.file.remove();
        // ORDERING: Release pairs with the Acquire in `has_come`, though nothing depends on it: the
        // system orders the wake-up after it.
        self.end.has_come.store(true, Release);
        // It fails only if the thread has no place to wait in any more.
        let _ = self.end.waker.wake();
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Unattended {
    /// Makes the thread that answers for `runtime`.
    ///
    /// # Errors
    ///
    /// The system's, if it has no thread to give.
    pub(super) fn attend(self, runtime: &Arc<Inner>) -> io::Result<()> {
        let Some(inspector) = &runtime.inspector else {
            return Ok(());
        };
        let end = Arc::clone(&inspector.end);
        let weak: Weak<Inner> = Arc::downgrade(runtime);
        let body = move || {
            if let Some(runtime) = weak.upgrade() {
                // Whoever builds the runtime may be bound to a few CPUs.
                runtime.group.spread_current_thread();
            }
            self.server.run(&end, weak);
        };
        runtime.threads.spawn_silent(THREAD_NAME, body)
    }
}

impl End {
    fn has_come(&self) -> bool {
        self.has_come.load(Acquire)
    }
}
