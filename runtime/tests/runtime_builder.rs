//! What the builder and the environment accept, and how they say no.

mod support;

use std::ffi::OsStr;
use std::io::ErrorKind;

use fastwake::runtime::{Builder, RuntimeFlavor};
use fastwake::topology::{AffinityScope, CpuSet, Topology, allowed_cpus};
use support::{is_rerun, panic_message, rerun_passes};

const WORKERS: &str = "FASTWAKE_WORKER_THREADS";
const SCOPE: &str = "FASTWAKE_AFFINITY_SCOPE";

#[test]
fn a_number_that_is_out_of_bounds_panics_and_names_the_bound() {
    let mut builder = Builder::new_multi_thread();
    let expected =
        |name: &str, value: &str| format!("{name} is {value}; it must be from 1 to 8192");
    for workers in [0, 8_193, usize::MAX] {
        let text = panic_message(|| {
            builder.worker_threads(workers);
        });
        assert_eq!(text, expected("worker_threads", &workers.to_string()));
    }
    type Set = fn(&mut Builder);
    let setters: [(&str, Set); 3] = [
        ("max_blocking_threads", |builder| {
            builder.max_blocking_threads(0);
        }),
        ("global_queue_interval", |builder| {
            builder.global_queue_interval(0);
        }),
        ("event_interval", |builder| {
            builder.event_interval(0);
        }),
    ];
    for (name, set) in setters {
        let text = panic_message(|| set(&mut builder));
        assert_eq!(text, format!("{name} is 0; it must be at least 1"));
    }
    let setters: [(&str, Set); 2] = [
        ("max_io_events_per_tick", |builder| {
            builder.max_io_events_per_tick(0);
        }),
        ("max_io_events_per_busy_tick", |builder| {
            builder.max_io_events_per_busy_tick(0);
        }),
    ];
    for (name, set) in setters {
        let text = panic_message(|| set(&mut builder));
        assert!(
            text.starts_with(&format!("{name} must be non-zero")),
            "{text}"
        );
    }
    // A refused value leaves the builder as it was.
    assert!(builder.worker_threads(1).build().is_ok());
}

#[test]
fn an_empty_cpu_set_is_refused() {
    for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
        let error = builder.cpus(CpuSet::new()).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let allowed = Topology::current().cpus().to_string();
        let text = error.to_string();
        assert!(
            text.starts_with("the runtime's CPU set is empty; it must have"),
            "{text}"
        );
        assert!(text.ends_with(&allowed), "{text}");
    }
}

#[test]
fn a_cpu_set_with_foreign_cpus_is_refused() {
    let allowed = Topology::current().cpus().clone();
    let foreign = allowed.last().unwrap() + 7;
    let mut set = allowed.clone();
    set.insert(foreign);
    for set in [CpuSet::from_iter([foreign]), set] {
        let error = Builder::new_multi_thread()
            .cpus(set.clone())
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            format!(
                "the runtime's CPU set is {set}, but this process may not use {foreign}; choose \
                 among {allowed}"
            )
        );
    }
}

#[test]
fn what_was_asked_for_is_what_there_is() {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(3).name("abc").enable_all();
    let runtime = builder.build().unwrap();
    assert_eq!(runtime.metrics().num_workers(), 3);
    assert_eq!(runtime.handle().name(), Some("abc"));
    assert_eq!(
        runtime.handle().runtime_flavor(),
        RuntimeFlavor::MultiThread
    );
    assert!(format!("{runtime:?}").contains("abc"));
    // A builder builds as often as it is asked to.
    assert_eq!(builder.clone().build().unwrap().metrics().num_workers(), 3);
    let runtime = Builder::new_current_thread()
        .worker_threads(3)
        .build()
        .unwrap();
    assert_eq!(runtime.metrics().num_workers(), 1);
    assert_eq!(
        runtime.handle().runtime_flavor(),
        RuntimeFlavor::CurrentThread
    );
    assert_eq!(runtime.handle().name(), None);
}

#[test]
fn a_builder_shows_all_its_fields() {
    let text = format!(
        "{:?}",
        Builder::new_multi_thread().affinity_scope(AffinityScope::Numa)
    );
    let fields = [
        "flavor: MultiThread",
        "affinity_scope: Some(Numa)",
        "max_blocking_threads: 512",
    ];
    for field in fields {
        assert!(text.contains(field), "{text}");
    }
}

/// Runs the calling test again with a variable set.
fn rerun_with(test: &str, variable: &str, value: impl AsRef<OsStr>) {
    rerun_passes(test, |command| {
        command.env_remove(WORKERS).env_remove(SCOPE);
        command.env(variable, value);
    });
}

fn workers() -> usize {
    Builder::new_multi_thread()
        .build()
        .unwrap()
        .metrics()
        .num_workers()
}

#[test]
fn the_environment_sets_the_number_of_workers() {
    const TEST: &str = "the_environment_sets_the_number_of_workers";
    if is_rerun(TEST) {
        assert_eq!(workers(), 3);
        let code = Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        assert_eq!(code.metrics().num_workers(), 2, "what the code says wins");
        assert!(Builder::new_current_thread().build().is_ok());
        return;
    }
    rerun_with(TEST, WORKERS, "3");
    rerun_with(TEST, WORKERS, " 3 ");
}

#[test]
fn a_number_of_workers_that_makes_no_sense_is_refused() {
    const TEST: &str = "a_number_of_workers_that_makes_no_sense_is_refused";
    if is_rerun(TEST) {
        let error = Builder::new_multi_thread().build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let value = std::env::var(WORKERS).unwrap();
        let expected = format!(
            "{WORKERS} is {value:?}; it must be a whole number from 1 to 8192, or unset for one \
             worker per CPU"
        );
        assert_eq!(error.to_string(), expected);
        // What the code says is not looked up, and a runtime without workers needs none.
        assert!(
            Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .is_ok()
        );
        assert!(Builder::new_current_thread().build().is_ok());
        return;
    }
    for value in [
        "0",
        "-1",
        "99999999999999999999",
        "abc",
        "",
        "32769",
        "1.5",
        "0x2",
        "2 3",
    ] {
        rerun_with(TEST, WORKERS, value);
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    const TEST: &str = "a_variable_that_is_not_text_is_refused";
    if is_rerun(TEST) {
        let error = Builder::new_multi_thread().build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let text = error.to_string();
        assert!(
            text.starts_with("FASTWAKE_") && text.contains(r#""a\xFF""#),
            "{text}"
        );
        assert!(
            text.ends_with("which is not text; set or unset it"),
            "{text}"
        );
        return;
    }
    for variable in [WORKERS, SCOPE] {
        rerun_with(TEST, variable, OsStr::from_bytes(b"a\xff"));
    }
}

#[test]
fn the_environment_sets_the_scope() {
    const TEST: &str = "the_environment_sets_the_scope";
    let pools = |builder: &mut Builder| {
        let runtime = builder
            .worker_threads(allowed_cpus().unwrap().len())
            .build()
            .unwrap();
        let pools = runtime.metrics().pools();
        let unbound = pools
            .iter()
            .filter(|pool| pool.kind == fastwake::runtime::PoolKind::Unbound);
        unbound.count()
    };
    if is_rerun(TEST) {
        let machine = Topology::current();
        let value: AffinityScope = std::env::var(SCOPE).unwrap().trim().parse().unwrap();
        assert_eq!(
            pools(&mut Builder::new_multi_thread()),
            machine.pods(value).len()
        );
        for scope in AffinityScope::ALL {
            let mut builder = Builder::new_multi_thread();
            let built = pools(builder.affinity_scope(scope));
            assert_eq!(built, machine.pods(scope).len(), "what the code says wins");
        }
        return;
    }
    for scope in AffinityScope::ALL {
        rerun_with(TEST, SCOPE, scope.as_str());
    }
}

#[test]
fn a_scope_that_there_is_not_is_refused() {
    const TEST: &str = "a_scope_that_there_is_not_is_refused";
    if is_rerun(TEST) {
        let value = std::env::var(SCOPE).unwrap();
        for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            let error = builder.build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let text = error.to_string();
            assert!(
                text.starts_with(&format!("{SCOPE} is {value:?}; it must be one of ")),
                "{text}"
            );
            assert!(
                text.ends_with(
                    "cpu, smt, cache_shard, cache, numa, system, or unset for cache_shard"
                ),
                "{text}"
            );
        }
        let mut builder = Builder::new_multi_thread();
        assert!(builder.affinity_scope(AffinityScope::Cpu).build().is_ok());
        return;
    }
    for value in ["bogus", "", "Numa", "numa,cpu"] {
        rerun_with(TEST, SCOPE, value);
    }
}
