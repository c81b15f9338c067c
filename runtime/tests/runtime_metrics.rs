//! `RuntimeMetrics`: a view that counts by worker.

mod support;

use std::collections::HashSet;

use fastwake::runtime::Runtime;
use support::{current_thread, multi_thread, panic_message, until};

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
