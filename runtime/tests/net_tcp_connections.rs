//! How TCP connections come about, and how that fails.
#![cfg(feature = "net")]

mod support;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use fastwake::net::{TcpListener, TcpSocket, TcpStream};
use fastwake::task::yield_now;
use futures_core::Stream;
use support::net::{LOCALHOST, on_each_flavor, poll_once, read, shutdown};

/// An address at which nobody listens, and the socket that keeps others from doing so.
fn nobody() -> (TcpSocket, std::net::SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(LOCALHOST.parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// The next element of a stream.
async fn next<S: Stream + Unpin>(stream: &mut S) -> S::Item {
    let next = poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context));
    next.await.expect("it does not end")
}

#[test]
fn a_connection_to_nobody_is_refused() {
    on_each_flavor(|| async {
        let (_bound, address) = nobody();
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let socket = TcpSocket::new_v4().unwrap();
        let error = socket.connect(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn the_first_address_that_answers_is_taken() {
    on_each_flavor(|| async {
        let (_bound, nobody) = nobody();
        let listener = TcpListener::bind(LOCALHOST).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(&[nobody, address, nobody][..]).await;
        assert_eq!(stream.unwrap().peer_addr().unwrap(), address);

        let error = TcpStream::connect(&[nobody, nobody][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = TcpStream::connect(&[][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("no address"), "{error}");

        // The same goes for listening.
        let free = LOCALHOST.parse().unwrap();
        assert!(TcpListener::bind(&[address, free][..]).await.is_ok());
        let error = TcpListener::bind(address).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let error = TcpListener::bind(&[][..]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

/// The listener's backlog is full, so that the next connection waits for an answer.
#[cfg(target_os = "linux")]
#[test]
fn a_connection_that_is_given_up_leaves_nothing_behind() {
    on_each_flavor(|| async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(LOCALHOST.parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut connected = Vec::new();
        let pending = loop {
            let mut connecting = Box::pin(TcpStream::connect(address));
            let patience = Duration::from_millis(300);
            match within(patience, connecting.as_mut()).await {
                Some(stream) => connected.push(stream.unwrap()),
                None => break connecting,
            }
            assert!(connected.len() < 100, "a backlog of 1 is never full");
        };
        drop(pending);
        // Whoever had connected is still there, and the runtime goes on. (On a machine that is slow
        // enough the one that was given up may be among those that are accepted.)
        let mut left: Vec<_> = connected
            .iter()
            .map(|stream| stream.local_addr().unwrap())
            .collect();
        while !left.is_empty() {
            let (mut stream, peer) = listener.accept().await.unwrap();
            left.retain(|address| *address != peer);
            // If it fails, it is that one.
            let _ = shutdown(&mut stream).await;
        }
        for mut stream in connected {
            assert_eq!(read(&mut stream, &mut [0; 1]).await.unwrap(), 0);
        }
    });
}

#[cfg(target_os = "linux")]
async fn within<F: Future>(after: Duration, future: F) -> Option<F::Output> {
    let mut sleep = fastwake::task::spawn_blocking(move || std::thread::sleep(after));
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        pin!(&mut sleep).poll(context).map(|_| None)
    })
    .await
}

#[test]
fn an_accept_that_is_given_up_loses_no_connection() {
    on_each_flavor(|| async {
        let listener = TcpListener::bind(LOCALHOST).await.unwrap();
        for _ in 0..20 {
            let accepting = pin!(listener.accept());
            assert!(poll_once(accepting).await.is_pending());
            let client = TcpStream::connect(listener.local_addr().unwrap()).await;
            let (_, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, client.unwrap().local_addr().unwrap());
        }
    });
}

#[test]
fn any_number_of_tasks_accept_and_each_connection_goes_to_one() {
    on_each_flavor(|| async {
        let listener = std::sync::Arc::new(TcpListener::bind(LOCALHOST).await.unwrap());
        let accepting: Vec<_> = (0..10)
            .map(|_| {
                let listener = listener.clone();
                fastwake::spawn(async move { listener.accept().await.unwrap().1 })
            })
            .collect();
        let mut clients = Vec::new();
        for _ in 0..10 {
            let client = TcpStream::connect(listener.local_addr().unwrap()).await;
            clients.push(client.unwrap());
        }
        let mut peers = Vec::new();
        for accepting in accepting {
            peers.push(accepting.await.unwrap());
        }
        peers.sort();
        let mut addresses: Vec<_> = clients.iter().map(|c| c.local_addr().unwrap()).collect();
        addresses.sort();
        assert_eq!(peers, addresses);
    });
}

#[test]
fn incoming_connections_are_a_stream() {
    on_each_flavor(|| async {
        let listener = TcpListener::bind(LOCALHOST).await.unwrap();
        let address = listener.local_addr().unwrap();
        {
            // Two at once: neither takes the other's wake-up away.
            let (mut one, mut other) = (listener.incoming(), listener.incoming());
            let (mut first, mut second) = (pin!(next(&mut one)), pin!(next(&mut other)));
            assert!(poll_once(first.as_mut()).await.is_pending());
            assert!(poll_once(second.as_mut()).await.is_pending());
            let clients = [
                TcpStream::connect(address).await.unwrap(),
                TcpStream::connect(address).await.unwrap(),
            ];
            let peers = [first.await.unwrap(), second.await.unwrap()];
            let peers = peers.map(|stream| stream.peer_addr().unwrap());
            for client in &clients {
                assert!(peers.contains(&client.local_addr().unwrap()));
            }
        }
        let mut incoming = listener.into_incoming();
        for _ in 0..5 {
            let client = TcpStream::connect(address).await.unwrap();
            let stream = next(&mut incoming).await.unwrap();
            assert_eq!(stream.peer_addr().unwrap(), client.local_addr().unwrap());
        }
        assert_eq!(incoming.as_ref().local_addr().unwrap(), address);
        assert_eq!(incoming.into_inner().local_addr().unwrap(), address);
    });
}

#[test]
fn a_socket_is_set_up_before_it_connects_or_listens() {
    on_each_flavor(|| async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(LOCALHOST.parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        let listener = socket.listen(16).unwrap();
        assert_eq!(listener.local_addr().unwrap(), address);

        let socket = TcpSocket::new_v4().unwrap();
        socket.set_nodelay(true).unwrap();
        socket.bind(LOCALHOST.parse().unwrap()).unwrap();
        let own = socket.local_addr().unwrap();
        assert!(socket.take_error().unwrap().is_none());
        let stream = socket.connect(address).await.unwrap();
        assert_eq!(stream.local_addr().unwrap(), own);
        assert!(stream.nodelay().unwrap());
        assert_eq!(listener.accept().await.unwrap().1, own);
    });
}

/// No descriptor is left: `accept` says so, again and again, and the connection that waits is found
/// as soon as there is one, although the system does not tell of it a second time.
#[cfg(target_os = "linux")]
#[test]
fn a_listener_without_descriptors_stays_usable() {
    use std::os::unix::process::CommandExt;

    const TEST: &str = "a_listener_without_descriptors_stays_usable";
    if support::is_rerun(TEST) {
        return on_each_flavor(accept_without_descriptors);
    }
    support::rerun_passes(TEST, |command| {
        // SAFETY: a call that is allowed between fork and exec; nothing is allocated.
        unsafe {
            command.pre_exec(|| {
                let limit = libc::rlimit {
                    rlim_cur: 128,
                    rlim_max: 128,
                };
                match libc::setrlimit(libc::RLIMIT_NOFILE, &limit) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            })
        };
    });
}

#[cfg(target_os = "linux")]
async fn accept_without_descriptors() {
    let listener = TcpListener::bind(LOCALHOST).await.unwrap();
    let address = listener.local_addr().unwrap();
    for waits in [false, true] {
        let mut accepting = Box::pin(listener.accept());
        if waits {
            assert!(poll_once(accepting.as_mut()).await.is_pending());
        }
        let mut taken: Vec<_> =
            std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
        drop(taken.pop().expect("some descriptors are left"));
        // It takes the last one.
        let client = std::net::TcpStream::connect(address).unwrap();

        let error = accepting.await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
        for _ in 0..3 {
            let error = listener.accept().await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
            yield_now().await;
        }
        let error = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");

        drop(taken);
        let (_stream, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
    }
}
