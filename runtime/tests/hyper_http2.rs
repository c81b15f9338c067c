//! The server with clients that speak HTTP/2 at once.
#![cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync"
))]

mod support;

use std::convert::Infallible;

use fastwake::hyper::{Executor, Io, Timer, serve};
use fastwake::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use fastwake::net::{TcpListener, TcpStream};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
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
