//! What a TCP stream offers besides reading and writing.
#![cfg(feature = "net")]

mod support;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use fastwake::io::{AsyncWrite, Interest, ReadBuf};
use fastwake::net::TcpStream;
use fastwake::task::yield_now;
use support::net::{
    on_each_flavor, pair, poll_once, read, read_exact, settle, shutdown, write_all,
};

async fn nothing_to_read(stream: &TcpStream) {
    let refute = || assert!(stream.try_read(&mut [0; 1]).is_err());
    settle(|| stream.readable(), refute).await;
}

#[test]
fn what_is_peeked_stays() {
    on_each_flavor(|| async {
        let (mut client, mut server) = pair().await;
        {
            let mut buf = [0; 4];
            let mut peek = pin!(server.peek(&mut buf));
            assert!(poll_once(peek.as_mut()).await.is_pending());
            write_all(&mut client, b"abc").await.unwrap();
            assert_eq!(peek.await.unwrap(), 3);
        }
        let mut memory = [0; 2];
        let mut buf = ReadBuf::new(&mut memory);
        let peeked = poll_fn(|context| server.poll_peek(context, &mut buf)).await;
        assert_eq!((peeked.unwrap(), buf.filled()), (2, &b"ab"[..]));
        let (mut reader, _writer) = server.split();
        assert_eq!(reader.peek(&mut [0; 9]).await.unwrap(), 3);
        let (mut reader, _writer) = server.into_split();
        assert_eq!(reader.peek(&mut [0; 9]).await.unwrap(), 3);
        let mut all = [0; 3];
        read_exact(&mut reader, &mut all).await.unwrap();
        assert_eq!(&all, b"abc");
        shutdown(&mut client).await.unwrap();
        assert_eq!(reader.peek(&mut [0; 9]).await.unwrap(), 0);
    });
}

#[test]
fn a_try_says_that_it_would_block_until_there_is_something() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        let mut buf = [0; 8];
        let error = server.try_read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(client.try_write(b"abc").unwrap(), 3);
        let n = loop {
            server.readable().await.unwrap();
            match server.try_read(&mut buf) {
                Ok(n) => break n,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        };
        assert_eq!(&buf[..n], b"abc");
        drop(client);
        let ready = server.ready(Interest::READABLE).await.unwrap();
        assert!(ready.is_readable() && !ready.is_writable());
        while server.try_read(&mut buf).is_err() {
            server.readable().await.unwrap();
        }
        assert_eq!(server.try_read(&mut buf).unwrap(), 0);
    });
}

#[cfg(feature = "io-util")]
#[test]
fn a_buffer_that_moves_on_keeps_what_it_has() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        let mut buf = Vec::with_capacity(64);
        buf.extend_from_slice(b"before ");
        let error = server.try_read_buf(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert_eq!(client.try_write(b"after").unwrap(), 5);
        while server.try_read_buf(&mut buf).is_err() {
            server.readable().await.unwrap();
        }
        assert_eq!(buf, b"before after");
    });
}

#[test]
fn any_number_of_tasks_wait_for_one_stream() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        // What it is assumed to be ready for when it is accepted is out of the way.
        nothing_to_read(&server).await;
        let server = std::sync::Arc::new(server);
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let server = server.clone();
                fastwake::spawn(async move { server.readable().await.unwrap() })
            })
            .collect();
        for _ in 0..50 {
            yield_now().await;
        }
        assert!(waiting.iter().all(|task| !task.is_finished()));
        assert_eq!(client.try_write(b"x").unwrap(), 1);
        for task in waiting {
            task.await.unwrap();
        }
    });
}

#[test]
fn events_come_to_a_future_that_wakes_itself_all_the_time() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        nothing_to_read(&server).await;
        let mut readable = pin!(server.readable());
        assert!(poll_once(readable.as_mut()).await.is_pending());
        assert_eq!(client.try_write(b"x").unwrap(), 1);
        while poll_once(readable.as_mut()).await.is_pending() {
            yield_now().await;
        }
    });
}

#[test]
fn an_operation_of_ones_own_waits_as_the_others_do() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        let raw = socket2::SockRef::from(&server);
        let calls = std::cell::Cell::new(0);
        nothing_to_read(&server).await;
        let recv = server.async_io(Interest::READABLE, || {
            calls.set(calls.get() + 1);
            let mut buf = [std::mem::MaybeUninit::uninit(); 8];
            raw.recv(&mut buf)
        });
        let mut recv = pin!(recv);
        assert!(poll_once(recv.as_mut()).await.is_pending());
        assert_eq!(client.try_write(b"abc").unwrap(), 3);
        assert_eq!(recv.await.unwrap(), 3);
        assert_eq!(calls.get(), 1);
        let never = server.try_io(Interest::READABLE, || -> std::io::Result<()> {
            Err(ErrorKind::WouldBlock.into())
        });
        assert_eq!(never.unwrap_err().kind(), ErrorKind::WouldBlock);
        let untried = server.try_io(Interest::READABLE, || -> std::io::Result<()> {
            panic!("it is known not to be ready")
        });
        assert_eq!(untried.unwrap_err().kind(), ErrorKind::WouldBlock);
        let write = server.try_io(Interest::WRITABLE, || raw.send(b"x"));
        assert_eq!(write.unwrap(), 1);
    });
}

#[test]
fn the_halves_work_in_two_tasks() {
    on_each_flavor(|| async {
        let (client, mut server) = pair().await;
        let (mut reader, mut writer) = client.into_split();
        let reading = fastwake::spawn(async move {
            let mut buf = [0; 6];
            read_exact(&mut reader, &mut buf).await.unwrap();
            assert_eq!(&buf, b"answer");
            reader
        });
        let writing = fastwake::spawn(async move {
            write_all(&mut writer, b"question").await.unwrap();
            writer
        });
        let mut question = [0; 8];
        read_exact(&mut server, &mut question).await.unwrap();
        write_all(&mut server, b"answer").await.unwrap();
        let (reader, writer) = (reading.await.unwrap(), writing.await.unwrap());

        assert_eq!(reader.peer_addr().unwrap(), server.local_addr().unwrap());
        assert_eq!(writer.local_addr().unwrap(), server.peer_addr().unwrap());
        let mut client = reader.reunite(writer).unwrap();
        write_all(&mut client, b"whole").await.unwrap();
        let mut whole = [0; 5];
        read_exact(&mut server, &mut whole).await.unwrap();
        assert_eq!(&whole, b"whole");
    });
}

#[test]
fn halves_of_two_streams_are_not_united() {
    on_each_flavor(|| async {
        let (one, other) = pair().await;
        let address = one.local_addr().unwrap();
        let (one_reader, one_writer) = one.into_split();
        let (other_reader, other_writer) = other.into_split();
        let error = one_reader.reunite(other_writer).unwrap_err();
        assert_eq!(error.to_string(), "the halves are not of one stream");
        let (one_reader, other_writer) = (error.0, error.1);
        assert!(
            one_writer
                .reunite(one_reader)
                .is_ok_and(|one| one.local_addr().unwrap() == address)
        );
        assert!(other_writer.reunite(other_reader).is_ok());
    });
}

#[test]
fn dropping_the_writing_half_closes_its_direction_unless_it_is_forgotten() {
    on_each_flavor(|| async {
        let (client, mut server) = pair().await;
        let (mut client_reader, client_writer) = client.into_split();
        drop(client_writer);
        assert_eq!(read(&mut server, &mut [0; 1]).await.unwrap(), 0);
        let (server_reader, server_writer) = server.into_split();
        server_writer.forget();
        let mut buf = [0; 1];
        let mut end = pin!(read(&mut client_reader, &mut buf));
        assert!(poll_once(end.as_mut()).await.is_pending());
        drop(server_reader);
        assert_eq!(end.await.unwrap(), 0);
    });
}

#[test]
fn both_sides_of_a_borrowed_split_are_of_use_at_once() {
    on_each_flavor(|| async {
        let (mut client, mut server) = pair().await;
        let (mut reader, mut writer) = client.split();
        let mut buf = [0; 4];
        let mut answer = pin!(read_exact(&mut reader, &mut buf));
        assert!(poll_once(answer.as_mut()).await.is_pending());
        writer.writable().await.unwrap();
        assert_eq!(writer.try_write(b"ping").unwrap(), 4);
        let mut question = [0; 4];
        read_exact(&mut server, &mut question).await.unwrap();
        write_all(&mut server, b"pong").await.unwrap();
        answer.await.unwrap();
        shutdown(&mut writer).await.unwrap();
        assert_eq!(read(&mut server, &mut [0; 1]).await.unwrap(), 0);
    });
}

#[test]
fn options_are_what_they_were_set_to() {
    on_each_flavor(|| async {
        let (stream, _peer) = pair().await;
        for nodelay in [true, false] {
            stream.set_nodelay(nodelay).unwrap();
            assert_eq!(stream.nodelay().unwrap(), nodelay);
        }
        stream.set_ttl(77).unwrap();
        assert_eq!(stream.ttl().unwrap(), 77);
        assert_eq!(stream.linger().unwrap(), None);
        #[expect(deprecated)]
        stream.set_linger(Some(Duration::from_secs(3))).unwrap();
        assert_eq!(stream.linger().unwrap(), Some(Duration::from_secs(3)));
        #[cfg(target_os = "linux")]
        {
            stream.set_quickack(true).unwrap();
            assert!(stream.quickack().unwrap());
        }
        assert!(stream.take_error().unwrap().is_none());
    });
}

#[test]
fn a_stream_goes_to_the_standard_library_and_back() {
    use std::io::{Read, Write};

    on_each_flavor(|| async {
        let (client, server) = pair().await;
        assert_eq!(client.try_write(b"x").unwrap(), 1);
        let (mut client, mut server) = (client.into_std().unwrap(), server.into_std().unwrap());
        server.set_nonblocking(false).unwrap();
        server.read_exact(&mut [0; 1]).unwrap();
        server.write_all(b"y").unwrap();
        client.write_all(b"z").unwrap();
        let mut client = TcpStream::try_from(client).unwrap();
        let mut buf = [0; 1];
        read_exact(&mut client, &mut buf).await.unwrap();
        assert_eq!(&buf, b"y");
    });
}

#[cfg(unix)]
#[test]
fn a_stream_that_blocks_is_refused_in_a_debug_build() {
    support::must_end(|| {
        support::net::current_thread_io().block_on(async {
            let listener = std::net::TcpListener::bind(support::net::LOCALHOST).unwrap();
            let registering = || fastwake::net::TcpListener::from_std(listener);
            if cfg!(debug_assertions) {
                let message = support::panic_message(registering);
                assert!(message.contains("set_nonblocking(true)"), "{message}");
            } else {
                registering().unwrap();
            }
        });
    });
}

#[test]
fn a_descriptor_leads_to_the_same_socket() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        let raw = socket2::SockRef::from(&client);
        assert_eq!(
            raw.local_addr().unwrap().as_socket(),
            client.local_addr().ok()
        );
        #[cfg(unix)]
        {
            use std::os::fd::{AsFd, AsRawFd};
            assert_eq!(client.as_raw_fd(), client.as_fd().as_raw_fd());
            assert_ne!(client.as_raw_fd(), server.as_raw_fd());
        }
        assert_eq!(
            AsRef::<TcpStream>::as_ref(&server).peer_addr().unwrap(),
            client.local_addr().unwrap()
        );
    });
}

#[test]
fn a_flush_has_nothing_to_wait_for() {
    on_each_flavor(|| async {
        let (mut client, _server) = pair().await;
        let flush =
            poll_fn(|context| Poll::Ready(Pin::new(&mut client).poll_flush(context).is_ready()));
        assert!(flush.await);
    });
}

#[cfg(feature = "futures-io")]
#[test]
fn the_traits_of_futures_io_do_the_same() {
    use futures_io::{AsyncRead, AsyncWrite};
    use std::io::{IoSlice, IoSliceMut};

    async fn exchange(
        writer: &mut (impl AsyncWrite + Unpin),
        reader: &mut (impl AsyncRead + Unpin),
    ) {
        let write = poll_fn(|context| Pin::new(&mut *writer).poll_write(context, b"ab"));
        assert_eq!(write.await.unwrap(), 2);
        let bufs = [IoSlice::new(b"cd"), IoSlice::new(b"ef")];
        let write = poll_fn(|context| Pin::new(&mut *writer).poll_write_vectored(context, &bufs));
        assert_eq!(write.await.unwrap(), 4);
        poll_fn(|context| Pin::new(&mut *writer).poll_flush(context))
            .await
            .unwrap();
        poll_fn(|context| Pin::new(&mut *writer).poll_close(context))
            .await
            .unwrap();

        let mut buf = [0; 1];
        let read = poll_fn(|context| Pin::new(&mut *reader).poll_read(context, &mut buf));
        assert_eq!((read.await.unwrap(), &buf), (1, b"a"));
        let mut all = Vec::new();
        loop {
            let (mut first, mut second) = ([0; 2], [0; 8]);
            let bufs = &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            let read = poll_fn(|context| Pin::new(&mut *reader).poll_read_vectored(context, bufs));
            match read.await.unwrap() {
                0 => break,
                n => all.extend_from_slice(&[&first[..], &second[..]].concat()[..n]),
            }
        }
        assert_eq!(all, b"bcdef");
    }

    on_each_flavor(|| async {
        let (mut client, mut server) = pair().await;
        exchange(&mut client, &mut server).await;
        exchange(&mut server, &mut client).await;
        let ((client, server), (mut third, mut fourth)) = (pair().await, pair().await);
        let (_, mut writer) = client.into_split();
        let (mut reader, _) = server.into_split();
        exchange(&mut writer, &mut reader).await;
        exchange(&mut third.split().1, &mut fourth.split().0).await;
    });
}
