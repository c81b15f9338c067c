//! Datagrams.
#![cfg(feature = "net")]

mod support;

use std::future::poll_fn;
use std::io::ErrorKind;
#[cfg(target_os = "linux")]
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use fastwake::io::{Interest, ReadBuf};
use fastwake::net::UdpSocket;
use fastwake::task::yield_now;
use support::net::{Digest, LOCALHOST, Noise, bulk, on_each_flavor, poll_once};

async fn socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind(LOCALHOST).await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Two sockets that are connected to each other.
async fn pair() -> (UdpSocket, UdpSocket) {
    let ((one, one_address), (other, other_address)) = (socket().await, socket().await);
    one.connect(other_address).await.unwrap();
    other.connect(one_address).await.unwrap();
    assert_eq!(one.peer_addr().unwrap(), other_address);
    (one, other)
}

#[test]
fn a_datagram_arrives_whole_and_says_where_it_is_from() {
    on_each_flavor(|| async {
        let ((sender, from), (receiver, to)) = (socket().await, socket().await);
        let mut buf = [0; 100];
        {
            let mut receiving = pin!(receiver.recv_from(&mut buf));
            assert!(poll_once(receiving.as_mut()).await.is_pending());
            assert_eq!(sender.send_to(b"hello", to).await.unwrap(), 5);
            assert_eq!(receiving.await.unwrap(), (5, from));
        }
        assert_eq!(&buf[..5], b"hello");

        // An empty one is one; of one that is too long, the rest is gone.
        for datagram in [&b""[..], b"0123456789", b"next"] {
            sender.send_to(datagram, to.to_string()).await.unwrap();
        }
        assert_eq!(receiver.recv(&mut buf).await.unwrap(), 0);
        assert_eq!(receiver.recv(&mut buf[..4]).await.unwrap(), 4);
        assert_eq!(&buf[..4], b"0123");
        assert_eq!(receiver.recv(&mut buf).await.unwrap(), 4);
        assert_eq!(&buf[..4], b"next");
    });
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    on_each_flavor(|| async {
        let (one, other) = pair().await;
        let (stranger, _) = socket().await;
        stranger
            .send_to(b"stranger", one.local_addr().unwrap())
            .await
            .unwrap();
        other.send(b"peer").await.unwrap();
        let mut buf = [0; 100];
        assert_eq!(one.recv(&mut buf).await.unwrap(), 4);
        assert_eq!(&buf[..4], b"peer");
        assert_eq!(
            one.try_recv(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_connected_socket_is_told_that_nobody_is_there() {
    on_each_flavor(|| async {
        let (one, other) = pair().await;
        drop(other);
        let mut buf = [0; 1];
        let mut receiving = pin!(one.recv(&mut buf));
        assert!(poll_once(receiving.as_mut()).await.is_pending());
        one.send(b"anybody?").await.unwrap();
        let error = receiving.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        // It is usable as before.
        one.send(b"anybody?").await.unwrap();
    });
}

#[test]
fn what_is_peeked_stays() {
    on_each_flavor(|| async {
        let ((sender, from), (receiver, to)) = (socket().await, socket().await);
        let mut buf = [0; 100];
        assert_eq!(
            receiver.try_peek(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        assert_eq!(
            receiver.try_peek_sender().unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        sender.send_to(b"hello", to).await.unwrap();
        assert_eq!(receiver.peek_sender().await.unwrap(), from);
        assert_eq!(receiver.peek(&mut buf).await.unwrap(), 5);
        assert_eq!(receiver.peek_from(&mut buf).await.unwrap(), (5, from));
        assert_eq!(receiver.try_peek(&mut buf).unwrap(), 5);
        assert_eq!(receiver.try_peek_from(&mut buf).unwrap(), (5, from));
        assert_eq!(receiver.try_peek_sender().unwrap(), from);

        let sender_of = poll_fn(|context| receiver.poll_peek_sender(context)).await;
        assert_eq!(sender_of.unwrap(), from);
        let mut memory = [0; 8];
        let mut peeked = ReadBuf::new(&mut memory);
        poll_fn(|context| receiver.poll_peek(context, &mut peeked))
            .await
            .unwrap();
        assert_eq!(peeked.filled(), b"hello");
        peeked.clear();
        let sender_of = poll_fn(|context| receiver.poll_peek_from(context, &mut peeked)).await;
        assert_eq!((sender_of.unwrap(), peeked.filled()), (from, &b"hello"[..]));

        assert_eq!(receiver.try_recv_from(&mut buf).unwrap(), (5, from));
        assert_eq!(
            receiver.try_recv_from(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[test]
fn poll_functions_do_what_their_futures_do() {
    on_each_flavor(|| async {
        let (one, other) = pair().await;
        poll_fn(|context| one.poll_send_ready(context))
            .await
            .unwrap();
        assert_eq!(
            poll_fn(|context| one.poll_send(context, b"abc"))
                .await
                .unwrap(),
            3
        );
        let address = other.local_addr().unwrap();
        let (free, free_address) = socket().await;
        let sent = poll_fn(|context| free.poll_send_to(context, b"de", address)).await;
        assert_eq!(sent.unwrap(), 2);

        poll_fn(|context| other.poll_recv_ready(context))
            .await
            .unwrap();
        let mut memory = [0; 8];
        let mut buf = ReadBuf::new(&mut memory);
        poll_fn(|context| other.poll_recv(context, &mut buf))
            .await
            .unwrap();
        assert_eq!(buf.filled(), b"abc");

        other.send_to(b"f", free_address).await.unwrap();
        let sender = poll_fn(|context| free.poll_recv_from(context, &mut buf)).await;
        assert_eq!((sender.unwrap(), buf.filled()), (address, &b"abcf"[..]));
    });
}

#[test]
fn a_try_says_that_it_would_block_until_there_is_something() {
    on_each_flavor(|| async {
        let (one, other) = pair().await;
        let mut buf = [0; 8];
        assert_eq!(
            other.try_recv(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        one.writable().await.unwrap();
        assert_eq!(one.try_send(b"abc").unwrap(), 3);
        loop {
            let ready = other.ready(Interest::READABLE).await.unwrap();
            assert!(ready.is_readable());
            match other.try_recv(&mut buf) {
                Ok(n) => break assert_eq!(&buf[..n], b"abc"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        let to = other.local_addr().unwrap();
        assert_eq!(one.try_send_to(b"d", to).unwrap(), 1);
        other.readable().await.unwrap();
        let raw = socket2::SockRef::from(&other);
        let recv = || raw.recv(&mut [std::mem::MaybeUninit::uninit(); 8]);
        assert_eq!(other.async_io(Interest::READABLE, recv).await.unwrap(), 1);
        let send = one.try_io(Interest::WRITABLE, || {
            socket2::SockRef::from(&one).send(b"e")
        });
        assert_eq!(send.unwrap(), 1);
    });
}

#[cfg(feature = "io-util")]
#[test]
fn a_buffer_that_moves_on_keeps_what_it_has() {
    on_each_flavor(|| async {
        let ((sender, from), (receiver, to)) = (socket().await, socket().await);
        let mut buf = Vec::with_capacity(64);
        assert_eq!(
            receiver.try_recv_buf(&mut buf).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        let error = receiver.try_recv_buf_from(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        for datagram in ["a", "bb", "ccc", "dddd"] {
            sender.send_to(datagram.as_bytes(), to).await.unwrap();
        }
        assert_eq!(receiver.recv_buf(&mut buf).await.unwrap(), 1);
        assert_eq!(receiver.recv_buf_from(&mut buf).await.unwrap(), (2, from));
        assert_eq!(receiver.try_recv_buf(&mut buf).unwrap(), 3);
        assert_eq!(receiver.try_recv_buf_from(&mut buf).unwrap(), (4, from));
        assert_eq!(buf, b"abbcccdddd");
    });
}

#[test]
fn one_socket_sends_and_receives_in_two_tasks() {
    on_each_flavor(|| async {
        let (one, other) = pair().await;
        let (one, other) = (Arc::new(one), Arc::new(other));
        // One datagram at a time is under way, so that none is dropped.
        let rounds = 500_u32;
        let echo = {
            let other = other.clone();
            fastwake::spawn(async move {
                for _ in 0..rounds {
                    let mut buf = [0; 4];
                    assert_eq!(other.recv(&mut buf).await.unwrap(), 4);
                    assert_eq!(other.send(&buf).await.unwrap(), 4);
                }
            })
        };
        let received = Arc::new(AtomicU32::new(0));
        let receiving = {
            let (one, received) = (one.clone(), received.clone());
            fastwake::spawn(async move {
                for round in 0..rounds {
                    let mut buf = [0; 4];
                    assert_eq!(one.recv(&mut buf).await.unwrap(), 4);
                    assert_eq!(u32::from_le_bytes(buf), round);
                    received.store(round + 1, SeqCst);
                }
            })
        };
        for round in 0..rounds {
            one.send(&round.to_le_bytes()).await.unwrap();
            while received.load(SeqCst) <= round {
                yield_now().await;
            }
        }
        receiving.await.unwrap();
        echo.await.unwrap();
    });
}

#[test]
fn bulk_data_arrives_as_it_was_sent() {
    on_each_flavor(|| async {
        let (sender, receiver) = pair().await;
        let bytes = bulk() / 4;
        let receiving = fastwake::spawn(async move {
            let (mut digest, mut buf) = (Digest::default(), vec![0; 9000]);
            while digest.len < bytes {
                let n = receiver.recv(&mut buf).await.unwrap();
                digest.add(&buf[..n]);
                receiver.send(&digest.len.to_le_bytes()).await.unwrap();
            }
            digest
        });
        let (mut noise, mut buf) = (Noise::new(5, bytes), vec![0; 8192]);
        let (mut sent, mut acknowledged) = (0_u64, 0_u64);
        loop {
            let n = noise.fill(&mut buf);
            if n > 0 {
                assert_eq!(sender.send(&buf[..n]).await.unwrap(), n);
                sent += n as u64;
            }
            // Not more is under way than any system's buffer holds.
            while acknowledged < sent && (n == 0 || sent - acknowledged > 4 * 8192) {
                let mut answer = [0; 8];
                sender.recv(&mut answer).await.unwrap();
                acknowledged = u64::from_le_bytes(answer);
            }
            if n == 0 {
                break;
            }
        }
        assert_eq!(receiving.await.unwrap(), noise.digest);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn broadcasts_are_allowed_when_they_are_asked_for() {
    on_each_flavor(|| async {
        let receiver = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        // The loopback interface's own.
        let everybody = (
            Ipv4Addr::new(127, 255, 255, 255),
            receiver.local_addr().unwrap().port(),
        );
        let (sender, from) = socket().await;
        assert!(!sender.broadcast().unwrap());
        let error = sender.send_to(b"x", everybody).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        sender.set_broadcast(true).unwrap();
        assert!(sender.broadcast().unwrap());
        assert_eq!(sender.send_to(b"y", everybody).await.unwrap(), 1);
        let mut buf = [0; 8];
        assert_eq!(receiver.recv_from(&mut buf).await.unwrap(), (1, from));
        assert_eq!(buf[0], b'y');
    });
}

#[test]
fn options_are_what_they_were_set_to() {
    on_each_flavor(|| async {
        let (socket, _) = socket().await;
        socket.set_ttl(55).unwrap();
        assert_eq!(socket.ttl().unwrap(), 55);
        socket.set_multicast_ttl_v4(5).unwrap();
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 5);
        for on in [false, true] {
            socket.set_multicast_loop_v4(on).unwrap();
            assert_eq!(socket.multicast_loop_v4().unwrap(), on);
        }
        #[cfg(target_os = "linux")]
        {
            socket.set_tos_v4(0x10).unwrap();
            assert_eq!(socket.tos_v4().unwrap(), 0x10);
            assert_eq!(socket.device().unwrap(), None);
        }
        assert!(socket.take_error().unwrap().is_none());
        let raw = socket2::SockRef::from(&socket);
        assert_eq!(
            raw.local_addr().unwrap().as_socket(),
            socket.local_addr().ok()
        );
    });
}

#[test]
fn a_socket_goes_to_the_standard_library_and_back() {
    on_each_flavor(|| async {
        let (socket, address) = socket().await;
        let socket = socket.into_std().unwrap();
        assert_eq!(socket.local_addr().unwrap(), address);
        socket.send_to(b"x", address).unwrap();
        let socket = UdpSocket::try_from(socket).unwrap();
        assert_eq!(socket.recv_from(&mut [0; 2]).await.unwrap(), (1, address));
    });
}

#[test]
fn the_first_address_that_works_is_taken() {
    on_each_flavor(|| async {
        let (_socket, taken) = socket().await;
        let error = UdpSocket::bind(taken).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let free: SocketAddr = LOCALHOST.parse().unwrap();
        let socket = UdpSocket::bind(&[taken, free][..]).await.unwrap();
        let nothing: &[SocketAddr] = &[];
        let errors = [
            UdpSocket::bind(nothing).await.err(),
            socket.connect(nothing).await.err(),
            socket.send_to(b"x", nothing).await.err(),
        ];
        for error in errors {
            assert_eq!(error.unwrap().kind(), ErrorKind::InvalidInput);
        }
    });
}
