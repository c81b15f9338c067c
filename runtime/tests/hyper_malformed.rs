//! What clients get that do not speak HTTP, and that the server goes on.
#![cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync",
    feature = "test-util"
))]

mod support;

use std::convert::Infallible;
use std::time::Duration;

use fastwake::hyper::serve;
use fastwake::time::{Instant, sleep};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use support::http::{get, memory, on_a_stopped_clock, on_each, path_service};

/// Answers with the length of the body, or with 400 if it breaks off.
async fn length(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    Ok(match request.into_body().collect().await {
        Ok(body) => Response::new(body.to_bytes().len().to_string()),
        Err(error) => {
            let mut response = Response::new(error.to_string());
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    })
}

fn malformed_heads() -> Vec<(&'static str, Vec<u8>)> {
    let many = (0..1_000).map(|n| format!("x-{n}: y\r\n"));
    let many = many.collect::<String>();
    let named: [(&str, &[u8]); 10] = [
        ("garbage", b"\x01\x02\xff\xfe garbage\r\n\r\n"),
        ("zeros", &[0; 4_096]),
        ("NUL in the path", b"GET /\0 HTTP/1.1\r\nhost: test\r\n\r\n"),
        ("NUL in a name", b"GET / HTTP/1.1\r\nho\0st: test\r\n\r\n"),
        ("NUL in a value", b"GET / HTTP/1.1\r\nhost: te\0st\r\n\r\n"),
        ("no version", b"GET /\r\n\r\n"),
        ("another version", b"GET / HTTP/3.7\r\nhost: test\r\n\r\n"),
        (
            "TLS",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ),
        ("half a preface", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"),
        (
            "no frames",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ),
    ];
    let mut all: Vec<_> = named.map(|(name, bytes)| (name, bytes.to_vec())).into();
    all.push((
        "many headers",
        format!("GET / HTTP/1.1\r\n{many}\r\n").into(),
    ));
    all
}

fn malformed_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let post = |framing: &str, body: &str| {
        format!("POST / HTTP/1.1\r\nhost: test\r\n{framing}\r\n\r\n{body}").into_bytes()
    };
    let chunked = |body: &str| post("transfer-encoding: chunked", body);
    let two = "content-length: 1\r\ncontent-length: 2";
    vec![
        ("a bad chunk length", chunked("zz\r\nabc\r\n0\r\n\r\n")),
        (
            "a chunk longer than it says",
            chunked("2\r\nabcdef\r\n0\r\n\r\n"),
        ),
        (
            "an endless chunk length",
            chunked(&("f".repeat(40) + "\r\n")),
        ),
        ("a bad length", post("content-length: -1", "")),
        ("two lengths", post(two, "ab")),
    ]
}

#[test]
fn malformed_requests_are_refused_and_the_server_goes_on() {
    on_each(|| async {
        let (clients, listener) = memory();
        fastwake::spawn(serve(listener, service_fn(length)).into_future());
        let mut other = clients.connect().unwrap();
        for (what, bytes) in malformed_heads().into_iter().chain(malformed_bodies()) {
            let mut client = clients.connect().unwrap();
            // The server may have hung up before the end of it.
            let _ = client.send(bytes).await;
            let answer = client.closed().await;
            let status = answer
                .strip_prefix(b"HTTP/1.1 ")
                .map_or(b'4', |rest| rest[0]);
            assert_eq!(status, b'4', "{what}: {}", answer.escape_ascii());
            assert_eq!(other.get("/").await.unwrap().body, "0", "after {what}");
        }
    });
}

#[test]
fn a_head_without_bounds_is_refused_long_before_it_ends() {
    on_each(|| async {
        let (clients, listener) = memory();
        fastwake::spawn(serve(listener, service_fn(length)).into_future());
        for endless in ["GET /", "GET / HTTP/1.1\r\nx: "] {
            let mut client = clients.connect().unwrap();
            client.send(endless).await.unwrap();
            let mut sent = 0_usize;
            while client.send([b'a'; 64 << 10]).await.is_ok() {
                sent += 64 << 10;
                assert!(sent < 4 << 20, "it reads on after {sent} bytes");
            }
            let answer = client.closed().await;
            assert!(
                answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"),
                "{}",
                answer.escape_ascii()
            );
        }
        assert_eq!(clients.connect().unwrap().get("/").await.unwrap().body, "0");
    });
}

#[test]
fn a_client_that_leaves_ends_its_connection_and_no_other() {
    on_each(|| async {
        let (clients, listener) = memory();
        fastwake::spawn(serve(listener, service_fn(length)).into_future());
        let parts = [
            "",
            "PRI",
            "GET / HT",
            "POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\nabc",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ];
        for part in parts {
            clients.connect().unwrap().send(part).await.unwrap();
        }
        assert_eq!(clients.connect().unwrap().get("/").await.unwrap().body, "0");
    });
}

/// How long the server keeps a connection on which these bytes have come; it has 10 s for a head.
async fn kept(bytes: &str) -> Duration {
    let (clients, listener) = memory();
    let server = serve(listener, path_service()).header_read_timeout(Duration::from_secs(10));
    fastwake::spawn(server.into_future());
    let mut client = clients.connect().unwrap();
    let start = Instant::now();
    client.send(bytes).await.unwrap();
    assert_eq!(client.closed().await, b"");
    start.elapsed()
}

#[test]
fn a_head_that_does_not_end_ends_its_connection() {
    on_a_stopped_clock(|| async {
        for bytes in [
            "",
            "P",
            "PRI * HTTP/2.0\r\n\r\nSM",
            "GET / HTTP/1.1\r\nhost: te",
        ] {
            let kept = kept(bytes).await.as_secs_f64();
            assert!((10.0..10.1).contains(&kept), "{bytes:?}: {kept} s");
        }
    });
}

#[test]
fn a_head_that_trickles_in_does_not_get_more_time() {
    on_a_stopped_clock(|| async {
        let (clients, listener) = memory();
        let server = serve(listener, path_service()).header_read_timeout(Duration::from_secs(10));
        fastwake::spawn(server.into_future());
        let mut client = clients.connect().unwrap();
        let start = Instant::now();
        client.send("GET / HTTP/1.1\r\nx: ").await.unwrap();
        while client.send("a").await.is_ok() {
            sleep(Duration::from_secs(1)).await;
            assert!(start.elapsed() < Duration::from_secs(13));
        }
    });
}

#[test]
fn the_time_for_a_head_counts_from_the_answer_before() {
    on_a_stopped_clock(|| async {
        let (clients, listener) = memory();
        let server = serve(listener, path_service()).header_read_timeout(Duration::from_secs(10));
        fastwake::spawn(server.into_future());
        let mut client = clients.connect().unwrap();
        for _ in 0..5 {
            sleep(Duration::from_secs(7)).await;
            assert_eq!(client.get("/a").await.unwrap().body, "/a");
        }
        let start = Instant::now();
        assert_eq!(client.closed().await, b"");
        let kept = start.elapsed().as_secs_f64();
        assert!((10.0..10.1).contains(&kept), "{kept} s");
    });
}

#[test]
fn a_handler_may_take_longer_than_a_head() {
    on_a_stopped_clock(|| async {
        let (clients, listener) = memory();
        let slow = service_fn(async |_| {
            sleep(Duration::from_secs(95)).await;
            Ok::<_, Infallible>(Response::new("late".to_owned()))
        });
        let server = serve(listener, slow).header_read_timeout(Duration::from_secs(10));
        fastwake::spawn(server.into_future());
        let mut client = clients.connect().unwrap();
        for _ in 0..2 {
            assert_eq!(client.get("/").await.unwrap().body, "late");
        }
        let start = Instant::now();
        assert_eq!(client.closed().await, b"");
        let kept = start.elapsed().as_secs_f64();
        assert!((10.0..10.1).contains(&kept), "{kept} s");
    });
}

#[test]
fn without_a_timeout_a_head_may_take_any_time() {
    on_a_stopped_clock(|| async {
        for timeout in [None, Some(Duration::MAX)] {
            let (clients, listener) = memory();
            let server = serve(listener, path_service()).header_read_timeout(timeout);
            fastwake::spawn(server.into_future());
            let mut client = clients.connect().unwrap();
            for part in get("/a").split_inclusive('t') {
                sleep(Duration::from_secs(86_400)).await;
                client.send(part).await.unwrap();
            }
            assert_eq!(client.answer().await.unwrap().body, "/a");
        }
    });
}
