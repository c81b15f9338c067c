//! `fastwake-top` against a live process, which is this one, without a terminal.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fastwake::WorkQueue;
use fastwake::runtime::{Builder, Runtime};
use serde_json::Value;
use tempfile::TempDir;

/// The line of the pool that the pods have.
const POOL: &str = "unbound";

fn top() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fastwake-top"));
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str], socket: &Path) -> Output {
    top().args(arguments).arg(socket).output().expect("it runs")
}

fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    std::str::from_utf8(&output.stdout).expect("text")
}

/// A runtime that has run so many tasks, and the folder of its socket.
fn live(tasks: usize) -> (TempDir, Runtime) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .affinity_scope(fastwake::topology::AffinityScope::System)
        .inspect(folder.path().join("socket"))
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..tasks {
            fastwake::spawn(async {}).await.unwrap();
        }
    });
    (folder, runtime)
}

/// The cell under a head, in the line that begins with this.
fn cell<'a>(table: &'a str, begin: &str, head: &str) -> &'a str {
    let words: Vec<_> = table.lines().next().unwrap().split("  ").collect();
    let words: Vec<_> = words.iter().map(|word| word.trim()).collect();
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let column = words.iter().position(|word| *word == head).unwrap();
    let line = table.lines().find(|line| line.starts_with(begin));
    let cells = line.unwrap().split("  ").map(str::trim);
    cells.filter(|cell| !cell.is_empty()).nth(column).unwrap()
}

#[test]
fn once_prints_a_table_of_what_the_process_has_done() {
    let (folder, runtime) = live(100);
    let socket = folder.path().join("socket");
    for arguments in [&["--once"][..], &[]] {
        let output = run(arguments, &socket);
        let table = stdout(&output);
        // And the probes.
        assert!(
            cell(table, POOL, "STARTED").parse::<u64>().unwrap() >= 100,
            "{table}"
        );
        assert!(cell(table, POOL, "CPU S").parse::<f64>().is_ok(), "{table}");
        assert!(cell(table, POOL, "LONG").parse::<u64>().is_ok(), "{table}");
        assert!(table.contains("\ncpu_intensive"), "{table}");
    }
    let cpus = runtime.handle().dump().allowed_cpus.to_string();
    let output = run(&["--once"], &socket);
    assert_eq!(cell(stdout(&output), POOL, "CPUS"), cpus);
}

#[test]
fn a_queue_has_a_line_below_the_pools() {
    let (folder, runtime) = live(1);
    let mail = WorkQueue::builder("mail").max_active(2);
    let mail = mail.build_on(runtime.handle()).unwrap();
    let _stuck = [(); 5].map(|()| mail.spawn(std::future::pending::<()>()));
    let table = loop {
        let output = run(&["--once"], &folder.path().join("socket"));
        let table = stdout(&output).to_owned();
        // It is busy while one of them is polled, which happens once.
        if cell(&table, "queue mail", "STARTED") != "-" {
            break table;
        }
    };
    let cells =
        ["STARTED", "FLIGHT", "WAIT", "RESCUED"].map(|head| cell(&table, "queue mail", head));
    assert_eq!(cells, ["2", "2", "3", "0"], "{table}");
    let last = table.lines().last().unwrap();
    assert!(last.starts_with("queue mail"), "{table}");
}

#[test]
fn json_prints_an_answer_on_each_line() {
    let (folder, runtime) = live(10);
    let socket = folder.path().join("socket");
    let output = run(&["--json", "--once"], &socket);
    assert_eq!(stdout(&output).lines().count(), 1);
    let mut child = top()
        .args(["--json", "--interval", "0.1"])
        .arg(&socket)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut before = 0;
    for _ in 0..3 {
        let line = lines.next().unwrap().unwrap();
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["process"], std::process::id());
        let elapsed = json["elapsed_ns"].as_u64().unwrap();
        assert!(elapsed > before);
        before = elapsed;
    }
    // Until the process is gone.
    drop(runtime);
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_only_socket_of_a_folder_is_found() {
    let (folder, _runtime) = live(1);
    // A dead one does not count.
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("dead")).unwrap());
    assert!(stdout(&run(&["--once"], folder.path())).starts_with("POOL"));
    let second = folder.path().join("second");
    let _second = Builder::new_current_thread()
        .inspect(&second)
        .build()
        .unwrap();
    let output = run(&["--once"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("second") && message.contains("socket"),
        "{message}"
    );
}

#[test]
fn a_process_that_is_not_there_is_an_error_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    for arguments in [&["--once"][..], &["--json"], &[]] {
        let output = run(arguments, &missing);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty());
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.contains("missing"), "{message}");
    }
    let output = run(&[], folder.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_wrong_command_line_is_status_2() {
    let output = top()
        .args(["--interval", "0"])
        .arg("socket")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = top().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.starts_with("fastwake-top: a SOCKET is missing"),
        "{message}"
    );
}
