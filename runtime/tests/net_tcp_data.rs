//! Bytes over TCP: all arrive, in order, whatever the two sides do in the meantime.
#![cfg(feature = "net")]

mod support;

use std::future::poll_fn;
use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use fastwake::io::AsyncWrite;
use fastwake::net::{TcpListener, TcpStream};
use fastwake::task::{JoinSet, yield_now};
use support::net::{
    Digest, LOCALHOST, Noise, bulk, narrow_pair, on_each_flavor, pair, poll_once, read, read_exact,
    shutdown, write_all,
};

async fn echo(mut stream: TcpStream) {
    let mut buf = [0; 4096];
    loop {
        match read(&mut stream, &mut buf).await.unwrap() {
            0 => return,
            n => write_all(&mut stream, &buf[..n]).await.unwrap(),
        }
    }
}

#[test]
fn an_echo_server_answers_all_its_clients() {
    on_each_flavor(|| async {
        let listener = TcpListener::bind(LOCALHOST).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = fastwake::spawn(async move {
            let mut connections = JoinSet::new();
            for _ in 0..50 {
                connections.spawn(echo(listener.accept().await.unwrap().0));
            }
            while let Some(done) = connections.join_next().await {
                done.unwrap();
            }
        });
        let clients: Vec<_> = (0..50_u32)
            .map(|client| {
                fastwake::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    for round in 0..40_u32 {
                        let question = [client.to_le_bytes(), round.to_le_bytes()].concat();
                        write_all(&mut stream, &question).await.unwrap();
                        let mut answer = [0; 8];
                        read_exact(&mut stream, &mut answer).await.unwrap();
                        assert_eq!(answer, *question);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        server.await.unwrap();
    });
}

async fn send_noise(stream: &mut (impl AsyncWrite + Unpin), noise: &mut Noise, step: usize) {
    let mut buf = vec![0; step];
    loop {
        match noise.fill(&mut buf) {
            0 => return shutdown(stream).await.unwrap(),
            n => write_all(stream, &buf[..n]).await.unwrap(),
        }
    }
}

async fn receive_all(stream: &mut (impl fastwake::io::AsyncRead + Unpin), step: usize) -> Digest {
    let (mut buf, mut digest) = (vec![0; step], Digest::default());
    loop {
        match read(stream, &mut buf).await.unwrap() {
            0 => return digest,
            n => digest.add(&buf[..n]),
        }
    }
}

#[test]
fn bulk_data_arrives_as_it_was_sent_in_both_directions_at_once() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        let bytes = bulk() / 2;
        let run = |stream: TcpStream, seed: u64, step: usize| {
            let (mut reader, mut writer) = stream.into_split();
            let sender = fastwake::spawn(async move {
                let mut noise = Noise::new(seed, bytes);
                send_noise(&mut writer, &mut noise, step).await;
                noise.digest
            });
            let receiver = fastwake::spawn(async move { receive_all(&mut reader, 60_000).await });
            (sender, receiver)
        };
        let (client_sent, client_received) = run(client, 1, 64 * 1024);
        let (server_sent, server_received) = run(server, 2, 10_001);
        let (there, back) = (client_sent.await.unwrap(), server_sent.await.unwrap());
        assert_eq!(there.len, bytes);
        assert_eq!(server_received.await.unwrap(), there);
        assert_eq!(client_received.await.unwrap(), back);
        assert_ne!(there, back);
    });
}

#[test]
fn bytes_that_are_written_one_by_one_arrive_one_by_one() {
    on_each_flavor(|| async {
        let (mut client, mut server) = pair().await;
        client.set_nodelay(true).unwrap();
        let sender = fastwake::spawn(async move {
            let mut noise = Noise::new(3, 5_000);
            send_noise(&mut client, &mut noise, 1).await;
            (client, noise.digest)
        });
        let received = receive_all(&mut server, 1).await;
        let (_client, sent) = sender.await.unwrap();
        assert_eq!(received, sent);
    });
}

#[test]
fn a_slow_reader_slows_the_writer_down() {
    const BYTES: u64 = 2 << 20;
    // What the system may have under way, with some margin: its buffers are 16 KiB each, doubled.
    const UNDER_WAY: u64 = 512 << 10;
    on_each_flavor(|| async {
        let (mut client, mut server) = narrow_pair().await;
        let written = Arc::new(AtomicU64::new(0));
        let so_far = written.clone();
        let writer = fastwake::spawn(async move {
            let mut noise = Noise::new(4, BYTES);
            let mut buf = [0; 4096];
            loop {
                match noise.fill(&mut buf) {
                    0 => break,
                    n => write_all(&mut client, &buf[..n]).await.unwrap(),
                }
                so_far.fetch_add(buf.len() as u64, SeqCst);
            }
            (client, noise.digest)
        });
        let mut digest = Digest::default();
        let mut buf = [0; 1000];
        while digest.len < BYTES {
            for _ in 0..3 {
                yield_now().await;
            }
            let under_way = written.load(SeqCst).saturating_sub(digest.len);
            assert!(under_way <= UNDER_WAY, "{under_way} bytes are under way");
            let n = read(&mut server, &mut buf).await.unwrap();
            digest.add(&buf[..n]);
        }
        assert_eq!(writer.await.unwrap().1, digest);
    });
}

#[test]
fn a_write_waits_while_nobody_reads() {
    on_each_flavor(|| async {
        let (client, mut server) = narrow_pair().await;
        let mut sent = 0_usize;
        // Until even what the system moves meanwhile makes no more room.
        loop {
            match client.try_write(&[7; 4096]) {
                Ok(n) => sent += n,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    let writable = client.writable();
                    let patience = std::time::Duration::from_millis(300);
                    if fastwake_timeout(patience, writable).await.is_none() {
                        break;
                    }
                }
            }
        }
        let waiting = fastwake::spawn(async move {
            client.writable().await.unwrap();
            client
        });
        let mut buf = vec![0; sent];
        read_exact(&mut server, &mut buf).await.unwrap();
        assert!(buf.iter().all(|&byte| byte == 7));
        waiting.await.unwrap();
    });
}

/// A timeout for builds without the feature `time`.
async fn fastwake_timeout<F: Future>(after: std::time::Duration, future: F) -> Option<F::Output> {
    let mut sleep = fastwake::task::spawn_blocking(move || std::thread::sleep(after));
    let mut future = pin!(future);
    poll_fn(|context| {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
            return std::task::Poll::Ready(Some(output));
        }
        Pin::new(&mut sleep).poll(context).map(|_| None)
    })
    .await
}

#[test]
fn each_side_closes_its_own_direction() {
    on_each_flavor(|| async {
        let (mut client, mut server) = pair().await;
        write_all(&mut client, b"question").await.unwrap();
        shutdown(&mut client).await.unwrap();
        let mut question = [0; 8];
        read_exact(&mut server, &mut question).await.unwrap();
        assert_eq!(read(&mut server, &mut [0; 1]).await.unwrap(), 0);
        assert_eq!(&question, b"question");

        // The other direction is open.
        write_all(&mut server, b"answer").await.unwrap();
        let mut answer = [0; 6];
        read_exact(&mut client, &mut answer).await.unwrap();
        assert_eq!(&answer, b"answer");
        let error = write_all(&mut client, b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);

        {
            let mut buf = [0; 1];
            let mut end = pin!(read(&mut client, &mut buf));
            assert!(poll_once(end.as_mut()).await.is_pending());
            shutdown(&mut server).await.unwrap();
            assert_eq!(end.await.unwrap(), 0);
        }
        // Closing what is closed already is no error.
        shutdown(&mut server).await.unwrap();
        shutdown(&mut client).await.unwrap();
    });
}

#[test]
fn a_reset_ends_the_wait_of_the_other_side() {
    on_each_flavor(|| async {
        let (client, mut server) = pair().await;
        let reader = fastwake::spawn(async move {
            let error = read(&mut server, &mut [0; 8]).await.unwrap_err();
            (server, error)
        });
        yield_now().await;
        client.set_zero_linger().unwrap();
        assert_eq!(client.linger().unwrap(), Some(std::time::Duration::ZERO));
        drop(client);
        let (mut server, error) = reader.await.unwrap();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(read(&mut server, &mut [0; 8]).await.unwrap(), 0);
        let error = write_all(&mut server, b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn data_that_nobody_reads_resets_the_connection_when_its_reader_goes() {
    on_each_flavor(|| async {
        let (mut client, server) = pair().await;
        write_all(&mut client, b"nobody reads this").await.unwrap();
        server.readable().await.unwrap();
        drop(server);
        let error = read(&mut client, &mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn several_buffers_go_in_one_operation_each_way() {
    on_each_flavor(|| async {
        let (mut client, server) = pair().await;
        assert!(client.is_write_vectored());
        let bufs = [
            IoSlice::new(b"one "),
            IoSlice::new(b"two "),
            IoSlice::new(b"three"),
        ];
        let write = poll_fn(|context| Pin::new(&mut client).poll_write_vectored(context, &bufs));
        assert_eq!(write.await.unwrap(), 13);
        assert_eq!(client.try_write_vectored(&bufs).unwrap(), 13);

        let (mut first, mut second) = ([0; 5], [0; 21]);
        let mut read = 0;
        while read < 26 {
            server.readable().await.unwrap();
            // The first time at least 13 bytes are there: one write is one segment.
            let bufs = &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            match server.try_read_vectored(bufs) {
                Ok(n) if read == 0 => {
                    assert!(n >= 13, "{n} bytes are not both buffers");
                    assert_eq!(&first, b"one t");
                    assert_eq!(&second[..8], b"wo three");
                    read = n;
                }
                Ok(n) => read += n,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_eq!(read, 26);
    });
}
