//! The server with clients that speak HTTP/2 at once.
#![cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync"
))]

mod support;

use std::convert::Infallible;
#[cfg(feature = "test-util")]
use std::{future::pending, time::Duration};

use fastwake::hyper::{Executor, Io, Timer, serve};
use fastwake::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use fastwake::net::{TcpListener, TcpStream};
#[cfg(feature = "test-util")]
use fastwake::time::{Instant, sleep};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
#[cfg(feature = "test-util")]
use support::http::on_a_stopped_clock;
use support::http::{memory, on_each, path_service};

async fn handshake<T>(stream: T) -> SendRequest<String>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http2::Builder::new(Executor);
    let (sender, connection) = builder
        .timer(Timer)
        .handshake(Io::new(stream))
        .await
        .unwrap();
    fastwake::spawn(connection);
    sender
}

async fn body(
    mut sender: SendRequest<String>,
    path: String,
    body: String,
) -> hyper::Result<String> {
    let request = Request::post(format!("http://test{path}"))
        .body(body)
        .unwrap();
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    assert_eq!(response.version(), Version::HTTP_2);
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn many_streams_share_a_connection() {
    on_each(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        fastwake::spawn(serve(listener, path_service()).into_future());
        let sender = handshake(TcpStream::connect(address).await.unwrap()).await;
        let streams: Vec<_> = (0..150)
            .map(|n| fastwake::spawn(body(sender.clone(), format!("/{n}"), String::new())))
            .collect();
        for (n, stream) in streams.into_iter().enumerate() {
            assert_eq!(stream.await.unwrap().unwrap(), format!("/{n}"));
        }
    });
}

#[test]
fn a_body_larger_than_the_window_passes_both_ways() {
    on_each(|| async {
        let (clients, listener) = memory();
        let echo = service_fn(async |request: Request<Incoming>| {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        });
        fastwake::spawn(serve(listener, echo).into_future());
        let sender = handshake(clients.connect().unwrap().stream).await;
        let text = "0123456789".repeat(300_000);
        let echoed = body(sender, "/".to_owned(), text.clone()).await.unwrap();
        assert!(echoed == text, "{} bytes came back", echoed.len());
    });
}

#[test]
fn a_preface_may_come_byte_by_byte() {
    on_each(|| async {
        let (clients, listener) = memory();
        fastwake::spawn(serve(listener, path_service()).into_future());
        let mut stream = clients.connect().unwrap().stream;
        let preface = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let no_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        for byte in preface.into_iter().chain(no_settings) {
            stream.write_all(&[byte]).await.unwrap();
            fastwake::task::yield_now().await;
        }
        // The server's first frame is its settings, on stream 0.
        let mut frame = [0; 9];
        stream.read_exact(&mut frame).await.unwrap();
        assert_eq!((frame[3], &frame[5..]), (4, &[0; 4][..]), "{frame:?}");
    });
}

#[test]
fn a_panic_ends_its_stream_and_no_other() {
    on_each(|| async {
        let (clients, listener) = memory();
        let service = service_fn(async |request: Request<Incoming>| {
            assert_ne!(request.uri().path(), "/panic", "a panic on purpose");
            Ok::<_, Infallible>(Response::new("fine".to_owned()))
        });
        fastwake::spawn(serve(listener, service).into_future());
        let sender = handshake(clients.connect().unwrap().stream).await;
        let panicked = body(sender.clone(), "/panic".to_owned(), String::new()).await;
        assert!(panicked.is_err());
        let other = body(sender, "/".to_owned(), String::new()).await;
        assert_eq!(other.unwrap(), "fine");
    });
}

/// The preface and empty settings.
#[cfg(feature = "test-util")]
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// How long a server keeps a client of HTTP/2 that sends this, and answers nothing.
#[cfg(feature = "test-util")]
async fn kept(bytes: &[u8]) -> Duration {
    let (clients, listener) = memory();
    let never = service_fn(async |_| pending::<Result<Response<String>, Infallible>>().await);
    let server = serve(listener, never).header_read_timeout(TIMEOUT);
    fastwake::spawn(server.into_future());
    let mut client = clients.connect().unwrap();
    let begun = Instant::now();
    client.send(HELLO).await.unwrap();
    client.send(bytes).await.unwrap();
    client.closed().await;
    begun.elapsed()
}

#[cfg(feature = "test-util")]
const TIMEOUT: Duration = Duration::from_secs(7);

#[cfg(feature = "test-util")]
#[test]
fn a_connection_without_a_request_is_timed_out() {
    on_a_stopped_clock(|| async {
        let kept = kept(b"").await;
        assert!((TIMEOUT..TIMEOUT * 2).contains(&kept), "{kept:?}");
    });
}

#[cfg(feature = "test-util")]
#[test]
fn a_head_without_end_is_timed_out() {
    on_a_stopped_clock(|| async {
        // HEADERS of stream 1 with END_STREAM and without END_HEADERS: `:method: GET`.
        let kept = kept(b"\0\0\x01\x01\x01\0\0\0\x01\x82").await;
        assert!((TIMEOUT..TIMEOUT * 2).contains(&kept), "{kept:?}");
    });
}

#[cfg(feature = "test-util")]
#[test]
fn a_client_that_is_gone_with_a_request_open_is_found_out() {
    on_a_stopped_clock(|| async {
        // A whole GET.
        let kept = kept(b"\0\0\x03\x01\x05\0\0\0\x01\x82\x86\x84").await;
        let twenty = Duration::from_secs(20);
        assert!(kept >= TIMEOUT + twenty, "{kept:?}");
        assert!(kept <= TIMEOUT * 2 + twenty, "{kept:?}");
    });
}

#[cfg(feature = "test-util")]
#[test]
fn a_request_may_take_longer_than_the_timeout_of_its_head() {
    on_a_stopped_clock(|| async {
        let (clients, listener) = memory();
        let slow = service_fn(async |_| {
            sleep(TIMEOUT * 20).await;
            Ok::<_, Infallible>(Response::new("at last".to_owned()))
        });
        let server = serve(listener, slow).header_read_timeout(TIMEOUT);
        fastwake::spawn(server.into_future());
        let sender = handshake(clients.connect().unwrap().stream).await;
        for _ in 0..2 {
            let answer = body(sender.clone(), "/".to_owned(), String::new()).await;
            assert_eq!(answer.unwrap(), "at last");
            sleep(TIMEOUT / 2).await;
        }
        sleep(TIMEOUT).await;
        assert!(sender.is_closed());
    });
}
