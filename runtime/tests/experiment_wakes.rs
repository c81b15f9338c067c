//! The switches of builds for the experiment (`docs/experiment.md`): what they say happens, in every
//! place where a worker is woken.
#![cfg(fastwake_experiment)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fastwake::experiment::{
    cycles, lock_holds, measure_lock_holds, wake_inside_lock, wakes_inside_lock,
};
use fastwake::runtime::{PoolMetrics, Runtime};
use fastwake::task::yield_now;

use support::{PATIENCE, multi_thread};

/// The switches are the whole process's.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn idle(runtime: &Runtime, workers: usize) -> PoolMetrics {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let pool = runtime.metrics().pools()[0].clone();
        if pool.idle_workers == Some(workers) {
            return pool;
        }
        assert!(Instant::now() < deadline, "not all workers sleep: {pool:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn one_wake_up_is_issued_where_the_switch_says() {
    let _alone = alone();
    let runtime = multi_thread(1);
    for (inside, expected) in [(true, 1), (false, 0)] {
        wake_inside_lock(inside);
        let before = (idle(&runtime, 1).wakes, wakes_inside_lock());
        runtime.block_on(runtime.spawn(async {})).unwrap();
        let after = (idle(&runtime, 1).wakes, wakes_inside_lock());
        assert_eq!((after.0 - before.0, after.1 - before.1), (1, expected));
    }
}

#[test]
fn spawns_batches_and_chain_kicks_all_wake_inside_the_lock_and_run_every_task_once() {
    const WORKERS: usize = 8;
    const TASKS: usize = 64;
    let _alone = alone();
    let runtime = multi_thread(WORKERS);
    idle(&runtime, WORKERS);
    wake_inside_lock(true);
    let before = wakes_inside_lock();
    let ran = Arc::new(AtomicUsize::new(0));
    let task = || {
        let ran = Arc::clone(&ran);
        async move {
            yield_now().await;
            ran.fetch_add(1, SeqCst);
        }
    };
    let deadline = Instant::now() + PATIENCE;
    let mut expected = 0;
    loop {
        let mut tasks = runtime.handle().spawn_batch((0..TASKS).map(|_| task()));
        tasks.extend((0..TASKS).map(|_| runtime.spawn(task())));
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        expected += 2 * TASKS;
        let pool = idle(&runtime, WORKERS);
        assert_eq!(wakes_inside_lock() - before, pool.picks, "{pool:?}");
        if pool.chain_kicks > 0 {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "no worker calls another: {pool:?}"
        );
    }
    wake_inside_lock(false);
    assert_eq!(ran.load(SeqCst), expected);
    assert_eq!(idle(&runtime, WORKERS).tasks_completed, expected as u64);
}

#[test]
fn every_locked_section_is_measured_if_there_is_a_counter_to_do_so() {
    let _alone = alone();
    let sections = || lock_holds().iter().map(|&(_, count)| count).sum::<u64>();
    let runtime = multi_thread(1);
    idle(&runtime, 1);
    let before = sections();
    assert_eq!(measure_lock_holds(true), cycles().is_some());
    for _ in 0..100 {
        runtime.block_on(runtime.spawn(async {})).unwrap();
    }
    measure_lock_holds(false);
    if cycles().is_some() {
        assert!(sections() - before >= 100);
    }
    idle(&runtime, 1);
    let after = sections();
    runtime.block_on(runtime.spawn(async {})).unwrap();
    idle(&runtime, 1);
    assert_eq!(sections(), after);
}
