//! What the program `dump` promises: the dump of a live process, or of a runtime of its own.
#![cfg(unix)]

#[path = "support/mod.rs"]
mod support;

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Output;

use fastwake::runtime::Builder;
use serde_json::Value;
use support::{assert_helps, assert_refused, program};

fn dump(arguments: &[&str]) -> Output {
    program("dump").args(arguments).output().expect("it runs")
}

fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    std::str::from_utf8(&output.stdout).expect("text")
}

/// The one line that it fails with.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let message = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.starts_with("dump: "), "{message}");
    message
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ASCII")
}

#[test]
fn a_live_process_is_dumped_as_text_and_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .name("watched")
        .inspect(&socket)
        .build()
        .unwrap();
    runtime.block_on(async { fastwake::spawn(async {}).await.unwrap() });
    let output = dump(&[text(&socket)]);
    let first = format!(
        "Runtime {} of process {}: watched",
        runtime.handle().id(),
        std::process::id()
    );
    assert_eq!(stdout(&output).lines().next(), Some(&*first));
    let output = dump(&["--json", text(&socket)]);
    let json: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(json["name"], "watched");
    assert_eq!(json["process"], std::process::id());
}

#[test]
fn without_a_socket_a_busy_runtime_is_dumped() {
    let output = dump(&["--json"]);
    let json: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(json["name"], "busy");
    let pools = json["pools"].as_array().unwrap();
    let polls = pools.iter().map(|pool| pool["polls"].as_u64().unwrap());
    assert!(polls.sum::<u64>() > 4);
    assert_eq!(json["blocking"]["threads_made"], 1);
    assert!(stdout(&dump(&[])).contains("\nWorker pools\n"));
}

#[test]
fn who_does_not_answer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let message = complaint(&dump(&[text(&missing)]));
    assert!(
        message.contains(text(&missing)) && message.contains("nobody listens"),
        "{message}"
    );
    let foreign = folder.path().join("foreign");
    let listener = UnixListener::bind(&foreign).unwrap();
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(b"220 smtp ready\n").unwrap();
    });
    let message = complaint(&dump(&[text(&foreign)]));
    server.join().unwrap();
    assert!(message.contains("220 smtp ready"), "{message}");
}

#[test]
fn what_cannot_be_understood_is_refused() {
    assert_refused("dump", &["--colour"], "--colour");
    assert_refused("dump", &["a", "b"], "b");
    assert_helps("dump");
}
