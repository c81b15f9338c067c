//! Datagrams between Unix sockets.
#![cfg(all(unix, feature = "net"))]

mod support;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::pin::pin;

use fastwake::io::ReadBuf;
use fastwake::net::{UnixDatagram, UnixSocket};
use support::net::{on_each_flavor, poll_once};
use support::unix::TempPath;

#[test]
fn datagrams_keep_their_bounds_and_tell_their_sender() {
    on_each_flavor(|| async {
        let (here, there) = (TempPath::new(), TempPath::new());
        let one = UnixDatagram::bind(&here).unwrap();
        let other = UnixDatagram::bind(&there).unwrap();
        one.send_to(b"first", &there).await.unwrap();
        one.connect(&there).unwrap();
        assert_eq!(one.peer_addr().unwrap().as_pathname(), Some(there.as_ref()));
        one.send(b"second").await.unwrap();
        let sent = poll_fn(|context| one.poll_send(context, b"third")).await;
        assert_eq!(sent.unwrap(), 5);
        let sent = poll_fn(|context| one.poll_send_to(context, b"fourth", &there)).await;
        assert_eq!(sent.unwrap(), 6);

        let mut bytes = [0; 16];
        let (n, sender) = other.recv_from(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..n], b"first");
        assert_eq!(sender.as_pathname(), Some(here.as_ref()));
        let n = other.recv(&mut bytes[..3]).await.unwrap();
        assert_eq!(&bytes[..n], b"sec", "the rest is lost");

        let mut bytes = [MaybeUninit::uninit(); 16];
        let mut buf = ReadBuf::uninit(&mut bytes);
        poll_fn(|context| other.poll_recv(context, &mut buf))
            .await
            .unwrap();
        let sender = poll_fn(|context| other.poll_recv_from(context, &mut buf)).await;
        assert_eq!(buf.filled(), b"thirdfourth");
        assert_eq!(sender.unwrap().as_pathname(), Some(here.as_ref()));
        let _ = other.local_addr().unwrap();
    });
}

#[test]
fn who_waits_is_woken_and_who_gives_up_loses_nothing() {
    on_each_flavor(|| async {
        let (one, other) = UnixDatagram::pair().unwrap();
        {
            let mut bytes = [0; 4];
            let mut receiving = pin!(other.recv(&mut bytes));
            assert!(poll_once(receiving.as_mut()).await.is_pending());
        }
        let receiver = fastwake::spawn(async move {
            let mut bytes = [0; 4];
            let n = other.recv(&mut bytes).await.unwrap();
            (other, bytes[..n].to_vec())
        });
        one.writable().await.unwrap();
        assert_eq!(one.try_send(b"x").unwrap(), 1);
        let (other, bytes) = receiver.await.unwrap();
        assert_eq!(bytes, b"x");
        let error = other.try_recv(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let error = other.try_recv_from(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_sender_waits_for_room() {
    on_each_flavor(|| async {
        let (one, other) = UnixDatagram::pair().unwrap();
        let mut sent = 0_u32;
        while one.try_send(&sent.to_le_bytes()).is_ok() {
            sent += 1;
        }
        let receiver = fastwake::spawn(async move {
            let mut bytes = [0; 4];
            for expected in 0..=sent {
                other.recv(&mut bytes).await.unwrap();
                assert_eq!(u32::from_le_bytes(bytes), expected);
            }
        });
        one.send(&sent.to_le_bytes()).await.unwrap();
        receiver.await.unwrap();
    });
}

#[test]
fn sockets_without_an_address_send_and_end() {
    on_each_flavor(|| async {
        let path = TempPath::new();
        let socket = UnixSocket::new_datagram().unwrap();
        socket.bind(&path).unwrap();
        let receiver = socket.datagram().unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        assert!(sender.local_addr().unwrap().is_unnamed());
        let error = sender.send(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        let error = sender.send_to(b"x", "/nowhere/at/all").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        sender.writable().await.unwrap();
        assert_eq!(sender.try_send_to(b"x", &path).unwrap(), 1);
        let mut bytes = [0; 4];
        let (n, address) = receiver.recv_from(&mut bytes).await.unwrap();
        assert!(n == 1 && address.is_unnamed());
        sender.shutdown(Shutdown::Write).unwrap();
        let error = sender.send_to(b"x", &path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(receiver.take_error().unwrap().is_none());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_are_for_datagrams_too() {
    on_each_flavor(|| async {
        let name = support::unix::abstract_name();
        let receiver = UnixDatagram::bind(&name).unwrap();
        let bytes = name.as_os_str().as_encoded_bytes();
        let address = receiver.local_addr().unwrap();
        assert_eq!(address.as_abstract_name(), Some(&bytes[1..]));
        let sender = UnixDatagram::unbound().unwrap();
        sender.send_to(b"1", &name).await.unwrap();
        sender.connect(&name).unwrap();
        sender.send(b"2").await.unwrap();
        let mut byte = [0];
        for expected in *b"12" {
            receiver.recv(&mut byte).await.unwrap();
            assert_eq!(byte, [expected]);
        }
    });
}

#[cfg(feature = "io-util")]
#[test]
fn buffers_grow_by_what_is_received() {
    on_each_flavor(|| async {
        let (one, other) = UnixDatagram::pair().unwrap();
        let mut buf = Vec::with_capacity(64);
        for text in [b"1", b"2", b"3", b"4"] {
            one.send(text).await.unwrap();
        }
        other.recv_buf(&mut buf).await.unwrap();
        other.recv_buf_from(&mut buf).await.unwrap();
        other.readable().await.unwrap();
        other.try_recv_buf(&mut buf).unwrap();
        other.try_recv_buf_from(&mut buf).unwrap();
        assert_eq!(buf, b"1234");
    });
}

#[test]
fn the_standard_librarys_sockets_come_and_go() {
    on_each_flavor(|| async {
        let (one, other) = std::os::unix::net::UnixDatagram::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        let one = UnixDatagram::try_from(one).unwrap();
        one.send(b"x").await.unwrap();
        one.into_std().unwrap().send(b"y").unwrap();
        let mut byte = [0];
        for expected in *b"xy" {
            other.recv(&mut byte).unwrap();
            assert_eq!(byte, [expected]);
        }
    });
}
