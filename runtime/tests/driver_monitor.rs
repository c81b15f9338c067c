//! The monitor's thread.
#![cfg(all(target_os = "linux", feature = "time", not(fastwake_portable)))]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use fastwake::runtime::Builder;
use fastwake::time::sleep;
use fastwake::topology::{AffinityScope, CpuSet, allowed_cpus};
use support::until;

/// The CPUs that the monitor may run on, if there is one.
fn cpus_of_monitor() -> Option<CpuSet> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let mut folders = tasks.map(|task| task.path());
    let monitor = folders.find(|folder| {
        let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
        name.starts_with("fastwake-monit")
    })?;
    let status = fs::read_to_string(monitor.join("status")).ok()?;
    let mut lines = status.lines();
    let list = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    list.trim().parse().ok()
}

/// Whoever uses a driver first makes it, also a worker that is bound to one CPU: which is the one
/// that a long poll keeps busy.
#[test]
fn the_monitor_may_run_on_all_cpus_whoever_made_its_thread() {
    let cpus = allowed_cpus().unwrap();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2 * cpus.len())
        .affinity_scope(AffinityScope::Cpu)
        .affinity_strict(true)
        .enable_all()
        .build()
        .unwrap();
    let task = runtime.spawn(async { sleep(Duration::from_millis(1)).await });
    runtime.block_on(task).unwrap();
    until(|| cpus_of_monitor().is_some());
    let start = Instant::now();
    while cpus_of_monitor().as_ref() != Some(&cpus) && start.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(cpus_of_monitor(), Some(cpus));
}
