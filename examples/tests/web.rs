//! `web` as its clients see it, those with bad intentions among them.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::symlink;
use std::thread;

use sha2::{Digest, Sha256};
use tempfile::{TempDir, tempdir};

use support::http::Client;
use support::{Data, Server, Signal, eventually, reset, stress_bytes};

fn web(arguments: &[&str]) -> Server {
    let mut all = vec!["--addr", "127.0.0.1:0"];
    all.extend(arguments);
    Server::start("web", &all)
}

/// That the server answers a new client.
#[track_caller]
fn assert_answers(server: &Server) {
    assert_eq!(Client::new(server).get("/"), (200, "hello\n".to_owned()));
}

/// A folder to be served, `inside`, beside a file that is not, and the server of it.
fn with_folder() -> (TempDir, Server) {
    let tree = tempdir().unwrap();
    let inside = tree.path().join("inside");
    fs::create_dir_all(inside.join("deep")).unwrap();
    fs::write(tree.path().join("secret"), "secret").unwrap();
    fs::write(inside.join("empty"), "").unwrap();
    fs::write(inside.join("deep/ü file"), "text").unwrap();
    symlink("../secret", inside.join("up")).unwrap();
    symlink("..", inside.join("parent")).unwrap();
    symlink(tree.path().join("secret"), inside.join("absolute")).unwrap();
    symlink("deep/ü file", inside.join("link")).unwrap();
    let server = web(&["--root", inside.to_str().unwrap()]);
    (tree, server)
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let server = web(&[]);
    let mut client = Client::new(&server);
    for _ in 0..3 {
        assert_eq!(client.get("/"), (200, "hello\n".to_owned()));
        let json = r#"{"message":"hello","primes":[2,3,5,7,11]}"#;
        assert_eq!(client.get("/json"), (200, json.to_owned()));
        assert_eq!(client.get("/slow?ms=1"), (200, "after 1 ms\n".to_owned()));
        assert_eq!(client.get("/nothing").0, 404);
        assert_eq!(client.get("/file/x").0, 404);
        assert_eq!(client.get("/echo").0, 405);
    }
    // Several at once, too, and in single bytes.
    let two = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
    client.send(two);
    assert_eq!(client.answer().0, 200);
    assert_eq!(client.answer().0, 404);
    client.writer().set_nodelay(true).unwrap();
    for byte in two.bytes() {
        client.send([byte]);
    }
    assert_eq!(client.answer().0, 200);
    assert_eq!(client.answer().0, 404);
}

#[test]
fn what_would_take_too_long_is_refused() {
    let server = web(&[]);
    let mut client = Client::new(&server);
    for (path, bound) in [
        ("/hash?rounds=1000001", "at most 1000000"),
        ("/slow?ms=60001", "at most 60000"),
        ("/hash", "rounds"),
        ("/slow?ms=-1", "ms"),
        ("/hash?rounds=99999999999999999999999", "rounds"),
    ] {
        let (status, why) = client.get(path);
        assert_eq!(status, 400, "{path}");
        assert!(why.contains(bound), "{path}: {why}");
    }
}

/// What all pools for CPU-intensive work have counted.
fn computed(what: &str, metrics: &str) -> u64 {
    let name = format!("fastwake_pool_{what}_total{{");
    let pools = metrics
        .lines()
        .filter(|line| line.starts_with(&name) && line.contains(r#"kind="cpu_intensive""#));
    let counts = pools.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    counts
        .reduce(|sum, count| sum + count)
        .expect("there is one")
}

#[test]
fn hashes_are_right_and_computed_beside_the_workers() {
    let server = web(&["--workers", "1"]);
    let twice = Sha256::digest(Sha256::digest([0; 32]));
    let twice = twice.iter().map(|byte| format!("{byte:02x}"));
    let twice = format!("{}\n", twice.collect::<String>());
    let mut client = Client::new(&server);
    assert_eq!(client.get("/hash?rounds=2"), (200, twice));
    assert_eq!(client.get("/hash?rounds=0").1, format!("{:064}\n", 0));
    let mut hashing: Vec<Client> = (0..8).map(|_| Client::new(&server)).collect();
    for client in &mut hashing {
        client.send("GET /hash?rounds=20000 HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    assert_answers(&server);
    for client in &mut hashing {
        assert_eq!(client.answer().0, 200);
    }
    let (_, metrics) = client.get("/metrics");
    assert_eq!(computed("tasks_started", &metrics), 10, "{metrics}");
}

#[test]
fn a_body_comes_back_as_it_was_sent() {
    let server = web(&[]);
    let bytes = stress_bytes();
    let data = Data::new(3);
    let mut client = Client::new(&server);
    let mut writer = client.writer();
    thread::scope(|scope| {
        scope.spawn(|| {
            let head = format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {bytes}\r\n\r\n");
            writer.write_all(head.as_bytes()).unwrap();
            data.write(&writer, bytes);
        });
        let head = client.head().unwrap();
        assert_eq!(head.status, 200);
        data.expect(client.body(&head), bytes);
    });
    // The connection is still good.
    assert_eq!(client.get("/").0, 200);
    let peak = server.peak_memory();
    assert!(peak < 48 << 20, "{peak} bytes");
}

#[test]
fn a_body_in_chunks_of_one_byte_comes_back() {
    let server = web(&[]);
    let mut client = Client::new(&server);
    client.writer().set_nodelay(true).unwrap();
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for byte in b'a'..=b'z' {
        client.send([b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    client.send("0\r\n\r\n");
    let (status, text) = client.answer();
    assert_eq!((status, &text[..]), (200, "abcdefghijklmnopqrstuvwxyz"));
}

#[test]
fn files_are_sent_whole() {
    let (tree, server) = with_folder();
    let data = Data::new(5);
    let lengths = [1, 131_071, 131_072, 131_073, 5_000_000];
    for length in lengths {
        let name = tree.path().join(format!("inside/{length}"));
        data.write(fs::File::create(name).unwrap(), length);
    }
    let mut client = Client::new(&server);
    for length in lengths {
        client.send(format!("GET /file/{length} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let head = client.head().unwrap();
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-length"), Some(&length.to_string()[..]));
        data.expect(client.body(&head), length);
    }
    assert_eq!(client.get("/file/empty"), (200, String::new()));
    assert_eq!(client.get("/file/deep/%C3%BC%20file").1, "text");
    assert_eq!(client.get("/file/deep%2F%C3%BC%20file").1, "text");
    assert_eq!(client.get("/file/link").1, "text");
    client.send("HEAD /file/5000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    let head = client.head().unwrap();
    assert_eq!(head.header("content-length"), Some("5000000"));
    assert_eq!(client.get("/").0, 200);
}

#[test]
fn no_path_leads_out_of_the_folder() {
    let (tree, server) = with_folder();
    let absolute = tree.path().join("secret");
    let absolute = absolute.to_str().unwrap();
    let paths = [
        "/file/../secret",
        "/file/..",
        "/file/deep/../../secret",
        "/file/%2e%2e/secret",
        "/file/%2E%2E%2Fsecret",
        "/file/..%2fsecret",
        "/file/.%2e/secret",
        "/file/%252e%252e/secret",
        "/file/..%5csecret",
        "/file/..\\secret",
        "/file/%00",
        "/file/empty%00",
        "/file/%00/../secret",
        "/file/%ff%fe",
        "/file/%c0%ae%c0%ae/secret",
        "/file/up",
        "/file/absolute",
        "/file/parent/secret",
        "/file/parent/inside/empty",
        "/file//",
        "/file/.",
        "/file/deep",
        &format!("/file/{absolute}"),
        &format!("/file/%2f{absolute}"),
        &format!("/file/%2f%2f{absolute}"),
        &format!("/file/{}", "../".repeat(40) + absolute),
        &format!("/file/{}", "x".repeat(5000)),
        &format!("/file/{}", "deep/".repeat(2000)),
        &format!("http://x/file/..{absolute}"),
    ];
    for path in paths {
        // Some are no HTTP at all: each has a connection of its own.
        let mut client = Client::new(&server);
        let (status, text) = client.get(path);
        assert!(matches!(status, 400 | 404), "{path}: {status}");
        assert!(!text.contains("secret"), "{path}: {text}");
    }
    assert_answers(&server);
}

#[test]
fn what_is_not_http_ends_its_connection_and_nothing_else() {
    let server = web(&[]);
    let garbage: [&[u8]; 12] = [
        b"\0\0\0\0\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nx",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /\xff\xfe\x80 \x80\r\n\r\n",
    ];
    for bytes in garbage {
        let mut client = Client::new(&server);
        client.send(bytes);
        client.expect_end();
    }
    // A chunk that is none, when the answer has begun: the body must not end as if it were whole.
    let mut client = Client::new(&server);
    client.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n",
    );
    if let Ok(head) = client.head() {
        let mut body = Vec::new();
        assert!(client.body(&head).read_to_end(&mut body).is_err());
    }
    assert_answers(&server);
    assert_eq!(server.stop().stderr, "");
}

#[test]
fn a_head_without_end_is_not_waited_for() {
    let server = web(&["--idle", "1"]);
    let (mut silent, mut begun) = (Client::new(&server), Client::new(&server));
    begun.send("GET / HTTP/1.1\r\nHost:");
    let mut idle = Client::new(&server);
    assert_eq!(idle.get("/").0, 200);
    for client in [&mut silent, &mut begun, &mut idle] {
        client.expect_end();
    }
    assert_answers(&server);
}

#[test]
fn a_head_of_100_mib_is_refused_and_costs_no_memory() {
    let server = web(&[]);
    let line = format!("X-Header: {}\r\n", "x".repeat(8000));
    let one = format!("X-Header: {}", "x".repeat(1 << 20));
    for block in [line.as_bytes(), one.as_bytes(), b"X: y\r\n"] {
        let client = Client::new(&server);
        let mut writer = client.writer();
        writer.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        let block = block.repeat((1 << 20) / block.len() + 1);
        let mut sent = 0;
        while sent < 100 << 20 && writer.write_all(&block).is_ok() {
            sent += block.len();
        }
        assert!(sent < 100 << 20, "the server takes it all");
    }
    let peak = server.peak_memory();
    assert!(peak < 48 << 20, "{peak} bytes");
    assert_answers(&server);
}

#[test]
fn clients_that_do_not_read_or_break_off_are_nobody_elses_trouble() {
    let (tree, server) = with_folder();
    let large = tree.path().join("inside/large");
    // As long as 1 GiB, and as short as nothing on the disk.
    fs::File::create(large).unwrap().set_len(1 << 30).unwrap();
    let mut deaf: Vec<Client> = (0..8).map(|_| Client::new(&server)).collect();
    for client in &mut deaf {
        client.send("GET /file/large HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(client.head().unwrap().status, 200);
    }
    for path in ["/file/large", "/slow?ms=60000", "/hash?rounds=1000"] {
        for _ in 0..20 {
            let mut client = Client::new(&server);
            client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
            reset(client.writer());
            drop(client);
        }
    }
    let half_open = server.connect();
    half_open.shutdown(Shutdown::Write).unwrap();
    assert_answers(&server);
    let peak = server.peak_memory();
    assert!(peak < 96 << 20, "{peak} bytes");
}

#[test]
fn metrics_are_in_the_format_of_prometheus() {
    let server = web(&["--workers", "2"]);
    let mut client = Client::new(&server);
    assert_eq!(client.get("/hash?rounds=1").0, 200);
    let (status, text) = client.get("/metrics");
    assert_eq!(status, 200);
    let mut typed = String::new();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(matches!(kind, "counter" | "gauge"), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            name.clone_into(&mut typed);
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            assert_eq!(bare, typed, "{line}");
            value.parse::<u64>().unwrap();
        }
    }
    assert!(text.contains("\nfastwake_workers 2\n"), "{text}");
    assert_eq!(computed("tasks_started", &text), 1, "{text}");
}

#[test]
fn a_lack_of_descriptors_passes() {
    let server = web(&["--idle", "3600"]);
    assert_answers(&server);
    server.leave_descriptors(20);
    let crowd: Vec<TcpStream> = (0..60).map(|_| server.connect()).collect();
    support::assert_rests(&server);
    drop(crowd);
    assert_answers(&server);
    let ended = server.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.contains("cannot accept for now"), "{ended:?}");
}

/// A request whose handler has begun, and waits for the second half of its body.
fn begun(server: &Server) -> Client {
    let mut client = Client::new(server);
    client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf");
    let head = client.head().unwrap();
    let mut half = [0; 4];
    client.body(&head).read_exact(&mut half).unwrap();
    assert_eq!(&half, b"half");
    client
}

#[test]
fn a_drain_lets_requests_finish_and_closes_all_else() {
    let server = web(&["--drain", "3600"]);
    let addr = server.addr;
    let mut slow = Client::new(&server);
    slow.send("GET /slow?ms=2000 HTTP/1.1\r\nHost: x\r\n\r\n");
    let (mut idle, mut silent) = (Client::new(&server), Client::new(&server));
    assert_eq!(idle.get("/").0, 200);
    let begun = begun(&server);
    server.signal(Signal::TERM);
    idle.expect_end();
    silent.expect_end();
    eventually("connections are refused", || {
        TcpStream::connect(addr).is_err()
    });
    assert_eq!(slow.answer(), (200, "after 2000 ms\n".to_owned()));
    slow.expect_end();
    let mut writer = begun.writer();
    writer.write_all(b"rest").unwrap();
    let mut rest = String::new();
    // The end of the connection follows the answer.
    writer.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "rest");
    let ended = server.wait();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains("SIGTERM"), "{ended:?}");
    assert!(ended.stdout.ends_with("web: drained\n"), "{ended:?}");
}

#[test]
fn a_drain_ends_at_its_deadline() {
    let server = web(&["--drain", "1"]);
    let begun = begun(&server);
    server.signal(Signal::INT);
    let ended = server.wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("--drain"), "{ended:?}");
    drop(begun);
}

#[test]
fn a_second_signal_ends_a_drain() {
    let server = web(&["--drain", "3600"]);
    let mut begun = begun(&server);
    let addr = server.addr;
    server.signal(Signal::INT);
    eventually("connections are refused", || {
        TcpStream::connect(addr).is_err()
    });
    server.signal(Signal::TERM);
    let ended = server.wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("SIGTERM"), "{ended:?}");
    begun.expect_end();
}

#[test]
fn its_command_line_is_explained() {
    support::assert_helps("web");
    support::assert_refused("web", &["--port", "1"], "--port");
    support::assert_refused("web", &["extra"], "extra");
    support::assert_refused("web", &["--addr", "nonsense"], "HOST:PORT");
    support::assert_refused("web", &["--addr", "127.0.0.1:65536"], "from 0 to 65535");
    support::assert_refused("web", &["--workers", "0"], "from 1 to 1024");
    support::assert_refused("web", &["--drain", "soon"], "from 0 to 86400");
    support::assert_refused("web", &["--idle", "0"], "from 1 to 86400");
    support::assert_address_in_use("web", |addr| vec!["--addr".into(), addr.into()]);
    let output = support::program("web")
        .args(["--root", "/nothing/there"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"/nothing/there\""));
}
