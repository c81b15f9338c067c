#![forbid(unsafe_code)]
//! What a worker does for its pool's driver: it sleeps in it, or has a look at it between two tasks,
//! and puts down together what the events have made ready.

use std::iter;
use std::task::Waker;

use crate::cell::{Runnable, TaskList};
use crate::driver::Driving;
use crate::park::Woken;
use crate::primitives::quietly;

use crate::scheduler::injector::Session;
use crate::scheduler::local_queue::CAPACITY;
use crate::scheduler::slot::Slot;
use crate::scheduler::worklist::Batch;

use super::{Mode, Worker};

/// Why a worker has woken up, and what it has woken up to.
pub(super) struct Awake {
    pub(super) woken: Woken,
    /// Tasks that events of the driver have scheduled.
    pub(super) ready: TaskList,
}

impl From<Woken> for Awake {
    fn from(woken: Woken) -> Self {
        Self {
            woken,
            ready: TaskList::new(),
        }
    }
}

impl Worker<'_> {
    /// Sleeps in the driver. The parker says so already.
    ///
    /// However long it lasts: who looks after the driver does not retire.
    pub(super) fn sleep_in_driver(&self, driving: Driving<'_>) -> Awake {
        let mut wakers = self.wakers.take();
        driving.sleep(&mut wakers);
        self.slot.parker.cancel();
        Awake {
            woken: Woken::Notified,
            ready: self.wake_all(wakers),
        }
    }

    /// Looks for events, unless another thread does. One of the tasks that they have made ready, to
    /// be run now; the others have been put down.
    ///
    /// A worker that finds something each time it looks hardly sleeps, and leaves whoever waits for its
    /// CPU, perhaps the other end of these connections, to the kernel's ticks, which come every few
    /// milliseconds. So now and then it lets them go first before it looks again `in_turn`. The driver is
    /// free meanwhile, should that take long.
    pub(super) fn look_at_driver(&self, in_turn: bool) -> Option<Runnable> {
        let driver = self.pool.driver_in_use()?;
        if in_turn && self.fruitful_looks.take_full() {
            std::thread::yield_now();
        }
        let driving = driver.try_drive()?;
        let mut wakers = self.wakers.take();
        driving.look_once(&mut wakers);
        let ready = self.wake_all(wakers);
        self.fruitful_looks.count(!ready.is_empty());
        if ready.is_empty() {
            return None;
        }
        let mut session = self.pool.injector.lock();
        if session.is_closed() {
            drop(session);
            ready.for_each(|task| self.pool.refuse(task));
            return None;
        }
        let batch = self.divide(&mut session, ready);
        self.share(session, batch)
    }

    /// Keeps those tasks that this worker owns: that it has polled first, and ever since if it could. What they
    /// need is in its cache. The others are for whoever comes first, this worker not excepted.
    pub(super) fn divide(&self, session: &mut Session<'_>, ready: TaskList) -> Batch {
        let Slot { queue, owned, .. } = self.slot;
        let mut batch = Batch::default();
        // Only this worker fills its queue: there may be more room by then, never less. Half of it is for what
        // they schedule.
        let mut room = (CAPACITY - queue.len()) / 2;
        for task in ready {
            if room == 0 || !task.is_owned_by(owned) {
                session.worklist.push_back(task);
            } else if batch.first.is_none() {
                batch.first = Some(task);
            } else {
                queue.extend(iter::once(task));
                batch.others += 1;
                room -= 1;
            }
        }
        match batch.first {
            Some(_) => batch,
            None => session.take_batch(queue),
        }
    }

    /// Wakes everybody, and gives the tasks that are scheduled by that.
    fn wake_all(&self, mut wakers: Vec<Waker>) -> TaskList {
        let before = self.mode.replace(Mode::Gathering);
        for waker in wakers.drain(..) {
            // It may be the user's own, and this is a worker's thread.
            quietly(|| waker.wake());
        }
        self.mode.set(before);
        self.wakers.set(wakers);
        self.gathered.take()
    }
}
