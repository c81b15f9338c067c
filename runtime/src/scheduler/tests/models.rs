//! One model per rule. A lost wake-up shows as a deadlock: everybody sleeps and a task is left.
//!
//! The models' workers are the real ones, without threads of their own and without the
//! thread-local (the model checker runs all its threads on one): what a task would do on its
//! worker, the model does to the worker.

use std::future::pending;
use std::panic::Location;

use crate::cell::{self, JoinHandle, Runnable, TaskMeta};
use crate::park::{Parker, Woken};
use crate::primitives::atomic::Ordering::{Relaxed, SeqCst};
use crate::primitives::atomic::{AtomicBool, AtomicUsize, fence};
use crate::primitives::{Arc, thread};
use crate::scheduler::lifo_slot::LifoSlot;
use crate::scheduler::local_queue::{CAPACITY, LocalQueue};
use crate::scheduler::monitor::{Hiring, Vigil};
use crate::scheduler::policy::Intervals;
use crate::scheduler::pool::Pool;
use crate::scheduler::standing::Standing;
use crate::scheduler::worker::{Next, Worker};

/// Every task counts itself when it is run, and its future when it is dropped.
#[derive(Clone)]
struct Counts(Arc<(AtomicUsize, AtomicUsize)>);

struct Dropped(
    Counts,
    #[expect(dead_code, reason = "seen by the model checker")] loom::alloc::Track<()>,
);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.0.1.fetch_add(1, Relaxed);
    }
}

impl Counts {
    fn new() -> Self {
        Self(Arc::new((AtomicUsize::new(0), AtomicUsize::new(0))))
    }

    fn ran(&self) -> usize {
        self.0.0.load(Relaxed)
    }

    fn dropped(&self) -> usize {
        self.0.1.load(Relaxed)
    }

    fn task(&self, pool: &Pool) -> (Runnable, JoinHandle<()>) {
        let dropped = Dropped(self.clone(), loom::alloc::Track::new(()));
        let future = async move {
            dropped.0.0.0.fetch_add(1, Relaxed);
        };
        cell::new(
            future,
            pool.as_scheduler(),
            TaskMeta::at(Location::caller()),
        )
    }

    fn runnable(&self, pool: &Pool) -> Runnable {
        self.task(pool).0
    }
}

/// A place for a worker, taken before the race begins, as a pool's own threads are.
fn reserve(pool: &Pool) -> u32 {
    let slot = pool
        .injector
        .lock()
        .reserve_thread()
        .expect("there is a slot");
    pool.slot(slot);
    slot
}

fn worker(pool: &Pool, slot: u32) -> Worker<'_> {
    Worker::new(
        pool,
        slot,
        Intervals {
            global_queue: 61,
            event: 61,
        },
    )
}

/// The worker's loop until `n` tasks have run, wherever.
fn work_until(worker: &Worker<'_>, counts: &Counts, n: usize) {
    let mut next = worker.arrive();
    loop {
        match next {
            Next::Run(task) => worker.turn(task),
            Next::Search => {}
            Next::Leave => return,
        }
        if counts.ran() >= n {
            return;
        }
        next = worker.next();
    }
}

/// Runs one task as a guest, or as a worker would, and leaves `more` behind.
fn be_a_guest(pool: &Pool, counts: &Counts, more: usize) {
    let task = counts.runnable(pool);
    let left = || std::iter::repeat_with(|| counts.runnable(pool)).take(more);
    match pool.admit_guest(0) {
        Some(admitted) => {
            let guest = worker(pool, admitted.index);
            guest.turn(task);
            left().for_each(|task| guest.schedule(task));
            pool.dismiss_guest(admitted, guest.slot.take_local());
        }
        None => {
            pool.submit(task);
            left().for_each(|task| pool.submit(task));
        }
    }
}

/// All interleavings with up to this many preemptions: with all there are, some models take hours.
fn model_with(preemptions: usize, f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(f);
}

fn model(f: impl Fn() + Sync + Send + 'static) {
    model_with(3, f);
}

/// I1, I2: what is pushed from outside is run, although its worker is just going to sleep, and
/// although two producers pick the same worker.
#[test]
fn i2_a_push_from_outside_reaches_a_worker_that_goes_idle() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let counts = Counts::new();
        let other = (Arc::clone(&pool), counts.clone(), reserve(&pool));
        let w = thread::spawn(move || {
            let (pool, counts, slot) = other;
            work_until(&worker(&pool, slot), &counts, 2);
        });
        let other = (Arc::clone(&pool), counts.clone());
        let producer = thread::spawn(move || other.0.submit(other.1.runnable(&other.0)));
        pool.submit(counts.runnable(&pool));
        producer.join().unwrap();
        w.join().unwrap();
        assert_eq!((counts.ran(), counts.dropped()), (2, 2));
        assert!(pool.injector.is_even());
    });
}

/// I4: what is pushed on a local queue is stolen by a sibling that is just going to sleep, although
/// its owner does not come back.
#[test]
fn i4_a_local_push_reaches_a_sibling_that_goes_idle() {
    model(|| {
        let pool = Arc::new(super::pool(2, 2));
        let counts = Counts::new();
        let owner = worker(&pool, reserve(&pool));
        assert!(matches!(owner.arrive(), Next::Search));
        let other = (Arc::clone(&pool), counts.clone(), reserve(&pool));
        let sibling = thread::spawn(move || {
            let (pool, counts, slot) = other;
            work_until(&worker(&pool, slot), &counts, 1);
        });
        // The second takes the LIFO slot; the first goes to the local queue.
        owner.schedule(counts.runnable(&pool));
        owner.schedule(counts.runnable(&pool));
        sibling.join().unwrap();
        assert!(counts.ran() >= 1);
        drop(owner.slot.take_local());
        assert_eq!(counts.dropped(), 2);
    });
}

/// I8: a worker whose place is taken while its poll ends counts once, and so does the other; what it had
/// is run.
#[test]
fn i8_a_place_is_taken_and_given_back_once() {
    model(|| {
        let pool = Arc::new(super::pool(1, 2));
        let counts = Counts::new();
        let slot = reserve(&pool);
        let monitor = Arc::clone(&pool);
        let m = thread::spawn(move || {
            let slot = monitor.slot(slot);
            monitor.relieve(slot, slot.counters.polls.get());
        });
        let w = worker(&pool, slot);
        assert!(matches!(w.arrive(), Next::Search));
        w.schedule(counts.runnable(&pool));
        let mut next = w.next();
        while matches!(next, Next::Search) {
            next = w.next();
        }
        let Next::Run(task) = next else {
            panic!("the pool is open");
        };
        w.turn(task);
        // As `next` does, which would go to sleep here.
        let attend = || match w.slot.standing.is_running() {
            true => None,
            false => w.attend_to_standing(),
        };
        assert!(attend().is_none(), "there is room for both");
        m.join().unwrap();
        assert!(attend().is_none());
        assert_eq!(pool.injector.lock().counts().running, 1);
        assert_eq!((counts.ran(), counts.dropped()), (1, 1));
    });
}

/// I8: what the monitor takes from a worker whose place it gives to another is run or cancelled, although
/// the pool ends meanwhile; the monitor is none of those whom the end waits for.
#[test]
fn i8_what_the_monitor_takes_from_a_worker_is_not_lost_at_the_end() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let counts = Counts::new();
        let slot = reserve(&pool);
        let w = worker(&pool, slot);
        assert!(matches!(w.arrive(), Next::Search));
        w.schedule(counts.runnable(&pool));
        let monitor = Arc::clone(&pool);
        let m = thread::spawn(move || {
            let slot = monitor.slot(slot);
            monitor.relieve(slot, slot.counters.polls.get());
        });
        pool.close();
        while pool.cancel_all() > 0 || !pool.injector.is_even() {
            thread::yield_now();
        }
        m.join().unwrap();
        assert_eq!((counts.ran(), counts.dropped()), (0, 1));
    });
}

/// I5: a producer that sees a searcher wakes nobody; the searcher, if it finds something else and is
/// the last, sees to it that somebody comes for what was pushed.
#[test]
fn i5_the_last_searcher_calls_somebody_for_what_it_leaves() {
    model_with(1, || {
        let pool = Arc::new(super::pool(3, 3));
        let counts = Counts::new();
        let producer = worker(&pool, reserve(&pool));
        assert!(matches!(producer.arrive(), Next::Search));
        // Enough for a thief to take more than one.
        producer.push_back(counts.runnable(&pool));
        producer.push_back(counts.runnable(&pool));

        let (searching, sleeping) = (reserve(&pool), reserve(&pool));
        let other = Arc::clone(&pool);
        let searcher = thread::spawn(move || {
            let worker = worker(&other, searching);
            let mut next = worker.arrive();
            while matches!(next, Next::Search) {
                next = worker.next();
            }
            // What it finds first keeps it busy until the end.
            if let Next::Run(task) = next {
                worker.turn(task);
            }
        });
        let other = Arc::clone(&pool);
        let sleeper = thread::spawn(move || {
            let worker = worker(&other, sleeping);
            let mut next = worker.arrive();
            while !matches!(next, Next::Leave) {
                if let Next::Run(task) = next {
                    worker.turn(task);
                }
                next = worker.next();
            }
        });
        let done = Arc::new(Parker::new());
        let notice = Arc::clone(&done);
        let meta = TaskMeta::at(Location::caller());
        let future = async move {
            notice.unpark();
        };
        let (task, _handle) = cell::new(future, pool.as_scheduler(), meta);
        producer.push_back(task);
        pool.help_local();
        done.prepare();
        done.wait(None);
        pool.close();
        searcher.join().unwrap();
        sleeper.join().unwrap();
        pool.cancel_all();
    });
}

/// A guest takes the only room there is. What comes meanwhile, from outside and from its poll, is run by the
/// worker that found none.
#[test]
fn a_guest_that_leaves_calls_whoever_found_no_room() {
    model(|| {
        let pool = Arc::new(super::pool_with_spares(1, 1, 1));
        // The guest's is there, as the others are.
        pool.slot(1);
        let counts = Counts::new();
        let other = (Arc::clone(&pool), counts.clone(), reserve(&pool));
        let w = thread::spawn(move || {
            let (pool, counts, slot) = other;
            work_until(&worker(&pool, slot), &counts, 3);
        });
        let other = (Arc::clone(&pool), counts.clone());
        let producer = thread::spawn(move || other.0.submit(other.1.runnable(&other.0)));
        be_a_guest(&pool, &counts, 1);
        producer.join().unwrap();
        w.join().unwrap();
        assert_eq!((counts.ran(), counts.dropped()), (3, 3));
        assert!(pool.injector.is_even());
    });
}

/// I4: a sibling that has pushed on its own queue while a guest had the last room does not come back. Another
/// steals what is there.
#[test]
fn a_guest_that_leaves_calls_somebody_for_a_local_push() {
    model(|| {
        let pool = Arc::new(super::pool_with_spares(2, 2, 1));
        pool.slot(2);
        let counts = Counts::new();
        let owner = worker(&pool, reserve(&pool));
        assert!(matches!(owner.arrive(), Next::Search));
        let other = (Arc::clone(&pool), counts.clone(), reserve(&pool));
        let sibling = thread::spawn(move || {
            let (pool, counts, slot) = other;
            work_until(&worker(&pool, slot), &counts, 1);
        });
        let others = Counts::new();
        let other = (Arc::clone(&pool), others.clone());
        let guest = thread::spawn(move || be_a_guest(&other.0, &other.1, 0));
        // The second takes the LIFO slot; the first goes to the local queue.
        owner.schedule(counts.runnable(&pool));
        owner.schedule(counts.runnable(&pool));
        guest.join().unwrap();
        sibling.join().unwrap();
        assert!(counts.ran() >= 1);
        drop(owner);
        drop(pool);
        assert_eq!((counts.dropped(), others.dropped()), (2, 1));
    });
}

/// I8: a guest whose place is taken while it leaves stops counting once, and the next in its slot has
/// nothing of it.
#[test]
fn i8_a_guest_is_relieved_or_leaves() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let counts = Counts::new();
        let admitted = pool.admit_guest(0).expect("there is room");
        let slot = admitted.index;
        let monitor = Arc::clone(&pool);
        let m = thread::spawn(move || {
            let slot = monitor.slot(slot);
            monitor.relieve(slot, slot.counters.polls.get());
        });
        let guest = worker(&pool, slot);
        guest.turn(counts.runnable(&pool));
        pool.dismiss_guest(admitted, guest.slot.take_local());
        m.join().unwrap();
        assert_eq!(pool.slot(slot).standing.get(), Standing::Vacant);
        assert_eq!(pool.injector.lock().counts().running, 0);
        assert!(!pool.slot(slot).owned.is_judged());
    });
}

/// I6: a worker whose keep-alive has passed retires, or takes the work; the work is not left behind.
/// (Outside of a group no thread can be made, so work that finds nobody is failed at once.)
#[test]
fn i6_a_worker_that_retires_leaves_no_work_behind() {
    model(|| {
        let pool = Arc::new(super::pool(1, 0));
        let counts = Counts::new();
        let other = (Arc::clone(&pool), counts.clone(), reserve(&pool));
        let w = thread::spawn(move || {
            let (pool, counts, slot) = other;
            let worker = worker(&pool, slot);
            assert!(matches!(worker.arrive(), Next::Search));
            loop {
                match worker.rest_until(|| Woken::TimedOut) {
                    Next::Run(task) => worker.turn(task),
                    Next::Search if counts.dropped() == 1 => return,
                    Next::Search => {
                        if let Some(task) = worker.take_batch() {
                            worker.turn(task);
                        }
                    }
                    Next::Leave => return,
                }
            }
        });
        let (task, handle) = counts.task(&pool);
        pool.submit(task);
        w.join().unwrap();
        assert!(handle.is_finished(), "the task was left behind");
        assert_eq!(counts.dropped(), 1);
    });
}

/// Shutdown: what is submitted meanwhile is run, or cancelled; it is not lost, and nobody sleeps on.
#[test]
fn a_submission_during_the_shutdown_is_run_or_cancelled() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let counts = Counts::new();
        let other = (Arc::clone(&pool), counts.clone(), reserve(&pool));
        let w = thread::spawn(move || {
            let (pool, counts, slot) = other;
            work_until(&worker(&pool, slot), &counts, usize::MAX);
        });
        let other = (Arc::clone(&pool), counts.clone());
        let producer = thread::spawn(move || {
            let (task, handle) = other.1.task(&other.0);
            other.0.submit(task);
            handle
        });
        pool.close();
        w.join().unwrap();
        let handle = producer.join().unwrap();
        assert_eq!(pool.cancel_all(), 0);
        assert!(handle.is_finished());
        assert_eq!(counts.dropped(), 1);
        assert!(pool.injector.is_even());
    });
}

/// Q1 to Q3: an owner that pushes, pops and overflows, and a thief: every task comes out once.
#[test]
fn q2_owner_and_thief_take_each_task_once() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let counts = Counts::new();
        let queue = Arc::new(LocalQueue::new());
        let other = Arc::clone(&queue);
        let thief = thread::spawn(move || {
            let own = LocalQueue::new();
            let mut taken = 0;
            for _ in 0..2 {
                if let Some((task, more)) = other.steal_into(&own) {
                    task.cancel();
                    taken += 1 + more;
                }
            }
            taken
        });
        let mut left = 0;
        for _ in 0..CAPACITY + 1 {
            if let Some(overflow) = queue.push_back(counts.runnable(&pool)) {
                left += overflow.len();
            }
        }
        left += queue.pop_front().into_iter().count();
        let stolen = thief.join().unwrap();
        left += std::iter::from_fn(|| queue.pop_front()).count();
        assert_eq!(left + stolen, CAPACITY + 1);
        assert_eq!(counts.dropped(), CAPACITY + 1);
    });
}

/// Two thieves and an owner that reuses slots.
#[test]
fn q3_a_slot_is_not_reused_under_a_thief() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let counts = Counts::new();
        let queue = Arc::new(LocalQueue::new());
        for _ in 0..CAPACITY {
            assert!(queue.push_back(counts.runnable(&pool)).is_none());
        }
        let other = Arc::clone(&queue);
        let thief = thread::spawn(move || {
            let own = LocalQueue::new();
            other.steal_into(&own).map_or(0, |(_, more)| 1 + more)
        });
        let mut left = 0;
        for _ in 0..2 {
            left += queue.pop_front().into_iter().count();
            left += queue
                .push_back(counts.runnable(&pool))
                .map_or(0, |overflow| overflow.len());
        }
        let stolen = thief.join().unwrap();
        left += std::iter::from_fn(|| queue.pop_front()).count();
        assert_eq!(left + stolen, CAPACITY + 2);
        assert_eq!(counts.dropped(), CAPACITY + 2);
    });
}

/// The LIFO slot: its owner and a thief, and an owner that fills it again.
#[test]
fn a_task_in_the_lifo_slot_is_taken_once() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let counts = Counts::new();
        let slot = Arc::new(LifoSlot::new());
        assert!(slot.replace(counts.runnable(&pool)).is_none());
        let other = Arc::clone(&slot);
        let thief = thread::spawn(move || other.take().into_iter().count());
        let displaced = slot.replace(counts.runnable(&pool)).into_iter().count();
        let own = slot.take().into_iter().count();
        assert_eq!(displaced + own + thief.join().unwrap(), 2);
        assert_eq!(counts.dropped(), 2);
    });
}

/// A task that is suspended when the pool ends is dropped once.
#[test]
fn a_suspended_task_is_dropped_at_the_end() {
    model(|| {
        let pool = Arc::new(super::pool(1, 1));
        let worker = worker(&pool, reserve(&pool));
        assert!(matches!(worker.arrive(), Next::Search));
        let meta = TaskMeta::at(Location::caller());
        let (task, handle) = cell::new(pending::<()>(), pool.as_scheduler(), meta);
        worker.turn(task);
        let abort = handle.abort_handle();
        let aborting = thread::spawn(move || abort.abort());
        pool.close();
        while pool.cancel_all() > 0 {
            thread::yield_now();
        }
        aborting.join().unwrap();
        assert!(handle.is_finished());
    });
}

/// A worker leaves its driver while the monitor ends its round: the alarm is set, or the monitor has
/// seen it.
#[test]
fn a_driver_that_is_left_while_the_monitor_goes_to_sleep_is_watched() {
    loom::model(|| {
        let vigil = Arc::new((Vigil::new(), AtomicBool::new(false), AtomicUsize::new(0)));
        // The alarm has been set and has rung.
        assert!(vigil.0.begin());
        let other = Arc::clone(&vigil);
        let worker = thread::spawn(move || {
            let (vigil, left, alarms) = &*other;
            left.store(true, Relaxed);
            fence(SeqCst);
            if vigil.begin() {
                alarms.fetch_add(1, Relaxed);
            }
        });
        let (vigil, left, alarms) = &*vigil;
        if vigil.end(|| left.load(Relaxed)) {
            alarms.fetch_add(1, Relaxed);
        }
        worker.join().unwrap();
        assert_eq!(alarms.load(Relaxed), 1);
    });
}

/// The first task comes while the guards of a runtime that has just begun leave: the monitor's thread is made,
/// and once. It does not matter that one of the guards has not come.
#[test]
fn the_monitor_is_hired_once_whether_by_a_guard_or_by_who_calls() {
    loom::model(|| {
        for_guards(&[false, false], 2);
    });
    loom::model(|| {
        for_guards(&[true, false], 3);
    });
}

/// `expected` guards, of whom some come, and leave because they have slept or not.
fn for_guards(have_slept: &[bool], expected: u32) {
    let hiring = Arc::new((Hiring::new(), AtomicUsize::new(0)));
    hiring.0.expect(expected);
    let guards: Vec<_> = have_slept
        .iter()
        .map(|&has_slept| {
            let other = Arc::clone(&hiring);
            thread::spawn(move || {
                let (hiring, made) = &*other;
                if hiring.enlist() && hiring.leave(has_slept) {
                    made.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    let (hiring, made) = &*hiring;
    if hiring.call() {
        made.fetch_add(1, Relaxed);
    }
    for guard in guards {
        guard.join().unwrap();
    }
    assert_eq!(made.load(Relaxed), 1);
}

/// The monitor's thread is refused while somebody else calls for it: that call or the next has it made.
#[test]
fn a_monitor_that_was_refused_is_hired_by_a_later_call() {
    loom::model(|| {
        let hiring = Arc::new(Hiring::new());
        assert!(hiring.call());
        let other = Arc::clone(&hiring);
        let caller = thread::spawn(move || other.call());
        hiring.refuse();
        let is_made = caller.join().unwrap();
        assert_ne!(is_made, hiring.call());
    });
}
