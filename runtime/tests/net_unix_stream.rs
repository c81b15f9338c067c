//! Connections between Unix sockets.
#![cfg(all(unix, feature = "net"))]

mod support;

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, FromRawFd, IntoRawFd};
use std::path::PathBuf;
use std::pin::pin;

use fastwake::io::Interest;
use fastwake::net::{UnixListener, UnixSocket, UnixStream};
use support::net::{
    Noise, current_thread_io, on_each_flavor, poll_once, read, read_exact, settle, shutdown,
    write_all,
};
use support::unix::{TempPath, abstract_name};

#[test]
fn what_is_sent_arrives() {
    on_each_flavor(|| async {
        let path = TempPath::new();
        let listener = UnixListener::bind(&path).unwrap();
        assert_eq!(
            listener.local_addr().unwrap().as_pathname(),
            Some(path.as_ref())
        );
        let client = fastwake::spawn(async move {
            let mut stream = UnixStream::connect(&path).await?;
            assert_eq!(stream.peer_addr()?.as_pathname(), Some(path.as_ref()));
            write_all(&mut stream, b"question").await?;
            let mut answer = [0; 6];
            read_exact(&mut stream, &mut answer).await?;
            Ok::<_, io::Error>(answer)
        });
        let (mut stream, address) = listener.accept().await.unwrap();
        assert!(address.is_unnamed());
        let mut question = [0; 8];
        read_exact(&mut stream, &mut question).await.unwrap();
        assert_eq!(&question, b"question");
        write_all(&mut stream, b"answer").await.unwrap();
        assert_eq!(&client.await.unwrap().unwrap(), b"answer");
    });
}

#[test]
fn nothing_is_lost_when_both_sides_are_full() {
    on_each_flavor(|| async {
        const LEN: u64 = 4 << 20;
        let (one, other) = UnixStream::pair().unwrap();
        let [one, other] = [(one, 1), (other, 2)].map(|(stream, seed)| {
            let (mut reader, mut writer) = stream.into_split();
            let sent = fastwake::spawn(async move {
                let mut noise = Noise::new(seed, LEN);
                let mut buf = vec![0; 30_011];
                loop {
                    match noise.fill(&mut buf) {
                        0 => break noise.digest,
                        n => write_all(&mut writer, &buf[..n]).await.unwrap(),
                    }
                }
            });
            let received = fastwake::spawn(async move {
                let mut digest = support::net::Digest::default();
                let mut buf = vec![0; 20_011];
                loop {
                    match read(&mut reader, &mut buf).await.unwrap() {
                        0 => break digest,
                        n => digest.add(&buf[..n]),
                    }
                }
            });
            (sent, received)
        });
        assert_eq!(one.0.await.unwrap(), other.1.await.unwrap());
        assert_eq!(other.0.await.unwrap(), one.1.await.unwrap());
    });
}

#[test]
fn errors_of_connecting_are_the_systems() {
    on_each_flavor(|| async {
        let path = TempPath::new();
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let listener = UnixListener::bind(&path).unwrap();
        let error = UnixListener::bind(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        drop(listener);
        let error = UnixStream::connect(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let too_long = PathBuf::from("x".repeat(1_000));
        let error = UnixStream::connect(too_long).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_need_no_file() {
    on_each_flavor(|| async {
        let name = abstract_name();
        let listener = UnixListener::bind(&name).unwrap();
        let address = listener.local_addr().unwrap();
        let bytes = name.as_os_str().as_encoded_bytes();
        assert_eq!(address.as_abstract_name(), Some(&bytes[1..]));
        assert_eq!(address.as_pathname(), None);

        let connect = pin!(UnixStream::connect(&name));
        let (client, accepted) = both(connect, pin!(listener.accept())).await;
        drop((client.unwrap(), accepted.unwrap()));
        let connect = pin!(UnixStream::connect_addr(&address));
        let (client, accepted) = both(connect, pin!(listener.accept())).await;
        drop((client.unwrap(), accepted.unwrap()));

        let socket = UnixSocket::new_stream().unwrap();
        let connect = pin!(socket.connect(&name));
        let (client, accepted) = both(connect, pin!(listener.accept())).await;
        drop((client.unwrap(), accepted.unwrap()));
    });
}

/// Waits for two futures at once.
#[cfg(target_os = "linux")]
async fn both<A: Future, B: Future>(
    mut a: std::pin::Pin<&mut A>,
    mut b: std::pin::Pin<&mut B>,
) -> (A::Output, B::Output) {
    use std::task::Poll;
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(context)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            partly => {
                (first, second) = partly;
                Poll::Pending
            }
        }
    })
    .await
}

#[test]
fn a_pair_can_be_written_to_at_once_and_read_when_there_is_something() {
    on_each_flavor(|| async {
        let (one, other) = UnixStream::pair().unwrap();
        assert_eq!(one.try_write(b"1").unwrap(), 1);
        other.readable().await.unwrap();
        let mut byte = [0];
        assert_eq!(other.try_read(&mut byte).unwrap(), 1);
        let refute = || {
            let error = other.try_read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        };
        settle(|| other.readable(), refute).await;
        let mut readable = pin!(other.readable());
        assert!(poll_once(readable.as_mut()).await.is_pending());
        one.try_write_vectored(&[io::IoSlice::new(b"23"), io::IoSlice::new(b"4")])
            .unwrap();
        readable.await.unwrap();
        let (mut a, mut b) = ([0; 1], [0; 4]);
        let bufs = &mut [io::IoSliceMut::new(&mut a), io::IoSliceMut::new(&mut b)];
        assert_eq!(other.try_read_vectored(bufs).unwrap(), 3);
        assert_eq!((&a, &b[..2]), (b"2", &b"34"[..]));
        drop(one);
        let ready = other.ready(Interest::READABLE).await.unwrap();
        assert!(ready.is_readable());
        assert_eq!(other.try_read(&mut byte).unwrap(), 0);
    });
}

#[test]
fn a_wait_that_is_dropped_loses_nothing() {
    on_each_flavor(|| async {
        let path = TempPath::new();
        let listener = UnixListener::bind(&path).unwrap();
        {
            let mut accept = pin!(listener.accept());
            assert!(poll_once(accept.as_mut()).await.is_pending());
        }
        let client = fastwake::spawn(async move { UnixStream::connect(&path).await });
        let (mut server, _) = listener.accept().await.unwrap();
        let mut client = client.await.unwrap().unwrap();
        {
            let mut byte = [0];
            let mut reading = pin!(read(&mut server, &mut byte));
            assert!(poll_once(reading.as_mut()).await.is_pending());
        }
        write_all(&mut client, b"x").await.unwrap();
        let mut byte = [0];
        read_exact(&mut server, &mut byte).await.unwrap();
        assert_eq!(&byte, b"x");
    });
}

#[test]
fn a_writing_half_ends_the_stream_unless_it_is_forgotten() {
    on_each_flavor(|| async {
        let (one, mut other) = UnixStream::pair().unwrap();
        let (reader, writer) = one.into_split();
        writer.forget();
        let mut byte = [0];
        {
            let mut reading = pin!(read(&mut other, &mut byte));
            assert!(poll_once(reading.as_mut()).await.is_pending());
        }
        drop(reader);
        assert_eq!(read(&mut other, &mut byte).await.unwrap(), 0);

        let (one, mut other) = UnixStream::pair().unwrap();
        let (_reader, writer) = one.into_split();
        drop(writer);
        assert_eq!(read(&mut other, &mut byte).await.unwrap(), 0);

        let (mut one, mut other) = UnixStream::pair().unwrap();
        let (_reader, mut writer) = one.split();
        shutdown(&mut writer).await.unwrap();
        assert_eq!(read(&mut other, &mut byte).await.unwrap(), 0);
    });
}

#[test]
fn halves_are_reunited_with_their_own_only() {
    on_each_flavor(|| async {
        let (one, other) = UnixStream::pair().unwrap();
        let (one_reader, one_writer) = one.into_split();
        let (other_reader, other_writer) = other.into_split();
        let error = one_reader.reunite(other_writer).unwrap_err();
        assert!(error.to_string().contains("different sockets"));
        let (one_reader, other_writer) = (error.0, error.1);
        let mut one = one_writer.reunite(one_reader).unwrap();
        let mut other = other_reader.reunite(other_writer).unwrap();
        write_all(&mut one, b"still open").await.unwrap();
        let mut text = [0; 10];
        read_exact(&mut other, &mut text).await.unwrap();
        assert_eq!(&text, b"still open");
    });
}

#[test]
fn the_standard_librarys_streams_come_and_go() {
    on_each_flavor(|| async {
        let (mut std_one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        other.set_nonblocking(true).unwrap();
        let mut other = UnixStream::from_std(other).unwrap();
        std_one.write_all(b"there").unwrap();
        let mut text = [0; 5];
        read_exact(&mut other, &mut text).await.unwrap();
        write_all(&mut other, b"back").await.unwrap();
        let mut other = other.into_std().unwrap();
        let mut text = [0; 4];
        std_one.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"back");
        let error = other.read(&mut text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "it does not block");
    });
}

#[test]
#[cfg(debug_assertions)]
fn a_stream_that_would_block_is_refused() {
    let runtime = current_thread_io();
    let message = support::panic_message(|| {
        runtime.block_on(async {
            let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
            UnixStream::from_std(one)
        })
    });
    assert!(message.contains("set_nonblocking"), "{message}");
}

#[test]
fn the_peers_credentials_are_this_processs() {
    on_each_flavor(|| async {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = one.peer_cred().unwrap();
        if cfg!(target_os = "linux") {
            assert_eq!(peer.pid(), Some(std::process::id() as i32));
        }
        // SAFETY: these have no preconditions.
        let own = unsafe { (libc::geteuid(), libc::getegid()) };
        assert_eq!((peer.uid(), peer.gid()), own);
    });
}

#[test]
fn a_socket_becomes_what_it_was_made_for_and_nothing_else() {
    on_each_flavor(|| async {
        let path = TempPath::new();
        let datagram = || UnixSocket::new_datagram().unwrap();
        let error = datagram().listen(1).unwrap_err().to_string();
        assert!(error.contains("new_stream"), "{error}");
        let error = datagram().connect(&path).await.unwrap_err().to_string();
        assert!(error.contains("new_stream"), "{error}");
        let error = UnixSocket::new_stream().unwrap().datagram().unwrap_err();
        assert!(error.to_string().contains("new_datagram"), "{error}");

        let socket = UnixSocket::new_stream().unwrap();
        socket.bind(&path).unwrap();
        assert!(socket.as_fd().try_clone_to_owned().is_ok());
        // SAFETY: the descriptor has just been given up.
        let socket = unsafe { UnixSocket::from_raw_fd(socket.into_raw_fd()) };
        let listener = socket.listen(4).unwrap();
        let client = UnixSocket::new_stream().unwrap().connect(&path).await;
        let (server, _) = listener.accept().await.unwrap();
        drop((client.unwrap(), server));
    });
}

#[test]
fn own_operations_are_tried_and_waited_for() {
    on_each_flavor(|| async {
        let (one, other) = UnixStream::pair().unwrap();
        let mut tries = 0;
        let reading = other.async_io(Interest::READABLE, || {
            tries += 1;
            let mut byte = [0];
            socket2_recv(&other, &mut byte).map(|_| byte[0])
        });
        let writing = async {
            one.writable().await.unwrap();
            one.try_io(Interest::WRITABLE, || Ok(())).unwrap();
            one.try_write(b"!").unwrap();
        };
        writing.await;
        assert_eq!(reading.await.unwrap(), b'!');
        assert!(tries >= 1);
        let blocked = other.try_io(Interest::READABLE, || {
            Err::<(), _>(io::Error::from(ErrorKind::WouldBlock))
        });
        assert_eq!(blocked.unwrap_err().kind(), ErrorKind::WouldBlock);
        let not_run = other.try_io(Interest::READABLE, || -> io::Result<()> {
            panic!("it is known not to be ready")
        });
        assert_eq!(not_run.unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

fn socket2_recv(stream: &UnixStream, buf: &mut [u8]) -> io::Result<usize> {
    let stream = stream.as_fd().try_clone_to_owned()?;
    std::os::unix::net::UnixStream::from(stream).read(buf)
}
