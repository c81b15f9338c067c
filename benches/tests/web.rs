//! `web-tokio` serves what the example `web` serves: the two are to be compared.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server; killed with the value.
struct Server {
    child: Child,
    addr: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_web-tokio"))
            .args(["--addr", "127.0.0.1:0", "--workers", "2"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let (_, addr) = line
            .trim_end()
            .split_once("listening on ")
            .expect("an address");
        let addr = addr.to_owned();
        Self { child, addr }
    }

    /// The status line and the body of the answer to a request that is alone on its connection.
    fn ask(&self, request: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.addr).expect("a connection");
        let patience = Some(Duration::from_secs(120));
        stream.set_read_timeout(patience).expect("a timeout");
        let length = body.len();
        let head = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.lines().next().expect("a status");
        (status.to_owned(), body.to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_route_answers_wherever_it_hashes() {
    let root = env!("CARGO_MANIFEST_DIR");
    for place in ["blocking", "inline"] {
        let server = Server::start(&["--root", root, "--hash", place]);
        let ok = |request: &str, body: &str| {
            let (status, body) = server.ask(request, body);
            assert_eq!(status, "HTTP/1.1 200 OK", "{request}");
            body
        };
        assert_eq!(ok("GET /", ""), "hello\n");
        assert!(ok("GET /json", "").starts_with('{'));
        assert_eq!(ok("POST /echo", "there and back"), "there and back");
        assert_eq!(ok("GET /slow?ms=1", ""), "after 1 ms\n");
        assert_eq!(
            ok("GET /hash?rounds=1", ""),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925\n"
        );
        assert_eq!(ok("GET /file/tests/web.rs", ""), include_str!("web.rs"));
        assert!(ok("GET /metrics", "").contains("tokio_workers 2\n"));
        let (status, _) = server.ask("GET /file/../Cargo.toml", "");
        assert!(status.contains(" 400 "), "{status}");
    }
}
