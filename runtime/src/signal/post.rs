#![forbid(unsafe_code)]
//! A runtime's bell: how it hears of signals.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

use crate::coop::without_budget;
use crate::driver::{Direction, Interest};
use crate::io::PollEvented;
use crate::runtime::{Handle, Id};

use super::room::{Room, room};

/// Which runtimes have a bell: each gets one with its first listener, and keeps it until its end.
static BELLS: Mutex<Vec<(Id, Arc<Bell>)>> = Mutex::new(Vec::new());

/// The room's socket, registered with a driver. The driver wakes nobody's task but the bell itself,
/// on the thread that has found the event.
struct Bell {
    runtime: Id,
    room: &'static Room,
    receiver: PollEvented<mio::net::UnixStream>,
}

/// Lets the runtime of the calling thread deliver signals from now on.
///
/// # Errors
///
/// The system's; or that the runtime has been shut down.
///
/// # Panics
///
/// If it has no I/O.
pub(crate) fn open(handle: &Handle) -> io::Result<()> {
    if has_bell(handle.id()) {
        return Ok(());
    }
    let room = room()?;
    let receiver = mio::net::UnixStream::from_std(room.receiver.try_clone()?);
    let bell = Arc::new(Bell {
        runtime: handle.id(),
        room,
        receiver: PollEvented::with_interest(receiver, Interest::READABLE)?,
    });
    // Two threads may get here at once; two bells do no harm.
    BELLS.lock().push((handle.id(), Arc::clone(&bell)));
    // Wakes listeners: not under the lock.
    bell.answer();
    Ok(())
}

fn has_bell(runtime: Id) -> bool {
    BELLS.lock().iter().any(|(id, _)| *id == runtime)
}

impl Bell {
    /// Delivers what has come, and has the driver ring when there is more.
    fn answer(self: &Arc<Self>) {
        // The driver keeps the waker, the waker the bell, the bell the driver: until the runtime's
        // shutdown, which rings for the last time.
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        let registration = self.receiver.registration();
        let mut ring = || registration.poll_ready(&mut context, Direction::Read);
        loop {
            match without_budget(&mut ring) {
                Poll::Ready(Ok(event)) => {
                    self.room.deliver(&*self.receiver);
                    registration.clear_readiness(event);
                }
                Poll::Ready(Err(_)) => return self.take_down(),
                Poll::Pending => return,
            }
        }
    }

    /// The runtime has ended.
    fn take_down(&self) {
        let mut bells = BELLS.lock();
        let (ended, others) = std::mem::take(&mut *bells)
            .into_iter()
            .partition(|(id, _)| *id == self.runtime);
        *bells = others;
        drop(bells);
        drop::<Vec<_>>(ended);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.answer();
    }
}

/// Does any runtime deliver signals?
#[cfg(feature = "process")]
pub(crate) fn is_heard() -> bool {
    !BELLS.lock().is_empty()
}

/// Lets the current runtime deliver signals, if there is one that can.
///
/// A listener that has come here from a runtime which is gone, or which nobody drives just now, goes
/// on hearing.
pub(crate) fn listen_in_current_runtime() {
    if let Ok(handle) = Handle::try_current()
        && !has_bell(handle.id())
        && handle.has_io()
    {
        // If it cannot, those runtimes deliver that can.
        let _ = open(&handle);
    }
}
