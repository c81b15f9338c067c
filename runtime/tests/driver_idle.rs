//! A runtime in which nothing happens makes no system call. Counted by strace, over a process of its
//! own; skipped where strace is not there or does not work.
#![cfg(all(target_os = "linux", feature = "net", feature = "time"))]

mod support;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use fastwake::net::UdpSocket;
use fastwake::runtime::Runtime;
use fastwake::time::sleep;
use support::driven::{NEVER, current, multi};

/// Written to by the process under strace, to tell where what is counted begins and ends.
const MARK: &str = "fastwake-mark";

fn mark() {
    // A system call that nobody else makes, and that the log shows with its text.
    let _ = fs::metadata(MARK);
}

fn strace_works() -> bool {
    let tried = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=none", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let works = tried.is_ok_and(|status| status.success());
    if !works {
        // Past the test harness, which keeps to itself what a test prints that passes.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: strace is not there or does not work here"
        );
    }
    works
}

/// The system calls between the two marks, in all threads of a process that runs `test`.
fn traced(test: &str) -> Vec<String> {
    let name = format!("fastwake-idle-{}-{test}", std::process::id());
    let log: PathBuf = std::env::temp_dir().join(name);
    let status = Command::new("strace")
        .args(["-f", "-qq", "-e", "signal=none", "-o"])
        .arg(&log)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env("FASTWAKE_TEST_RERUN", test)
        .stdout(Stdio::null())
        .status()
        .expect("strace was there a moment ago");
    assert!(status.success(), "{test} under strace: {status}");
    let text = fs::read_to_string(&log).expect("strace has written its log");
    let _ = fs::remove_file(&log);
    let mut lines = text.lines().skip_while(|line| !line.contains(MARK));
    assert!(lines.next().is_some(), "no mark");
    let between: Vec<_> = lines.map(str::to_owned).collect();
    let end = between.iter().position(|line| line.contains(MARK));
    between[..end.expect("no second mark")].to_vec()
}

/// What the marking thread does itself, between the marks.
fn is_its_own(line: &str) -> bool {
    line.contains("clock_nanosleep") || line.contains("<unfinished") && line.contains("nanosleep")
}

/// Tasks that wait for nothing, for far deadlines, and for sockets that stay silent.
fn populate(runtime: &Runtime) {
    for n in 0..1_000_u64 {
        runtime.spawn(std::future::pending::<()>());
        runtime.spawn(async move { sleep(NEVER + Duration::from_micros(n)).await });
    }
    for _ in 0..20 {
        runtime.spawn(async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let mut byte = [0];
            let _ = socket.recv(&mut byte).await;
        });
    }
}

fn idle(runtime: &Runtime) {
    populate(runtime);
    std::thread::sleep(Duration::from_millis(1_500));
    mark();
    std::thread::sleep(Duration::from_secs(2));
    mark();
}

#[test]
fn an_idle_multi_thread_runtime_makes_no_system_call() {
    const TEST: &str = "an_idle_multi_thread_runtime_makes_no_system_call";
    if support::is_rerun(TEST) {
        return idle(&multi(2));
    }
    if strace_works() {
        let mut calls = traced(TEST);
        calls.retain(|line| !is_its_own(line));
        assert!(calls.is_empty(), "{calls:#?}");
    }
}

#[test]
fn an_idle_current_thread_runtime_makes_no_system_call() {
    const TEST: &str = "an_idle_current_thread_runtime_makes_no_system_call";
    if support::is_rerun(TEST) {
        let runtime = current();
        populate(&runtime);
        let marker = std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(1_500));
            mark();
            std::thread::sleep(Duration::from_secs(2));
            mark();
            std::process::exit(0);
        });
        runtime.block_on(std::future::pending::<()>());
        return marker.join().unwrap();
    }
    if strace_works() {
        let mut calls = traced(TEST);
        calls.retain(|line| !is_its_own(line));
        assert!(calls.is_empty(), "{calls:#?}");
    }
}

/// From arming to waking: a few calls, and no polling.
#[test]
fn a_lone_sleep_costs_a_handful_of_system_calls() {
    const TEST: &str = "a_lone_sleep_costs_a_handful_of_system_calls";
    if support::is_rerun(TEST) {
        let runtime = multi(2);
        let nap = || async { sleep(Duration::from_millis(50)).await };
        runtime.block_on(nap());
        std::thread::sleep(Duration::from_millis(300));
        mark();
        runtime.block_on(nap());
        mark();
        return;
    }
    if strace_works() {
        let calls = traced(TEST);
        let waits = |line: &&String| line.contains("epoll_") || line.contains("timerfd_");
        let resumed = |line: &&String| !line.contains("resumed>");
        let n = calls.iter().filter(waits).filter(resumed).count();
        assert!(n <= 12, "{n} calls: {calls:#?}");
    }
}
