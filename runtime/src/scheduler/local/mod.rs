//! The scheduler of a `LocalSet`: a queue for its own thread, and one for all others.
//!
//! A task is made, polled and dropped on the set's thread, but it may be woken on any. Its waker
//! leads here by a plain pointer, so two things are to be shown.
//!
//! * *The scheduler is there.* A waker comes as far as here only for a task that was idle. Such a
//!   task is in the list of owned tasks, and [`close`](LocalScheduler::close), without which no set
//!   goes, is not done before that list is empty: it waits for a waker that has marked its task as
//!   scheduled and has yet to put it down. From its arrival on the waker holds the scheduler itself,
//!   for the set may go as soon as it has the task.
//! * *Nothing of a task happens elsewhere.* Other threads only put a `Runnable` down in the remote
//!   queue, or refuse it if that is closed; it leaves the queue on the set's thread.

mod current;
#[cfg(all(test, fastwake_loom))]
mod models;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::ptr::NonNull;
use std::task::Waker;
use std::time::Duration;

use crate::cell::{self, JoinHandle, OwnedTasks, Ran, Runnable, Schedule, TaskList, TaskMeta};
use crate::coop;
use crate::primitives::{Arc, Lock, OnThread, pause};
use crate::trace::Kind;

pub(crate) use current::Entered;

/// Polls of tasks in one poll of the set; tokio's.
const POLLS_PER_TURN: usize = 61;

/// Polls of tasks between two looks at the remote queue while there is local work; tokio's.
const REMOTE_INTERVAL: u32 = 31;

/// What a `LocalSet` is for its tasks.
pub(crate) struct LocalScheduler {
    home: OnThread<Home>,
    remote: Lock<Remote>,
    owned: OwnedTasks,
}

/// What the set's thread has to itself.
#[derive(Default)]
struct Home {
    queue: RefCell<TaskList>,
    closed: Cell<bool>,
    tick: Cell<u32>,
}

/// What all threads may touch.
#[derive(Default)]
struct Remote {
    queue: TaskList,
    closed: bool,
    /// Wakes whoever polls the set. Whoever takes it wakes it, after the lock.
    waker: Option<Waker>,
}

#[derive(Clone, Copy)]
struct LocalRef(NonNull<LocalScheduler>);
// SAFETY: it is only used to reach the scheduler, which is `Sync`.
unsafe impl Send for LocalRef {}
// SAFETY: as above.
unsafe impl Sync for LocalRef {}

impl Schedule for LocalRef {
    fn schedule(self, task: Runnable) {
        // SAFETY: the task has been suspended before (the first time, `spawn` queues it), and it is
        // scheduled, so `close` waits for it.
        let scheduler = unsafe { self.0.as_ref() };
        if let Some(home) = scheduler.home.get()
            && scheduler.is_polled()
        {
            // The set is in a poll on this very thread, which is going to look; or in its drop.
            return home.put(task);
        }
        // SAFETY: as above; the pointer comes from `Arc::as_ptr`.
        let scheduler = unsafe {
            Arc::increment_strong_count(self.0.as_ptr());
            Arc::from_raw(self.0.as_ptr())
        };
        scheduler.accept(task);
    }
}

impl Home {
    /// Queues the task, unless the set is being dropped, or gone.
    fn put(&self, task: Runnable) {
        if self.closed.get() {
            return task.refuse();
        }
        self.queue.borrow_mut().push_back(task);
    }
}

impl LocalScheduler {
    /// That of a new set of the calling thread.
    pub(crate) fn new() -> Self {
        Self {
            home: OnThread::new(Home::default()),
            remote: Lock::new(Remote::default()),
            owned: OwnedTasks::new(),
        }
    }

    /// Sets are not `Send`, nor is what enters them: except for wakers, all is on their thread.
    fn home(&self) -> &Home {
        let home = self.home.get();
        home.expect("a set is used on the thread that made it")
    }

    pub(crate) fn spawn<F>(this: &Arc<Self>, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let home = this.home();
        let pointer = NonNull::new(Arc::as_ptr(this).cast_mut()).expect("an `Arc` is not null");
        let (set, meta) = (LocalRef(pointer), meta.of_kind(Kind::LOCAL));
        // SAFETY: this is the set's thread, and what becomes of the task here is said above.
        let (task, handle) = unsafe { cell::new_local(future, set, meta) };
        home.put(task);
        if !this.is_polled() {
            let waker = this.remote.lock().waker.take();
            waker.into_iter().for_each(Waker::wake);
        }
        handle
    }

    /// Takes a task that was woken while the set was not polled, or on another thread, and wakes the
    /// set.
    fn accept(&self, task: Runnable) {
        let waker = match self.home.get() {
            Some(home) => {
                home.put(task);
                self.remote.lock().waker.take()
            }
            None => {
                let mut remote = self.remote.lock();
                if remote.closed {
                    drop(remote);
                    return task.refuse();
                }
                remote.queue.push_back(task);
                remote.waker.take()
            }
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Leaves a waker for whoever schedules a task. To be called before the look at the queues: who
    /// comes after that finds the waker.
    pub(crate) fn set_waker(&self, waker: &Waker) {
        let is_same = |stored: &Waker| stored.will_wake(waker);
        if self.remote.lock().waker.as_ref().is_some_and(is_same) {
            return;
        }
        let waker = Some(waker.clone());
        let old = std::mem::replace(&mut self.remote.lock().waker, waker);
        drop(old);
    }

    /// Runs tasks, so many at most that others are not kept waiting. False: there are none left.
    pub(crate) fn run_tasks(&self) -> bool {
        let home = self.home();
        for _ in 0..POLLS_PER_TURN {
            let Some(task) = self.next(home) else {
                return false;
            };
            if let Ran::Yielded(task) = coop::budget(|| task.run(&self.owned)) {
                home.put(task);
            }
        }
        true
    }

    fn next(&self, home: &Home) -> Option<Runnable> {
        let tick = home.tick.get().wrapping_add(1);
        home.tick.set(tick);
        if tick.is_multiple_of(REMOTE_INTERVAL)
            && let Some(task) = self.remote.lock().queue.pop_front()
        {
            return Some(task);
        }
        let local = home.queue.borrow_mut().pop_front();
        local.or_else(|| {
            let mut batch = std::mem::take(&mut self.remote.lock().queue);
            let task = batch.pop_front();
            home.queue.borrow_mut().append(batch);
            task
        })
    }

    /// Are all tasks done? To be asked when there are none left to run: what is neither done nor
    /// queued has been suspended.
    pub(crate) fn are_done(&self) -> bool {
        self.owned.len() == 0
    }

    /// Takes no more tasks, and drops all that there are.
    pub(crate) fn close(&self) {
        let home = self.home();
        home.closed.set(true);
        self.remote.lock().closed = true;
        let mut time = Duration::from_micros(10);
        loop {
            home.queue.take().for_each(Runnable::cancel);
            let remote = std::mem::take(&mut self.remote.lock().queue);
            remote.for_each(Runnable::cancel);
            if self.owned.close_and_cancel().left == 0 {
                break;
            }
            // A waker on another thread has a task in its hands.
            pause(time);
            time = (time * 2).min(Duration::from_millis(10));
        }
        let waker = self.remote.lock().waker.take();
        drop(waker);
    }
}
