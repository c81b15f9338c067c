//! How the server ends.
#![cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync"
))]

mod support;

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use fastwake::hyper::{Executor, Io, serve};
use fastwake::io::{AsyncReadExt, DuplexStream};
use fastwake::net::TcpListener;
use fastwake::sync::{Notify, Semaphore, oneshot};
use fastwake::task::JoinHandle;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use support::http::{Client, Clients, connect, get, memory, on_each, path_service, runtime};
use support::{Count, must_end};

/// A handler that says when it has begun, and goes on when it may.
#[derive(Clone)]
struct Gate {
    begun: Arc<Semaphore>,
    open: Arc<Notify>,
    dropped: Count,
}

impl Gate {
    fn new() -> Self {
        Self {
            begun: Arc::new(Semaphore::new(0)),
            open: Arc::new(Notify::new()),
            dropped: Count::default(),
        }
    }

    async fn pass(self) -> Result<Response<String>, Infallible> {
        let _dropped = self.dropped.on_drop();
        self.begun.add_permits(1);
        self.open.notified().await;
        Ok(Response::new("passed".to_owned()))
    }

    fn service(
        &self,
    ) -> impl hyper::service::Service<
        Request<Incoming>,
        Response = Response<String>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static {
        let gate = self.clone();
        service_fn(move |_| gate.clone().pass())
    }

    async fn has_begun(&self) {
        self.begun.acquire().await.unwrap().forget();
    }
}

/// A server in memory, its clients, and what shuts it down.
fn start(gate: &Gate, limit: Option<Duration>) -> (Clients, oneshot::Sender<()>, Server) {
    let (clients, listener) = memory();
    let (shut_down, signal) = oneshot::channel();
    let mut server = serve(listener, gate.service()).with_graceful_shutdown(async {
        signal.await.unwrap();
    });
    if let Some(limit) = limit {
        server = server.shutdown_timeout(limit);
    }
    (clients, shut_down, fastwake::spawn(server.into_future()))
}

type Server = JoinHandle<io::Result<()>>;

#[test]
fn a_request_that_has_begun_is_answered() {
    on_each(|| async {
        let gate = Gate::new();
        let (clients, shut_down, server) = start(&gate, None);
        let mut client = clients.connect().unwrap();
        client.send(get("/")).await.unwrap();
        gate.has_begun().await;
        shut_down.send(()).unwrap();
        // The listener goes first, the server when the request has.
        until(|| clients.connect().is_err()).await;
        assert!(!server.is_finished());
        gate.open.notify_one();
        assert_eq!(client.answer().await.unwrap().body, "passed");
        server.await.unwrap().unwrap();
        assert_eq!(client.closed().await, b"");
    });
}

#[test]
fn an_answer_after_the_shutdown_says_that_it_is_the_last() {
    // On one thread, the handler waits when it has begun, and is not yet to pass.
    must_end(|| {
        runtime(0).block_on(async {
            let gate = Gate::new();
            let (clients, shut_down, server) = start(&gate, None);
            let mut client = clients.connect().unwrap();
            client.send(get("/")).await.unwrap();
            gate.has_begun().await;
            shut_down.send(()).unwrap();
            until(|| clients.connect().is_err()).await;
            gate.open.notify_one();
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.headers["connection"], "close");
            server.await.unwrap().unwrap();
        });
    });
}

#[test]
fn idle_connections_are_closed_at_once_and_new_ones_refused() {
    on_each(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shut_down, signal) = oneshot::channel::<()>();
        let server = serve(listener, path_service()).with_graceful_shutdown(async {
            signal.await.unwrap();
        });
        let server = fastwake::spawn(server.into_future());
        let mut used = connect(address).await.unwrap();
        assert_eq!(used.get("/a").await.unwrap().body, "/a");
        // These wait in the backlog or have been accepted; neither has a request.
        let mut silent = connect(address).await.unwrap();
        let mut begun = connect(address).await.unwrap();
        begun.send("PRI").await.unwrap();
        assert_eq!(used.get("/b").await.unwrap().body, "/b");
        shut_down.send(()).unwrap();
        server.await.unwrap().unwrap();
        assert_eq!(used.closed().await, b"");
        assert_eq!(silent.closed().await, b"");
        assert_eq!(begun.closed().await, b"");
        let refused = connect(address).await.map(drop).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_deadline_ends_what_hangs() {
    on_each(|| async {
        let gate = Gate::new();
        let (clients, shut_down, server) = start(&gate, Some(Duration::from_millis(20)));
        let mut hanging = [clients.connect().unwrap(), clients.connect().unwrap()];
        for client in &mut hanging {
            client.send(get("/")).await.unwrap();
            gate.has_begun().await;
        }
        shut_down.send(()).unwrap();
        let error = server.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().starts_with("2 connections"), "{error}");
        for client in &mut hanging {
            assert_eq!(client.closed().await, b"");
        }
        until(|| gate.dropped.get() == 2).await;
    });
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        fastwake::task::yield_now().await;
    }
}

/// A request over HTTP/2, and the connection that it is on.
async fn request_http2(clients: &Clients) -> impl Future<Output = hyper::Result<String>> + use<> {
    let stream = Io::new(clients.connect().unwrap().stream);
    let builder = http2::Builder::new(Executor);
    let (mut sender, connection) = builder.handshake(stream).await.unwrap();
    fastwake::spawn(connection);
    let request = Request::get("http://test/").body(String::new()).unwrap();
    async move {
        let response = sender.send_request(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    }
}

#[test]
fn a_stream_of_http2_that_has_begun_is_answered() {
    on_each(|| async {
        let gate = Gate::new();
        let (clients, shut_down, server) = start(&gate, None);
        let idle = request_http2(&clients).await;
        let answer = fastwake::spawn(request_http2(&clients).await);
        gate.has_begun().await;
        shut_down.send(()).unwrap();
        until(|| clients.connect().is_err()).await;
        assert!(!server.is_finished());
        gate.open.notify_one();
        assert_eq!(answer.await.unwrap().unwrap(), "passed");
        server.await.unwrap().unwrap();
        assert!(idle.await.is_err());
    });
}

#[test]
fn a_deadline_ends_streams_of_http2() {
    on_each(|| async {
        let gate = Gate::new();
        let (clients, shut_down, server) = start(&gate, Some(Duration::from_millis(20)));
        let answer = fastwake::spawn(request_http2(&clients).await);
        gate.has_begun().await;
        shut_down.send(()).unwrap();
        let error = server.await.unwrap().unwrap_err();
        assert!(error.to_string().starts_with("1 connection was"), "{error}");
        assert!(answer.await.unwrap().is_err());
        until(|| gate.dropped.get() == 1).await;
    });
}

/// A client of HTTP/2 that has said hello, and answers no ping.
const MUTE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Sends that, and waits for the server's settings.
async fn mute(clients: &Clients) -> Client<DuplexStream> {
    let mut client = clients.connect().unwrap();
    client.send(MUTE).await.unwrap();
    let mut frame = [0; 9];
    client.stream.read_exact(&mut frame).await.unwrap();
    client
}

#[cfg(feature = "test-util")]
#[test]
fn a_mute_client_of_http2_without_a_request_does_not_hold_up_a_shutdown() {
    support::http::on_a_stopped_clock(|| async {
        let gate = Gate::new();
        let (clients, shut_down, server) = start(&gate, None);
        let mut client = mute(&clients).await;
        let begun = fastwake::time::Instant::now();
        shut_down.send(()).unwrap();
        server.await.unwrap().unwrap();
        assert!(begun.elapsed() <= Duration::from_secs(2), "{begun:?}");
        client.closed().await;
    });
}

#[test]
fn a_mute_client_of_http2_without_a_request_is_not_cut() {
    on_each(|| async {
        let gate = Gate::new();
        let (clients, shut_down, server) = start(&gate, Some(Duration::from_millis(20)));
        let mut client = mute(&clients).await;
        shut_down.send(()).unwrap();
        server.await.unwrap().unwrap();
        client.closed().await;
    });
}

#[test]
fn without_a_request_nothing_is_cut_even_at_once() {
    on_each(|| async {
        let (clients, listener) = memory();
        let (shut_down, signal) = oneshot::channel::<()>();
        let server = serve(listener, path_service())
            .with_graceful_shutdown(async { signal.await.unwrap() })
            .shutdown_timeout(Duration::ZERO);
        let server = fastwake::spawn(server.into_future());
        let mut silent = clients.connect().unwrap();
        let mut mute = mute(&clients).await;
        let mut used = clients.connect().unwrap();
        for _ in 0..2 {
            assert_eq!(used.get("/a").await.unwrap().body, "/a");
        }
        let mut part = clients.connect().unwrap();
        part.send("GET / HTT").await.unwrap();
        // The answer may be there before its connection waits for another head.
        fastwake::time::sleep(Duration::from_millis(50)).await;
        shut_down.send(()).unwrap();
        server.await.unwrap().unwrap();
        for client in [&mut silent, &mut mute, &mut used, &mut part] {
            client.closed().await;
        }
    });
}

/// HEADERS of stream 1: a whole `GET http:/`.
#[cfg(feature = "test-util")]
const GET_HTTP2: &[u8] = b"\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84";

#[cfg(feature = "test-util")]
#[test]
fn a_request_of_a_mute_client_of_http2_has_all_the_time_of_a_shutdown() {
    support::http::on_a_stopped_clock(|| async {
        let gate = Gate::new();
        let limit = Duration::from_secs(10);
        let (clients, shut_down, server) = start(&gate, Some(limit));
        let mut client = mute(&clients).await;
        client.send(GET_HTTP2).await.unwrap();
        gate.has_begun().await;
        shut_down.send(()).unwrap();
        fastwake::time::sleep(limit / 2).await;
        assert!(!server.is_finished());
        gate.open.notify_one();
        server.await.unwrap().unwrap();
        let all = client.closed().await;
        assert!(all.ends_with(b"passed"), "{all:?}");
    });
}

#[cfg(feature = "test-util")]
#[test]
fn an_answer_that_waits_for_the_window_of_http2_is_an_open_request() {
    support::http::on_a_stopped_clock(|| async {
        let (clients, listener) = memory();
        let (shut_down, signal) = oneshot::channel::<()>();
        let large = service_fn(async |_| Ok::<_, Infallible>(Response::new("x".repeat(100_000))));
        let server = serve(listener, large)
            .with_graceful_shutdown(async { signal.await.unwrap() })
            .shutdown_timeout(Duration::from_secs(10));
        let server = fastwake::spawn(server.into_future());
        let mut client = mute(&clients).await;
        client.send(GET_HTTP2).await.unwrap();
        // The window of a connection has 65535 bytes at first.
        let mut part = vec![0; 65_535];
        client.stream.read_exact(&mut part).await.unwrap();
        shut_down.send(()).unwrap();
        let reads = fastwake::spawn(async move { client.closed().await });
        let error = server.await.unwrap().unwrap_err();
        assert!(error.to_string().starts_with("1 connection was"), "{error}");
        reads.await.unwrap();
    });
}

#[test]
fn a_signal_that_is_there_already_ends_a_server_at_once() {
    on_each(|| async {
        let (clients, listener) = memory();
        let mut client = clients.connect().unwrap();
        let server = serve(listener, path_service()).with_graceful_shutdown(ready(()));
        server.await.unwrap();
        assert!(clients.connect().is_err());
        assert_eq!(client.closed().await, b"");
    });
}

#[test]
fn a_signal_ends_a_server_that_waits_for_a_connection_to_end() {
    on_each(|| async {
        let gate = Gate::new();
        let (clients, listener) = memory();
        let (shut_down, signal) = oneshot::channel::<()>();
        let server = serve(listener, gate.service())
            .with_graceful_shutdown(async { signal.await.unwrap() })
            .max_connections(1);
        let server = fastwake::spawn(server.into_future());
        let mut client = clients.connect().unwrap();
        client.send(get("/")).await.unwrap();
        gate.has_begun().await;
        shut_down.send(()).unwrap();
        until(|| clients.connect().is_err()).await;
        gate.open.notify_one();
        assert_eq!(client.answer().await.unwrap().body, "passed");
        server.await.unwrap().unwrap();
    });
}

#[test]
fn connections_outlive_a_server_that_is_dropped() {
    on_each(|| async {
        let (clients, listener) = memory();
        let server = serve(listener, path_service()).with_graceful_shutdown(pending());
        let server = fastwake::spawn(server.into_future());
        let mut client = clients.connect().unwrap();
        assert_eq!(client.get("/a").await.unwrap().body, "/a");
        server.abort();
        assert!(server.await.unwrap_err().is_cancelled());
        assert!(clients.connect().is_err());
        assert_eq!(client.get("/b").await.unwrap().body, "/b");
    });
}

#[test]
fn under_load_each_request_is_answered_in_full_or_not_at_all() {
    on_each(|| async {
        for round in 0..6 {
            let (clients, listener) = memory();
            let (shut_down, signal) = oneshot::channel::<()>();
            let server = serve(listener, path_service())
                .with_graceful_shutdown(async { signal.await.unwrap() });
            let server = fastwake::spawn(server.into_future());
            let load: Vec<_> = (0..8)
                .map(|n| fastwake::spawn(requests(clients.clone(), n)))
                .collect();
            for _ in 0..round * 20 {
                fastwake::task::yield_now().await;
            }
            shut_down.send(()).unwrap();
            for client in load {
                client.await.unwrap();
            }
            server.await.unwrap().unwrap();
        }
    });
}

/// Asks until the server is gone, three times on each connection.
async fn requests(clients: Clients, n: usize) {
    while let Ok(mut client) = clients.connect() {
        for _ in 0..3 {
            if client.send(get(&format!("/{n}"))).await.is_err() {
                break;
            }
            match client.answer().await {
                Ok(answer) => assert_eq!(answer.body, format!("/{n}")),
                Err(_) => assert_eq!(client.closed().await, b""),
            }
        }
    }
}
