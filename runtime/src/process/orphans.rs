#![forbid(unsafe_code)]
//! Children that run on after their [`Child`](super::Child) has been dropped: somebody has to collect
//! their status.
//!
//! They are looked through whenever a runtime delivers `SIGCHLD`. The listener is set up with the
//! first orphan, and stays.

use std::process;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use parking_lot::Mutex;

use crate::runtime::Handle;
use crate::signal::{Listener, listen_in_current_runtime};

static ORPHANS: Mutex<Vec<process::Child>> = Mutex::new(Vec::new());
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// Looks through the orphans when it is woken.
struct Collector;

impl Wake for Collector {
    fn wake(self: Arc<Self>) {
        collect();
    }
}

/// Takes over a child that has been started in the runtime `home`, which is to notice its end.
pub(super) fn adopt(orphan: process::Child, home: &Handle) {
    ORPHANS.lock().push(orphan);
    // Also that one, if it is another: `home` may be gone.
    listen_in_current_runtime();
    let entered = home.enter();
    listen_in_current_runtime();
    drop(entered);
    collect();
}

/// Has the current runtime notice the end of orphans whose own has gone, if there are any.
pub(super) fn look_after() {
    if !ORPHANS.lock().is_empty() {
        listen_in_current_runtime();
        collect();
    }
}

/// Listens on, and then looks: whoever ends in between is noticed in the one way or the other.
fn collect() {
    {
        let mut listener = LISTENER.lock();
        if listener.is_none() {
            // Without one there is the next orphan, or the next process that is started.
            *listener = Listener::new(libc::SIGCHLD).ok();
        }
        let waker = Waker::from(Arc::new(Collector));
        let mut context = Context::from_waker(&waker);
        if let Some(listener) = &mut *listener {
            while listener.poll_heard(&mut context).is_ready() {}
        }
    }
    // An error says that somebody else has collected it.
    ORPHANS
        .lock()
        .retain_mut(|orphan| matches!(orphan.try_wait(), Ok(None)));
}
