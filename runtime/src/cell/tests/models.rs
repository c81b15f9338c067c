//! The rules T1 to T6, in all interleavings. A lost wake-up shows as a deadlock or as a task that
//! is not done, a reference too many as a leak, one too few as a use after free.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc as StdArc;
use std::task::{Context, Poll, Waker};

use futures_task::{ArcWake, waker};

use super::Queue;
use crate::cell::{JoinHandle, Ran};
use crate::park::Parker;
use crate::primitives::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use crate::primitives::{Arc, Lock, thread};

/// A value whose loss the model checker reports, and whose drops are counted.
struct Tracked(
    Arc<AtomicUsize>,
    #[expect(dead_code, reason = "seen by the model checker")] loom::alloc::Track<()>,
);

impl Tracked {
    fn new(drops: &Arc<AtomicUsize>) -> Self {
        Self(Arc::clone(drops), loom::alloc::Track::new(()))
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Wakes a parker.
struct Unpark(Parker);

impl ArcWake for Unpark {
    fn wake_by_ref(unpark: &StdArc<Self>) {
        unpark.0.unpark();
    }
}

fn join<T>(mut handle: JoinHandle<T>) -> Result<T, crate::cell::JoinError> {
    let unpark = StdArc::new(Unpark(Parker::new()));
    let waker = waker(StdArc::clone(&unpark));
    loop {
        let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(result) = polled {
            return result;
        }
        unpark.0.prepare();
        unpark.0.wait(None);
    }
}

/// Where a future leaves its waker for another thread.
type Mailbox = Arc<(Lock<Option<Waker>>, AtomicBool)>;

/// Ready once the flag is set; leaves its waker before it looks.
fn wait_for_flag(mailbox: Mailbox, tracked: Tracked) -> impl Future<Output = Tracked> {
    let mut tracked = Some(tracked);
    poll_fn(move |context| {
        let old = mailbox.0.lock().replace(context.waker().clone());
        drop(old);
        match mailbox.1.load(SeqCst) {
            true => Poll::Ready(tracked.take().expect("ready once")),
            false => Poll::Pending,
        }
    })
}

/// T2, T3: a wake-up that comes before, during or after the poll leads to another poll.
#[test]
fn t3_a_wake_up_during_a_poll_is_not_lost() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let mailbox: Mailbox = Arc::new((Lock::new(None), AtomicBool::new(false)));
        let queue = Queue::new();
        let handle = queue.spawn(wait_for_flag(Arc::clone(&mailbox), Tracked::new(&drops)));
        let other = Arc::clone(&mailbox);
        let waking = thread::spawn(move || {
            other.1.store(true, SeqCst);
            let waker = other.0.lock().take();
            waker.into_iter().for_each(Waker::wake);
        });
        queue.run_all();
        waking.join().unwrap();
        queue.run_all();
        assert!(handle.is_finished());
        drop(mailbox.0.lock().take());
        drop(handle);
        assert_eq!(drops.load(Relaxed), 1);
    });
}

/// T1, T2: two wakers and an abort make one `Runnable` between them.
#[test]
fn t1_wakers_and_an_abort_make_one_runnable() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let mailbox: Mailbox = Arc::new((Lock::new(None), AtomicBool::new(false)));
        let queue = Queue::new();
        let handle = queue.spawn(wait_for_flag(Arc::clone(&mailbox), Tracked::new(&drops)));
        queue.run_all();
        let waker = mailbox.0.lock().take().expect("the task has been polled");
        let other = waker.clone();
        let waking = thread::spawn(move || waker.wake());
        other.wake_by_ref();
        handle.abort();
        drop(other);
        waking.join().unwrap();
        assert!(queue.run_one());
        assert!(!queue.run_one());
        assert!(join(handle).is_err_and(|error| error.is_cancelled()));
        assert_eq!(drops.load(Relaxed), 1);
    });
}

/// T6: a join handle that waits is woken, whenever it begins to wait.
#[test]
fn t6_a_join_handle_that_waits_is_woken() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let queue = Queue::new();
        let tracked = Tracked::new(&drops);
        let handle = queue.spawn(async move { tracked });
        let other = Arc::clone(&queue);
        let running = thread::spawn(move || other.run_all());
        drop(join(handle).unwrap());
        running.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}

/// T6: a handle that has waited with one waker, and waits with another.
#[test]
fn t6_the_waker_can_be_changed_while_the_task_completes() {
    loom::model(|| {
        let queue = Queue::new();
        let mut handle = queue.spawn(async {});
        let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let other = Arc::clone(&queue);
        let running = thread::spawn(move || other.run_all());
        join(handle).unwrap();
        running.join().unwrap();
    });
}

/// T5: the output is dropped once, by the handle or by the completer; a stored waker too.
#[test]
fn t5_a_handle_dropped_while_the_task_completes() {
    for waits in [false, true] {
        loom::model(move || {
            let drops = Arc::new(AtomicUsize::new(0));
            let queue = Queue::new();
            let tracked = Tracked::new(&drops);
            let mut handle = queue.spawn(async move { tracked });
            let unpark = StdArc::new(Unpark(Parker::new()));
            if waits {
                let waker = waker(StdArc::clone(&unpark));
                let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
                assert!(polled.is_pending());
            }
            let other = Arc::clone(&queue);
            let running = thread::spawn(move || other.run_all());
            drop(handle);
            running.join().unwrap();
            assert_eq!(drops.load(Relaxed), 1);
            assert_eq!(StdArc::strong_count(&unpark), 1);
        });
    }
}

/// T4: at shutdown, a task that is woken meanwhile is either in the list, to be cancelled there, or
/// comes back to it.
#[test]
fn t4_a_wake_up_during_the_shutdown_loses_nothing() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let mailbox: Mailbox = Arc::new((Lock::new(None), AtomicBool::new(false)));
        let queue = Queue::new();
        let handle = queue.spawn(wait_for_flag(Arc::clone(&mailbox), Tracked::new(&drops)));
        queue.run_all();
        let waker = mailbox.0.lock().take().expect("the task has been polled");
        let waking = thread::spawn(move || waker.wake());
        while queue.close() > 0 {
            thread::yield_now();
        }
        assert!(handle.is_finished());
        waking.join().unwrap();
        drop(handle);
        assert_eq!(drops.load(Relaxed), 1);
    });
}

/// T2, T4: a task that waits for its first poll, and is woken and aborted at the same time, has one
/// `Runnable`.
#[test]
fn t2_a_task_that_waits_is_run_or_cancelled_once() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let queue = Queue::new();
        let tracked = Tracked::new(&drops);
        let handle = queue.spawn_waiting(async move { tracked });
        assert!(!queue.run_one());
        let other = handle.abort_handle();
        let waking = thread::spawn(move || other.wake());
        handle.abort();
        waking.join().unwrap();
        assert!(queue.run_one());
        assert!(!queue.run_one());
        drop(join(handle));
        assert_eq!(drops.load(Relaxed), 1);
        assert_eq!(queue.waiting.len(), 0);
    });
}

/// T4: a task that begins to wait, or is woken, during the shutdown is cancelled or comes back to the
/// list.
#[test]
fn t4_a_task_that_waits_is_not_lost_by_the_shutdown() {
    for woken in [false, true] {
        loom::model(move || {
            let drops = Arc::new(AtomicUsize::new(0));
            let queue = Queue::new();
            let tracked = Tracked::new(&drops);
            let other = Arc::clone(&queue);
            let spawning = thread::spawn(move || {
                let handle = other.spawn_waiting(async move { tracked });
                if woken {
                    handle.abort_handle().wake();
                }
                handle
            });
            // Once is enough, but for one that somebody is about to push.
            while queue.close() > 0 && woken {
                thread::yield_now();
            }
            let handle = spawning.join().unwrap();
            assert!(handle.is_finished());
            drop(handle);
            assert_eq!(drops.load(Relaxed), 1);
        });
    }
}

/// T4: a task that is suspended by its first poll changes lists, whatever the shutdown does meanwhile.
#[test]
fn t4_a_task_that_has_waited_goes_from_one_list_to_the_other() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let mailbox: Mailbox = Arc::new((Lock::new(None), AtomicBool::new(false)));
        let queue = Queue::new();
        let task = wait_for_flag(Arc::clone(&mailbox), Tracked::new(&drops));
        let handle = queue.spawn_waiting(task);
        handle.abort_handle().wake();
        let task = queue.pop().expect("it has been woken");
        let other = Arc::clone(&queue);
        let running = thread::spawn(move || {
            task.end_wait();
            if let Ran::Yielded(task) = task.run(&other.owned) {
                other.push(task);
            }
        });
        while queue.close() > 0 {
            thread::yield_now();
        }
        running.join().unwrap();
        // The sweep may have come before the suspension.
        while queue.close() > 0 {
            thread::yield_now();
        }
        assert!(handle.is_finished());
        drop(mailbox.0.lock().take());
        drop(handle);
        assert_eq!(drops.load(Relaxed), 1);
        assert_eq!((queue.waiting.len(), queue.owned.len()), (0, 0));
    });
}

/// A waker that outlives everything else frees the task.
#[test]
fn the_last_reference_frees_the_task_whoever_has_it() {
    loom::model(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let mailbox: Mailbox = Arc::new((Lock::new(None), AtomicBool::new(true)));
        let queue = Queue::new();
        let handle = queue.spawn(wait_for_flag(Arc::clone(&mailbox), Tracked::new(&drops)));
        queue.run_all();
        let waker = mailbox.0.lock().take().expect("the task has been polled");
        let waking = thread::spawn(move || waker.wake());
        drop(handle);
        waking.join().unwrap();
        assert_eq!(drops.load(Relaxed), 1);
    });
}
