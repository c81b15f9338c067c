//! `RuntimeMetrics`: a view that counts by worker.

mod support;

use std::collections::HashSet;
use std::future::pending;
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Runtime, worker_index};
use fastwake::task;
use support::{current_thread, multi_thread, on_both, panic_message, until};

#[test]
fn a_view_answers_anew_each_time_and_after_the_end() {
    let runtime = current_thread();
    let metrics = runtime.metrics();
    let polls = || metrics.pools()[0].polls;
    assert_eq!(polls(), 0);
    runtime.block_on(async { fastwake::spawn(async {}).await.unwrap() });
    assert_eq!(polls(), 1);
    drop(runtime);
    assert_eq!(polls(), 1);
}

#[test]
fn a_worker_that_sleeps_has_an_odd_count_and_one_that_has_ended_an_even_one() {
    let runtime = multi_thread(2);
    let metrics = runtime.metrics();
    let counts = || [0, 1].map(|worker| metrics.worker_park_unpark_count(worker));
    until(|| counts().iter().all(|count| count % 2 == 1));
    let before = counts();
    runtime.block_on(runtime.spawn(async {})).unwrap();
    until(|| counts() != before && counts().iter().all(|count| count % 2 == 1));
    for worker in 0..2 {
        let count = metrics.worker_park_unpark_count(worker);
        assert_eq!(metrics.worker_park_count(worker), count.div_ceil(2));
    }
    drop(runtime);
    assert!(
        counts().iter().all(|count| count % 2 == 0),
        "{:?}",
        counts()
    );
}

#[test]
fn there_are_as_many_workers_as_is_said() {
    for (runtime, workers) in [(current_thread(), 1), (multi_thread(3), 3)] {
        let metrics = runtime.metrics();
        assert_eq!(metrics.num_workers(), workers);
        for worker in 0..workers {
            let _ = metrics.worker_park_count(worker);
        }
        let message = panic_message(|| metrics.worker_park_count(workers));
        assert!(
            message.contains(&format!("no worker {workers}")),
            "{message}"
        );
    }
}

#[test]
fn runtimes_have_ids_of_their_own() {
    let runtimes: Vec<Runtime> = (0..3).map(|_| current_thread()).collect();
    let ids: HashSet<_> = runtimes
        .iter()
        .map(|runtime| runtime.handle().id())
        .collect();
    assert_eq!(ids.len(), 3);
    let inside = runtimes[0].block_on(async { fastwake::runtime::Handle::current().id() });
    assert_eq!(inside, runtimes[0].handle().id());
}

#[test]
fn a_runtime_that_is_entered_can_be_shut_down() {
    let runtime = multi_thread(1);
    let _entered = runtime.enter();
    let task = fastwake::spawn(std::future::pending::<()>());
    runtime.shutdown_background();
    until(|| task.is_finished());
}

#[test]
fn a_task_counts_as_alive_from_its_spawn_to_its_end() {
    on_both(|runtime| {
        let metrics = runtime.metrics();
        let alive = || metrics.num_alive_tasks();
        assert_eq!(alive(), 0);
        let outside: Vec<_> = (0..3).map(|_| runtime.spawn(pending::<()>())).collect();
        assert_eq!(alive(), 3);
        let inside = runtime.spawn(async {
            (0..500)
                .map(|_| fastwake::spawn(pending::<()>()))
                .collect::<Vec<_>>()
        });
        let inside = runtime.block_on(inside).unwrap();
        until(|| alive() == 503);
        inside.iter().for_each(task::JoinHandle::abort);
        runtime.block_on(async {
            for task in inside {
                assert!(task.await.unwrap_err().is_cancelled());
            }
        });
        until(|| alive() == 3);
        drop(runtime);
        assert_eq!(alive(), 0);
        assert!(outside.iter().all(task::JoinHandle::is_finished));
    });
}

#[test]
fn what_is_spawned_on_a_runtime_that_has_ended_is_not_alive() {
    for runtime in [current_thread(), multi_thread(2)] {
        let handle = runtime.handle().clone();
        drop(runtime);
        let task = handle.spawn(pending::<()>());
        assert!(task.is_finished());
        assert_eq!(handle.metrics().num_alive_tasks(), 0);
    }
}

#[test]
fn the_time_that_a_worker_is_awake_counts_when_it_goes_to_sleep() {
    const WORK: Duration = Duration::from_millis(20);
    on_both(|runtime| {
        let metrics = runtime.metrics();
        let workers = 0..metrics.num_workers();
        let busy = || {
            workers
                .clone()
                .map(|i| metrics.worker_total_busy_duration(i))
                .sum::<Duration>()
        };
        let work = runtime.spawn(async { thread::sleep(WORK) });
        runtime.block_on(work).unwrap();
        until(|| busy() >= WORK);
        drop(runtime);
        assert!(
            workers
                .clone()
                .all(|i| !metrics.worker_total_busy_duration(i).is_zero())
        );
    });
}

#[test]
fn workers_know_their_numbers_and_other_threads_have_none() {
    let runtime = multi_thread(3);
    let count = runtime.metrics().num_workers();
    runtime.block_on(async {
        assert_eq!(worker_index(), None);
        for _ in 0..50 {
            let index = fastwake::spawn(async {
                assert_eq!(task::block_in_place(worker_index), worker_index());
                worker_index()
            });
            assert!(index.await.unwrap().unwrap() < count);
        }
        assert_eq!(task::spawn_blocking(worker_index).await.unwrap(), None);
        assert_eq!(task::spawn_cpu_intensive(worker_index).await.unwrap(), None);
    });
    assert_eq!(worker_index(), None);
}

#[test]
fn the_thread_that_runs_the_tasks_of_a_current_thread_runtime_is_its_worker() {
    let runtime = current_thread();
    let handle = runtime.handle().clone();
    let inside = runtime.block_on(async move {
        assert_eq!(task::spawn_blocking(worker_index).await.unwrap(), None);
        let other = thread::spawn(move || handle.block_on(async { worker_index() }));
        assert_eq!(other.join().unwrap(), None);
        [
            worker_index(),
            fastwake::spawn(async { worker_index() }).await.unwrap(),
        ]
    });
    assert_eq!(inside, [Some(0); 2]);
    assert_eq!(runtime.handle().block_on(async { worker_index() }), None);
    assert_eq!(worker_index(), None);
}
