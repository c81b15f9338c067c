#![forbid(unsafe_code)]
//! A runtime's bell: how it hears of signals.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

use crate::coop::without_budget;
use crate::driver::{Direction, Interest};
use crate::io::PollEvented;
use crate::runtime::Handle;

use super::room::{Room, room};

/// A runtime's place for its bell, which it gets with the first listener.
#[derive(Default)]
pub(crate) struct Post(Mutex<Option<Arc<Bell>>>);

/// The room's socket, registered with a driver. The driver wakes nobody's task but the bell itself,
/// on the thread that has found the event.
struct Bell {
    room: &'static Room,
    receiver: PollEvented<mio::net::UnixStream>,
}

impl Post {
    /// Lets the runtime of the calling thread, whose post this is, deliver signals from now on.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    ///
    /// # Panics
    ///
    /// If it has no I/O.
    pub(crate) fn open(&self) -> io::Result<()> {
        let bell = {
            let mut place = self.0.lock();
            if place.is_some() {
                return Ok(());
            }
            let room = room()?;
            let receiver = mio::net::UnixStream::from_std(room.receiver.try_clone()?);
            let receiver = PollEvented::with_interest(receiver, Interest::READABLE)?;
            Arc::clone(place.insert(Arc::new(Bell { room, receiver })))
        };
        // Wakes listeners: not under the lock.
        bell.answer();
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.0.lock().is_some()
    }
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
        while let Poll::Ready(Ok(event)) = without_budget(&mut ring) {
            self.room.deliver(&*self.receiver);
            registration.clear_readiness(event);
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.answer();
    }
}

/// Lets the current runtime deliver signals, if there is one that can.
///
/// A listener that has come here from a runtime which is gone, or which nobody drives just now, goes
/// on hearing.
pub(crate) fn listen_in_current_runtime() {
    if let Ok(handle) = Handle::try_current()
        && !handle.post().is_open()
        && handle.has_io()
    {
        // If it cannot, those runtimes deliver that can.
        let _ = handle.post().open();
    }
}
