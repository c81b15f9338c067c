//! `fetch`, a client that needs tokio, against `web`, a server that has none.
#![cfg(feature = "tokio-compat")]

mod support;

use std::net::TcpListener;
use std::process::Output;
use std::thread;

use support::{Server, program};

fn fetch(arguments: &[&str]) -> Output {
    program("fetch")
        .args(arguments)
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_the_server_has_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n * 31 % 251) as u8).collect();
    std::fs::write(folder.path().join("data"), &content).unwrap();
    let root = folder.path().to_str().unwrap();
    let web = Server::start("web", &["--addr", "127.0.0.1:0", "--root", root]);
    let url = format!("http://{}/file/data", web.addr);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let output = fetch(&[&url]);
                assert!(output.status.success(), "{}", text(&output.stderr));
                assert!(output.stdout == content, "what came is not what is there");
            });
        }
    });
    let missing = fetch(&[&format!("http://{}/nowhere", web.addr)]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing.stderr).contains("404"),
        "{}",
        text(&missing.stderr)
    );
}

#[test]
fn its_time_limit_is_kept_by_tokios_clock() {
    let web = Server::start("web", &["--addr", "127.0.0.1:0"]);
    let url = format!("http://{}/slow?ms=20000", web.addr);
    let output = fetch(&["--timeout", "1", &url]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("timed out"), "{said}");
}

#[test]
fn what_cannot_be_fetched_is_said() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = fetch(&[&format!("http://{closed}/")]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("Connection refused"), "{said}");
    for (arguments, expected) in [
        (&[] as &[&str], "there is no URL"),
        (&["nonsense"], "\"nonsense\" is no URL"),
        (&["https://localhost/"], "only http:"),
        (&["--timeout", "0", "http://localhost/"], "--timeout"),
    ] {
        let output = fetch(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}
