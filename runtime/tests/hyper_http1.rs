//! The server with clients that speak HTTP/1.
#![cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync"
))]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::{get as on_get, post};
use fastwake::hyper::{Io, serve, serve_with};
use fastwake::io::{AsyncReadExt, AsyncWriteExt};
use fastwake::net::TcpListener;
use fastwake::time::sleep;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use support::http::{connect, get, memory, on_each, path_service};

async fn bound() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn one_connection_carries_many_requests() {
    on_each(|| async {
        let (listener, address) = bound().await;
        fastwake::spawn(serve(listener, path_service()).into_future());
        let mut client = connect(address).await.unwrap();
        for n in 0..100 {
            let answer = client.get(&format!("/{n}")).await.unwrap();
            assert_eq!((answer.status, answer.body), (200, format!("/{n}")));
        }
    });
}

#[test]
fn many_connections_are_served_at_once() {
    on_each(|| async {
        let (listener, address) = bound().await;
        fastwake::spawn(serve(listener, path_service()).into_future());
        let mut clients = Vec::new();
        for _ in 0..50 {
            clients.push(connect(address).await.unwrap());
        }
        for round in 0..3 {
            for client in &mut clients {
                client.send(get(&format!("/{round}"))).await.unwrap();
            }
            for client in &mut clients {
                assert_eq!(client.answer().await.unwrap().body, format!("/{round}"));
            }
        }
    });
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    on_each(|| async {
        let (listener, address) = bound().await;
        fastwake::spawn(serve(listener, path_service()).into_future());
        let mut client = connect(address).await.unwrap();
        let requests: String = (0..200).map(|n| get(&format!("/{n}"))).collect();
        client.send(requests).await.unwrap();
        for n in 0..200 {
            assert_eq!(client.answer().await.unwrap().body, format!("/{n}"));
        }
    });
}

#[test]
fn a_request_may_come_byte_by_byte() {
    on_each(|| async {
        let (clients, listener) = memory();
        fastwake::spawn(serve(listener, path_service()).into_future());
        // The second begins as a client of HTTP/2 would.
        for request in [get("/slow"), "PRI /slow HTTP/1.1\r\n\r\n".to_owned()] {
            let mut client = clients.connect().unwrap();
            for byte in request.bytes() {
                client.send([byte]).await.unwrap();
                fastwake::task::yield_now().await;
            }
            assert_eq!(client.answer().await.unwrap().body, "/slow");
        }
    });
}

#[test]
fn an_axum_router_runs_without_a_tokio_runtime() {
    on_each(|| async {
        let router = Router::new()
            .route(
                "/greet/{name}",
                on_get(async |Path(name): Path<String>| format!("hi {name}")),
            )
            .route(
                "/length",
                post(async |body: String| {
                    sleep(Duration::from_millis(1)).await;
                    body.len().to_string()
                }),
            );
        let (listener, address) = bound().await;
        fastwake::spawn(serve(listener, router).into_future());
        let mut client = connect(address).await.unwrap();
        assert_eq!(client.get("/greet/you").await.unwrap().body, "hi you");
        assert_eq!(client.get("/nowhere").await.unwrap().status, 404);

        let body = "x".repeat(1 << 20);
        let head = format!(
            "POST /length HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        client.send(head + &body).await.unwrap();
        assert_eq!(client.answer().await.unwrap().body, (1 << 20).to_string());

        let chunked = "POST /length HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n\
                       3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
        client.send(chunked).await.unwrap();
        assert_eq!(client.answer().await.unwrap().body, "7");
    });
}

#[test]
fn a_service_may_be_made_for_each_client() {
    on_each(|| async {
        let (listener, address) = bound().await;
        let server = serve_with(listener, |&peer: &SocketAddr| {
            service_fn(move |_| async move { Ok::<_, Infallible>(Response::new(peer.to_string())) })
        });
        assert_eq!(server.local_addr().unwrap(), address);
        fastwake::spawn(server.into_future());
        for _ in 0..3 {
            let mut client = connect(address).await.unwrap();
            let ours = client.stream.local_addr().unwrap();
            assert_eq!(client.get("/").await.unwrap().body, ours.to_string());
        }
    });
}

async fn upgrade(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let upgraded = hyper::upgrade::on(&mut request);
    fastwake::spawn(async {
        let mut stream = Io::new(upgraded.await.unwrap());
        let mut text = [0; 5];
        stream.read_exact(&mut text).await.unwrap();
        text.reverse();
        stream.write_all(&text).await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert("connection", "upgrade".parse().unwrap());
    headers.insert("upgrade", "reverse".parse().unwrap());
    Ok(response)
}

#[test]
fn a_connection_can_be_upgraded() {
    on_each(|| async {
        let (clients, listener) = memory();
        fastwake::spawn(serve(listener, service_fn(upgrade)).into_future());
        let mut client = clients.connect().unwrap();
        let request =
            "GET / HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: reverse\r\n\r\n";
        // What follows at once is not lost.
        client.send(request.to_owned() + "hel").await.unwrap();
        assert_eq!(client.answer().await.unwrap().status, 101);
        client.send("lo").await.unwrap();
        assert_eq!(client.closed().await, b"olleh");
    });
}

#[test]
fn a_panic_ends_its_connection_and_no_other() {
    on_each(|| async {
        let (clients, listener) = memory();
        let service = service_fn(async |request: Request<Incoming>| {
            assert_ne!(request.uri().path(), "/panic", "a panic on purpose");
            Ok::<_, Infallible>(Response::new("fine".to_owned()))
        });
        fastwake::spawn(serve(listener, service).into_future());
        let mut other = clients.connect().unwrap();
        assert_eq!(other.get("/").await.unwrap().body, "fine");
        for _ in 0..3 {
            let mut client = clients.connect().unwrap();
            client.send(get("/panic")).await.unwrap();
            assert_eq!(client.closed().await, b"");
        }
        assert_eq!(other.get("/").await.unwrap().body, "fine");
        assert_eq!(
            clients.connect().unwrap().get("/").await.unwrap().body,
            "fine"
        );
    });
}

#[test]
fn a_service_that_fails_ends_its_connection_and_no_other() {
    on_each(|| async {
        let (clients, listener) = memory();
        let service = service_fn(
            async |request: Request<Incoming>| match request.uri().path() {
                "/error" => Err("an error on purpose"),
                path => Ok(Response::new(path.to_owned())),
            },
        );
        fastwake::spawn(serve(listener, service).into_future());
        let mut client = clients.connect().unwrap();
        client.send(get("/error")).await.unwrap();
        assert_eq!(client.closed().await, b"");
        assert_eq!(
            clients.connect().unwrap().get("/a").await.unwrap().body,
            "/a"
        );
    });
}

#[test]
fn no_more_connections_than_allowed_are_served_at_a_time() {
    on_each(|| async {
        let (clients, listener) = memory();
        fastwake::spawn(
            serve(listener, path_service())
                .max_connections(2)
                .into_future(),
        );
        let mut one = clients.connect().unwrap();
        let mut two = clients.connect().unwrap();
        assert_eq!(one.get("/1").await.unwrap().body, "/1");
        assert_eq!(two.get("/2").await.unwrap().body, "/2");
        let mut three = clients.connect().unwrap();
        three.send(get("/3")).await.unwrap();
        for _ in 0..100 {
            fastwake::task::yield_now().await;
        }
        // It has not been read: its two predecessors are open.
        let answer = three.answer();
        let waited = fastwake::time::timeout(Duration::from_millis(20), answer).await;
        assert!(waited.is_err());
        drop(one);
        assert_eq!(three.answer().await.unwrap().body, "/3");
        assert_eq!(two.get("/2").await.unwrap().body, "/2");
    });
}

#[test]
fn nodelay_is_set_unless_it_is_turned_off() {
    use fastwake::hyper::Listener;
    on_each(|| async {
        let (mut listener, address) = bound().await;
        let _client = connect(address).await.unwrap();
        let (stream, _) = Listener::accept(&mut listener).await.unwrap();
        for nodelay in [true, false] {
            TcpListener::set_nodelay(&stream, nodelay).unwrap();
            assert_eq!(stream.nodelay().unwrap(), nodelay);
        }
    });
}

#[test]
fn a_server_needs_a_connection() {
    let (_, listener) = memory();
    let message = support::panic_message(|| serve(listener, path_service()).max_connections(0));
    assert!(message.contains("at least 1"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_served() {
    use fastwake::net::{UnixListener, UnixStream};
    use support::http::Client;

    let dir = std::env::temp_dir().join(format!("fastwake-hyper-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let count = support::Count::default();
    let served = dir.clone();
    on_each(move || {
        let path = served.join(count.add().to_string());
        async move {
            let server = serve(UnixListener::bind(&path).unwrap(), path_service());
            assert_eq!(server.local_addr().unwrap().as_pathname(), Some(&*path));
            fastwake::spawn(server.into_future());
            let mut client = Client::new(UnixStream::connect(&path).await.unwrap());
            for path in ["/a", "/b"] {
                assert_eq!(client.get(path).await.unwrap().body, path);
            }
        }
    });
    std::fs::remove_dir_all(&dir).unwrap();
}
