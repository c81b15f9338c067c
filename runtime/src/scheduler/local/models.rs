//! Wake-ups of local tasks from other threads, in all interleavings. A lost one shows as a deadlock,
//! a wake-up that comes too late for the scheduler as a use after free.

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::sync::Arc as StdArc;
use std::task::{Poll, Waker};

use futures_task::{ArcWake, waker};

use super::LocalScheduler;
use crate::cell::{JoinHandle, TaskMeta};
use crate::park::Parker;
use crate::primitives::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use crate::primitives::{Arc, Lock, ThreadId, thread};

/// Counts its drop, and checks that it happens on the thread that made it.
struct Local {
    home: ThreadId,
    drops: Arc<AtomicUsize>,
    _tracked: loom::alloc::Track<()>,
}

impl Drop for Local {
    fn drop(&mut self) {
        assert!(
            self.home == ThreadId::current(),
            "a local future is dropped at home"
        );
        self.drops.fetch_add(1, SeqCst);
    }
}

/// Where a future leaves its waker, and looks for its flag.
#[derive(Clone)]
struct Mailbox(Arc<(Lock<Option<Waker>>, AtomicBool)>);

impl Mailbox {
    fn new() -> Self {
        Self(Arc::new((Lock::new(None), AtomicBool::new(false))))
    }

    /// Ready once the flag is set.
    fn wait(self, drops: &Arc<AtomicUsize>) -> impl Future<Output = ()> + use<> {
        let local = Local {
            home: ThreadId::current(),
            drops: Arc::clone(drops),
            _tracked: loom::alloc::Track::new(()),
        };
        poll_fn(move |context| {
            assert!(local.home == ThreadId::current());
            let waker = context.waker().clone();
            let old = self.0.0.lock().replace(waker);
            drop(old);
            match self.0.1.load(SeqCst) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
    }

    fn call(&self) {
        self.0.1.store(true, SeqCst);
        let waker = self.0.0.lock().take();
        waker.into_iter().for_each(Waker::wake);
    }
}

struct Unpark(Parker);

impl ArcWake for Unpark {
    fn wake_by_ref(unpark: &StdArc<Self>) {
        unpark.0.unpark();
    }
}

fn spawn(
    scheduler: &Arc<LocalScheduler>,
    future: impl Future<Output = ()> + 'static,
) -> JoinHandle<()> {
    LocalScheduler::spawn(scheduler, future, TaskMeta::at(Location::caller()))
}

/// Polls the set as a `block_on` does, until all tasks are done.
fn run_to_the_end(scheduler: &Arc<LocalScheduler>) {
    let unpark = StdArc::new(Unpark(Parker::new()));
    let waker = waker(StdArc::clone(&unpark));
    loop {
        scheduler.set_waker(&waker);
        let done = {
            let _polled = LocalScheduler::enter_poll(scheduler);
            !scheduler.run_tasks() && scheduler.are_done()
        };
        if done {
            return;
        }
        unpark.0.prepare();
        unpark.0.wait(None);
    }
}

#[test]
fn a_wake_up_from_another_thread_is_not_lost() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let mailbox = Mailbox::new();
        let scheduler = Arc::new(LocalScheduler::new());
        drop(spawn(&scheduler, mailbox.clone().wait(&drops)));
        let other = thread::spawn(move || mailbox.call());
        run_to_the_end(&scheduler);
        assert_eq!(drops.load(SeqCst), 1);
        scheduler.close();
        other.join().unwrap();
    });
}

#[test]
fn a_set_that_is_dropped_waits_for_a_waker_that_has_its_task() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let mailbox = Mailbox::new();
        let scheduler = Arc::new(LocalScheduler::new());
        drop(spawn(&scheduler, mailbox.clone().wait(&drops)));
        assert!(!scheduler.run_tasks());
        let other = thread::spawn(move || mailbox.call());
        scheduler.close();
        assert_eq!(drops.load(SeqCst), 1);
        drop(scheduler);
        other.join().unwrap();
    });
}

#[test]
fn an_abort_from_another_thread_drops_the_future_at_home() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let scheduler = Arc::new(LocalScheduler::new());
        let handle = spawn(&scheduler, Mailbox::new().wait(&drops));
        let other = thread::spawn(move || handle.abort());
        run_to_the_end(&scheduler);
        assert_eq!(drops.load(SeqCst), 1);
        scheduler.close();
        other.join().unwrap();
    });
}
