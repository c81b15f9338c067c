#![forbid(unsafe_code)]
//! The core: what only the thread that runs the tasks touches, and that thread's loop.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use futures_task::{ArcWake, waker_ref};

use crate::cell::{Ran, Runnable, TaskList};
use crate::coop;
use crate::driver::Driving;
use crate::primitives::quietly;
use crate::threads;

use super::{CorePlace, CurrentThread};

/// What only the thread that runs the tasks touches.
#[derive(Default)]
pub(super) struct Core {
    pub(super) queue: RefCell<TaskList>,
    /// Tasks that let the others go first; queued again when the driver has been looked at.
    pub(super) yielded: RefCell<TaskList>,
    /// Has the future of `block_on` let the others go first?
    pub(super) yields: Cell<bool>,
    pub(super) tick: Cell<u32>,
    /// Room for those whom events wake, kept from one time to the next.
    pub(super) wakers: Cell<Vec<Waker>>,
}

/// This thread has the core. Gives it back when dropped.
pub(super) struct CoreGuard<'a> {
    pub(super) scheduler: &'a Arc<CurrentThread>,
    pub(super) core: Option<Box<Core>>,
    /// When it has taken the core, or woken up.
    pub(super) awake_since: Cell<Instant>,
}

/// What the thread-local says: which scheduler's core this thread has.
pub(super) type Current = (*const CurrentThread, *const Core);

thread_local! {
    pub(super) static CURRENT: Cell<Current> = const { Cell::new((ptr::null(), ptr::null())) };
}

/// Wakes the future of `block_on`.
struct MainWaker {
    woken: AtomicBool,
    scheduler: Arc<CurrentThread>,
}

impl Core {
    /// The others have gone first.
    pub(super) fn take_back_yielded(&self) {
        self.yields.set(false);
        self.queue.borrow_mut().append(self.yielded.take());
    }
}

impl CoreGuard<'_> {
    fn core(&self) -> &Core {
        self.core
            .as_ref()
            .expect("it has the core until it is dropped")
    }

    pub(super) fn run<F: Future>(&mut self, mut future: Pin<&mut F>) -> F::Output {
        let _current = Entered(CURRENT.replace((Arc::as_ptr(self.scheduler), self.core())));
        let scheduler = Arc::clone(self.scheduler);
        let main = Arc::new(MainWaker {
            woken: AtomicBool::new(true),
            scheduler,
        });
        let waker = waker_ref(&main);
        let mut context = Context::from_waker(&waker);
        let mut polls = 0_u32;
        loop {
            // ORDERING: Acquire pairs with the Release in `wake_by_ref`.
            if main.woken.swap(false, AcqRel) {
                if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut context)) {
                    return output;
                }
                self.core().yields.set(coop::take_yielded());
                // One that always wakes itself leaves no moment to sleep in the driver.
                polls = polls.wrapping_add(1);
                if polls.is_multiple_of(self.scheduler.config.event_interval) {
                    self.look_at_driver();
                }
            }
            if self.run_tasks() || self.has_yielded() {
                self.look_at_driver();
                self.core().take_back_yielded();
            } else {
                self.park(&main);
            }
        }
    }

    /// Runs tasks for a while. False: there are none left.
    fn run_tasks(&self) -> bool {
        let scheduler = self.scheduler;
        for _ in 0..scheduler.config.event_interval {
            let Some(task) = self.next() else {
                return false;
            };
            let counters = &scheduler.counters;
            counters.polls.increment();
            if task.is_new() {
                counters.started.increment();
            }
            match coop::budget(|| task.run(&scheduler.owned)) {
                Ran::Completed => counters.completed.increment(),
                Ran::Suspended => {}
                Ran::Yielded(task) if coop::take_yielded() => {
                    self.core().yielded.borrow_mut().push_back(task);
                }
                Ran::Yielded(task) => self.core().queue.borrow_mut().push_back(task),
            }
        }
        true
    }

    /// Has anybody let the others go first who is to run again now?
    fn has_yielded(&self) -> bool {
        let core = self.core();
        core.yields.get() || !core.yielded.borrow().is_empty()
    }

    fn next(&self) -> Option<Runnable> {
        let core = self.core();
        let tick = core.tick.get().wrapping_add(1);
        core.tick.set(tick);
        if tick.is_multiple_of(self.scheduler.config.global_queue_interval)
            && let Some(task) = self.scheduler.shared.lock().worklist.pop_front()
        {
            return Some(task);
        }
        let local = core.queue.borrow_mut().pop_front();
        local.or_else(|| {
            let mut batch = std::mem::take(&mut self.scheduler.shared.lock().worklist);
            let task = batch.pop_front();
            core.queue.borrow_mut().append(batch);
            task
        })
    }

    /// Looks for events between two tasks.
    fn look_at_driver(&self) {
        let driving = self
            .scheduler
            .driver()
            .and_then(|driver| driver.try_drive());
        if let Some(driving) = driving {
            self.look(driving);
        }
    }

    fn look(&self, driving: Driving<'_>) {
        let mut wakers = self.core().wakers.take();
        driving.look_once(&mut wakers);
        self.wake_all(wakers);
    }

    fn wake_all(&self, mut wakers: Vec<Waker>) {
        for waker in wakers.drain(..) {
            // It may be the user's own, and there is nobody to catch its panic.
            quietly(|| waker.wake());
        }
        self.core().wakers.set(wakers);
    }

    /// Sleeps until there is something to do: in the driver, if there is one.
    fn park(&self, main: &MainWaker) {
        let scheduler = self.scheduler;
        if self.jump(main) {
            return;
        }
        let driving = scheduler.driver().and_then(|driver| driver.try_drive());
        let mut shared = scheduler.shared.lock();
        if !shared.worklist.is_empty() || main.woken.load(Acquire) {
            return;
        }
        shared.idle = true;
        match &driving {
            None => scheduler.parker.prepare(),
            // A wake-up that came before is seen below.
            Some(_) => drop(scheduler.parker.prepare_elsewhere()),
        }
        drop(shared);
        scheduler.counters.parks.increment();
        self.count_busy();
        let hooks = &scheduler.config.threads;
        threads::call(hooks.on_park.as_ref());
        // The hook may have scheduled something on this thread, which wakes nobody.
        let stay = !self.core().queue.borrow().is_empty() || main.woken.load(Acquire);
        match driving {
            // The driver has its turn all the same: a hook that always has something to do must not
            // keep events away.
            _ if stay || !scheduler.parker.is_parked() => {
                scheduler.parker.cancel();
                driving.into_iter().for_each(|driving| self.look(driving));
            }
            None => drop(scheduler.parker.wait(None)),
            Some(driving) => self.sleep(driving),
        }
        self.awake_since.set(Instant::now());
        threads::call(hooks.on_unpark.as_ref());
        scheduler.shared.lock().idle = false;
    }

    /// Counts the time since it woke up.
    fn count_busy(&self) {
        let busy = self.awake_since.get().elapsed();
        self.scheduler.counters.busy.add(busy.as_nanos() as u64);
    }

    fn sleep(&self, driving: Driving<'_>) {
        let mut wakers = self.core().wakers.take();
        driving.sleep(&mut wakers);
        self.scheduler.parker.cancel();
        self.wake_all(wakers);
    }

    /// On a stopped clock: goes on to the next deadline, now that there is nothing to do before it.
    fn jump(&self, main: &MainWaker) -> bool {
        let Some(driver) = self
            .scheduler
            .driver()
            .filter(|driver| driver.clock().is_stopped())
        else {
            return false;
        };
        // What has happened in the world outside comes before.
        self.look_at_driver();
        let woken = main.woken.load(Acquire)
            || !self.core().queue.borrow().is_empty()
            || !self.scheduler.shared.lock().worklist.is_empty();
        if woken {
            return true;
        }
        let jumped = driver
            .until_next()
            .is_some_and(|next| driver.clock().jump(next));
        if jumped {
            self.look_at_driver();
        }
        jumped
    }
}

impl Drop for CoreGuard<'_> {
    fn drop(&mut self) {
        let Some(core) = self.core.take() else { return };
        if self.scheduler.shared.lock().closed {
            self.scheduler.finish(&core);
        }
        self.count_busy();
        let mut place = self.scheduler.core.lock();
        let before = std::mem::replace(&mut *place, CorePlace::Here(core));
        drop(place);
        if let CorePlace::Taken(waiting) = before {
            // All of them: one that has its output meanwhile must not swallow the only call.
            waiting.iter().for_each(|parker| parker.unpark());
        }
    }
}

/// Puts the thread-local back as it was.
struct Entered(Current);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

impl ArcWake for MainWaker {
    fn wake_by_ref(main: &Arc<Self>) {
        // ORDERING: Release pairs with the Acquire in `CoreGuard::run`. A thread that goes to sleep
        // prepares first and a notification stays, so it does not matter when it looks.
        let already = main.woken.swap(true, AcqRel);
        if !already && main.scheduler.core_of_this_thread().is_none() {
            main.scheduler.wake();
        }
    }
}
