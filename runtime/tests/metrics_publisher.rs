//! What the feature `metrics` gives to a recorder.
#![cfg(all(feature = "metrics", feature = "test-util"))]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastwake::runtime::{Builder, MetricsPublisher, PoolKind, Runtime};
use fastwake::task;
use fastwake::time::advance;
use metrics::{Unit, set_default_local_recorder, with_local_recorder};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use support::driven::{current, multi, paused};
use support::{multi_thread, panic_message};

/// A number by its name and labels, the latter as `key=value` in their order.
type Numbers = BTreeMap<(String, String), f64>;

/// What a recorder has been told since it was asked last.
fn taken(recorder: &DebuggingRecorder) -> Numbers {
    let told = recorder.snapshotter().snapshot().into_vec();
    let number = |value| match value {
        DebugValue::Counter(value) => value as f64,
        DebugValue::Gauge(value) => value.into_inner(),
        DebugValue::Histogram(_) => panic!("there are no histograms"),
    };
    told.into_iter()
        .map(|(key, _, _, value)| {
            let (_, key) = key.into_parts();
            let labels = key.labels();
            let labels: Vec<String> = labels
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            ((key.name().to_owned(), labels.join(" ")), number(value))
        })
        .collect()
}

fn published(publisher: &MetricsPublisher) -> Numbers {
    let recorder = DebuggingRecorder::new();
    with_local_recorder(&recorder, || publisher.publish());
    taken(&recorder)
}

#[track_caller]
fn value(numbers: &Numbers, name: &str, labels: &str) -> f64 {
    match numbers.get(&(name.to_owned(), labels.to_owned())) {
        Some(value) => *value,
        None => panic!("no {name} of {labels:?}: {numbers:#?}"),
    }
}

#[test]
fn the_numbers_are_those_that_the_runtime_has_counted() {
    let runtime = current();
    let metrics = runtime.metrics();
    runtime.block_on(async {
        for task in (0..20).map(|_| fastwake::spawn(task::yield_now())) {
            task.await.unwrap();
        }
        task::spawn_blocking(|| {}).await.unwrap();
        fastwake::spawn(std::future::pending::<()>());
        task::yield_now().await;
    });
    let numbers = published(&MetricsPublisher::new(metrics.clone()));
    let pool = &metrics.pools()[0];
    let labels = format!("kind=current_thread pool=0 cpus={}", pool.cpus);
    let of_pool = |name: &str| value(&numbers, &format!("fastwake_{name}"), &labels);
    assert_eq!(of_pool("tasks_spawned_total"), 21.0);
    assert_eq!(of_pool("tasks_started_total"), 21.0);
    assert_eq!(of_pool("tasks_completed_total"), 20.0);
    assert_eq!(of_pool("polls_total"), 41.0);
    assert_eq!(of_pool("parks_total"), pool.parks as f64);
    assert_eq!(of_pool("suspended_tasks"), 1.0);
    assert_eq!(of_pool("workers"), 1.0);
    let busy = metrics.worker_total_busy_duration(0).as_micros() as f64;
    assert_eq!(of_pool("worker_busy_microseconds_total"), busy);
    assert_eq!(value(&numbers, "fastwake_alive_tasks", ""), 1.0);
    assert_eq!(
        value(&numbers, "fastwake_blocking_tasks_started_total", ""),
        1.0
    );
    assert_eq!(value(&numbers, "fastwake_blocking_threads", ""), 1.0);
}

#[test]
fn publishing_twice_counts_once() {
    let runtime = multi(2);
    let publisher = MetricsPublisher::new(runtime.metrics());
    for round in 1..=3 {
        for task in runtime.handle().spawn_batch((0..10).map(|_| async {})) {
            runtime.block_on(task).unwrap();
        }
        let recorder = DebuggingRecorder::new();
        with_local_recorder(&recorder, || {
            publisher.publish();
            publisher.publish();
        });
        let numbers = taken(&recorder);
        let of_pools = numbers.iter();
        let spawned = of_pools.filter(|((name, _), _)| name == "fastwake_tasks_spawned_total");
        let spawned: f64 = spawned.map(|(_, value)| value).sum();
        assert_eq!(spawned, f64::from(10 * round));
    }
}

#[test]
fn each_pool_has_labels_of_its_own_that_stay() {
    let runtime = multi_thread(2);
    let cpus = fastwake::topology::allowed_cpus().unwrap();
    let labels = || {
        let numbers = published(&MetricsPublisher::new(runtime.metrics()));
        let of_polls = numbers.into_keys();
        of_polls
            .filter(|(name, _)| name == "fastwake_polls_total")
            .map(|(_, labels)| labels)
            .collect::<BTreeSet<String>>()
    };
    let mut before = labels();
    assert!(
        before
            .iter()
            .any(|of| of.starts_with("kind=unbound pool=0 cpus="))
    );
    // From the last one, so that each new pool comes before those that there are.
    let cpus: Vec<usize> = cpus.iter().collect();
    for cpu in cpus.into_iter().rev() {
        let task = runtime.handle().spawn_on(cpu, async {}).unwrap();
        runtime.block_on(task).unwrap();
        before.insert(format!("kind=per_cpu pool={cpu} cpus={cpu}"));
        assert_eq!(labels(), before);
    }
    let kinds = runtime.metrics().pools();
    assert_eq!(labels().len(), kinds.len());
    assert!(kinds.iter().any(|pool| pool.kind == PoolKind::CpuIntensive));
    assert!(
        labels()
            .iter()
            .any(|of| of.starts_with("kind=cpu_intensive pool=0 "))
    );
}

#[test]
fn a_runtimes_name_and_the_programs_labels_are_on_everything() {
    let runtime = Builder::new_multi_thread().name("ingest").build().unwrap();
    let publisher = MetricsPublisher::new(runtime.metrics()).label("zone", "eu-1");
    let numbers = published(&publisher);
    assert!(!numbers.is_empty());
    for (name, labels) in numbers.keys() {
        assert!(
            labels.starts_with("runtime=ingest zone=eu-1"),
            "{name} {labels}"
        );
    }
}

#[test]
fn all_that_is_published_has_been_described() {
    let runtime = Runtime::new().unwrap();
    let publisher = MetricsPublisher::new(runtime.metrics());
    let recorder = DebuggingRecorder::new();
    with_local_recorder(&recorder, || {
        publisher.describe();
        publisher.publish();
    });
    let numbers = recorder.snapshotter().snapshot().into_vec();
    assert!(numbers.len() > 30);
    for (key, unit, description, _) in numbers {
        let (kind, key) = key.into_parts();
        let name = key.name();
        assert!(name.starts_with("fastwake_"), "{name}");
        let is_counter = kind == MetricKind::Counter;
        assert_eq!(name.ends_with("_total"), is_counter, "{name}");
        let expected = match name.contains("microseconds") {
            true => Unit::Microseconds,
            false => Unit::Count,
        };
        assert_eq!(unit, Some(expected), "{name}");
        assert!(
            description.is_some_and(|text| text.ends_with('.')),
            "{name}"
        );
    }
}

#[test]
fn a_task_publishes_at_an_interval() {
    let runtime = paused();
    let recorder = DebuggingRecorder::new();
    // For this thread, which runs the tasks.
    let _installed = set_default_local_recorder(&recorder);
    let publisher = MetricsPublisher::new(runtime.metrics());
    runtime.block_on(async {
        let interval = Duration::from_secs(5);
        let publishing = fastwake::spawn(publisher.run(interval));
        task::yield_now().await;
        assert!(!taken(&recorder).is_empty(), "at once");
        for _ in 0..3 {
            advance(interval - Duration::from_secs(1)).await;
            task::yield_now().await;
            assert_eq!(added(&recorder), 0.0, "not before its time");
            advance(Duration::from_secs(1)).await;
            task::yield_now().await;
            assert!(added(&recorder) > 0.0);
        }
        publishing.abort();
        assert!(publishing.await.unwrap_err().is_cancelled());
    });
}

/// Polls since the recorder was asked last.
fn added(recorder: &DebuggingRecorder) -> f64 {
    let numbers = taken(recorder);
    let polls = numbers.iter();
    let polls = polls.filter(|((name, _), _)| name == "fastwake_polls_total");
    polls.map(|(_, value)| value).sum()
}

#[test]
fn no_interval_is_refused() {
    let runtime = current();
    let publisher = MetricsPublisher::new(runtime.metrics());
    let message = panic_message(|| runtime.block_on(publisher.run(Duration::ZERO)));
    assert!(message.contains("period"), "{message}");
}

#[test]
fn without_a_recorder_nothing_happens() {
    let runtime = current();
    let publisher = MetricsPublisher::new(runtime.metrics());
    publisher.describe();
    publisher.publish();
}
