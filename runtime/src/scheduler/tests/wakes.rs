//! Who is woken when, on real threads and by count.

use std::panic::Location;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::cell::{self, TaskMeta};
use crate::runtime::{Builder, Runtime};
use crate::scheduler::kick::hook::with as hook;

/// Long enough for anything that is going to happen at all.
const LONG: Duration = Duration::from_secs(20);

fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .build()
        .unwrap()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + LONG;
    while !condition() {
        assert!(
            std::time::Instant::now() < deadline,
            "{what} does not happen"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

fn wait_until_idle(runtime: &Runtime, workers: usize) {
    wait_until("that all workers sleep", || {
        runtime.metrics().pools()[0].idle_workers == Some(workers)
    });
}

#[test]
fn a_spawn_into_an_idle_runtime_is_one_pick_and_one_wake() {
    let runtime = runtime(2);
    wait_until_idle(&runtime, 2);
    let before = runtime.metrics().pools()[0].clone();
    runtime.block_on(runtime.spawn(async {})).unwrap();
    let after = runtime.metrics().pools()[0].clone();
    assert_eq!(after.picks - before.picks, 1);
    assert_eq!(after.wakes - before.wakes, 1);
    assert_eq!(
        after.wakes_without_system_call,
        before.wakes_without_system_call
    );
}

#[test]
fn a_producer_that_is_held_up_before_its_wake_up_holds_nobody_else_up() {
    let runtime = runtime(1);
    wait_until_idle(&runtime, 1);
    let (paused, is_paused) = mpsc::channel();
    let (resume, is_resumed) = mpsc::channel::<()>();
    let handle = runtime.handle().clone();
    let producer = thread::spawn(move || {
        hook::set(move || {
            paused.send(()).unwrap();
            is_resumed.recv_timeout(LONG).unwrap();
        });
        handle.spawn(async {})
    });
    is_paused.recv_timeout(LONG).unwrap();

    // The producer has let the lock go and has not woken anybody. Others get their work done, and
    // its own with it.
    let (done, is_done) = mpsc::channel();
    runtime.spawn(async move { done.send(()).unwrap() });
    is_done.recv_timeout(LONG).unwrap();
    wait_until("the other's task", || {
        runtime.metrics().pools()[0].tasks_completed == 2
    });

    resume.send(()).unwrap();
    let task = producer.join().unwrap();
    runtime.block_on(task).unwrap();
    // Its wake-up came too late to be needed; the worker had been woken by the other.
    let pool = runtime.metrics().pools()[0].clone();
    assert_eq!(pool.picks, 2);
}

#[test]
fn a_wake_up_that_comes_after_the_runtimes_end_finds_its_memory() {
    let runtime = runtime(1);
    wait_until_idle(&runtime, 1);
    let (send_waker, waker) = mpsc::channel();
    runtime.spawn(std::future::poll_fn(move |context| {
        let _ = send_waker.send(context.waker().clone());
        std::task::Poll::<()>::Pending
    }));
    let waker = waker.recv_timeout(LONG).unwrap();
    wait_until_idle(&runtime, 1);
    let (paused, is_paused) = mpsc::channel();
    let (resume, is_resumed) = mpsc::channel::<()>();
    let waking = thread::spawn(move || {
        hook::set(move || {
            paused.send(()).unwrap();
            is_resumed.recv_timeout(LONG).unwrap();
        });
        // Holds nothing of the runtime's but the task, and gives that up.
        waker.wake();
    });
    is_paused.recv_timeout(LONG).unwrap();
    let ending = thread::spawn(move || drop(runtime));
    // The end waits for the wake-up that is owed.
    thread::sleep(Duration::from_millis(50));
    assert!(!ending.is_finished());
    resume.send(()).unwrap();
    waking.join().unwrap();
    ending.join().unwrap();
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "while this thread holds a scheduler lock")]
fn a_kick_sent_under_the_lock_is_refused_in_debug_builds() {
    let pool = super::pool(1, 1);
    let slot = pool.injector.lock().reserve_thread().unwrap();
    let mut session = pool.injector.lock();
    session.arrive(slot);
    session.go_idle(slot);
    pool.slot(slot).parker.prepare();
    let meta = TaskMeta::at(Location::caller());
    let (task, _handle) = cell::new(async {}, pool.as_scheduler(), meta);
    session.worklist.push_back(task);
    let kick = pool.pick(&mut session).expect("a worker is idle");
    kick.send();
}

#[test]
fn an_unused_kick_is_sent_when_it_is_dropped() {
    let pool = super::pool(1, 1);
    let slot = pool.injector.lock().reserve_thread().unwrap();
    let mut session = pool.injector.lock();
    session.arrive(slot);
    session.go_idle(slot);
    pool.slot(slot).parker.prepare();
    let kick = pool.pick(&mut session);
    drop(session);
    assert!(kick.is_some() && pool.slot(slot).parker.is_parked());
    drop(kick);
    assert!(!pool.slot(slot).parker.is_parked());
    assert!(pool.injector.is_even());
}

#[test]
fn a_picked_worker_can_be_picked_again_until_it_is_woken() {
    let pool = super::pool(2, 2);
    for _ in 0..2 {
        let slot = pool.injector.lock().reserve_thread().unwrap();
        let mut session = pool.injector.lock();
        session.arrive(slot);
        session.go_idle(slot);
        pool.slot(slot).parker.prepare();
    }
    let first = pool.pick(&mut pool.injector.lock());
    let second = pool.pick(&mut pool.injector.lock());
    assert!(first.is_some() && second.is_some());
    first.unwrap().send();
    assert!(
        pool.pick(&mut pool.injector.lock()).is_none(),
        "it is on its way"
    );
    second.unwrap().send();
    assert_eq!(pool.injector.counters.picks.get(), 2);
    assert_eq!(pool.injector.counters.coalesced.get(), 1);
    assert_eq!(pool.injector.counters.wakes_saved.get(), 1);
    assert!(pool.slots().filter(|slot| slot.parker.is_parked()).count() == 1);
}
