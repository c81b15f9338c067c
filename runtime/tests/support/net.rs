//! What the tests of sockets share.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use fastwake::io::{AsyncRead, AsyncWrite, ReadBuf};
use fastwake::net::{TcpListener, TcpSocket, TcpStream};
use fastwake::runtime::{Builder, Runtime};

pub const LOCALHOST: &str = "127.0.0.1:0";

pub fn multi_thread_io(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .expect("a runtime")
}

pub fn current_thread_io() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Runs `test` in a runtime of each flavor, each on a thread of its own so that one that hangs fails.
#[track_caller]
pub fn on_each_flavor<F>(test: fn() -> F)
where
    F: Future<Output = ()> + 'static,
{
    let flavors: [fn() -> Runtime; 3] = [
        || multi_thread_io(2),
        || multi_thread_io(1),
        current_thread_io,
    ];
    for flavor in flavors {
        super::must_end(move || flavor().block_on(test()));
    }
}

/// The two sides of a connection: who has connected, who has accepted.
pub async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(LOCALHOST).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    (client, server)
}

/// As [`pair`], with buffers of the system's that are soon full.
pub async fn narrow_pair() -> (TcpStream, TcpStream) {
    let socket = || {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(16 * 1024).unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        socket
    };
    let listener = socket();
    listener.bind(LOCALHOST.parse().unwrap()).unwrap();
    let listener = listener.listen(16).unwrap();
    let client = socket().connect(listener.local_addr().unwrap()).await;
    let (server, _) = listener.accept().await.unwrap();
    (client.unwrap(), server)
}

/// Polls a future once.
pub async fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    let mut future = Some(future);
    poll_fn(|context| {
        let future = future.take().expect("it is polled once");
        Poll::Ready(future.poll(context))
    })
    .await
}

/// Polls what `wait` makes until it has to wait; `refute` tells, each time, that there is nothing yet.
///
/// Once is not enough: the event with which the system says that a new source can be written to may
/// come just while an operation finds out that there is nothing to read, and a source that has had
/// an event since is not taken for blocked.
pub async fn settle<F: Future>(wait: impl Fn() -> F, refute: impl Fn()) {
    loop {
        refute();
        if poll_once(pin!(wait())).await.is_pending() {
            return;
        }
    }
}

/// As `AsyncReadExt::read`, which is a feature's.
pub async fn read(stream: &mut (impl AsyncRead + Unpin), buf: &mut [u8]) -> io::Result<usize> {
    poll_fn(|context| {
        let mut buf = ReadBuf::new(buf);
        Pin::new(&mut *stream)
            .poll_read(context, &mut buf)
            .map_ok(|()| buf.filled().len())
    })
    .await
}

pub async fn read_exact(stream: &mut (impl AsyncRead + Unpin), buf: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < buf.len() {
        match read(stream, &mut buf[filled..]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => filled += n,
        }
    }
    Ok(())
}

pub async fn write_all(stream: &mut (impl AsyncWrite + Unpin), mut buf: &[u8]) -> io::Result<()> {
    while !buf.is_empty() {
        let n = poll_fn(|context| Pin::new(&mut *stream).poll_write(context, buf)).await?;
        assert_ne!(n, 0, "a write that writes nothing");
        buf = &buf[n..];
    }
    Ok(())
}

pub async fn shutdown(stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    poll_fn(|context| Pin::new(&mut *stream).poll_shutdown(context)).await
}

/// Runs a future on the calling thread, without any runtime.
pub fn park_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Bytes that can be made again from their seed, and a digest of what has been made of them: tells
/// losses, repetitions and swaps.
pub struct Noise {
    state: u64,
    left: u64,
    pub digest: Digest,
}

impl Noise {
    pub fn new(seed: u64, len: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            left: len,
            digest: Digest::default(),
        }
    }

    /// Fills the buffer as far as there is something; how far.
    pub fn fill(&mut self, buf: &mut [u8]) -> usize {
        let n = self.left.min(buf.len() as u64) as usize;
        for chunk in buf[..n].chunks_mut(8) {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            chunk.copy_from_slice(&self.state.to_le_bytes()[..chunk.len()]);
        }
        self.digest.add(&buf[..n]);
        self.left -= n as u64;
        n
    }
}

/// FNV-1a, over whole words: how a stream is cut into reads makes no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    hash: u64,
    word: u64,
    pub len: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            word: 0,
            len: 0,
        }
    }
}

impl Digest {
    pub fn add(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.len.is_multiple_of(8) && bytes.len() >= 8 {
                let (word, rest) = bytes.split_at(8);
                self.mix(u64::from_le_bytes(word.try_into().unwrap()));
                self.len += 8;
                bytes = rest;
                continue;
            }
            self.word = self.word >> 8 | u64::from(byte) << 56;
            self.len += 1;
            if self.len.is_multiple_of(8) {
                self.mix(self.word);
            }
            bytes = rest;
        }
    }

    fn mix(&mut self, word: u64) {
        self.word = 0;
        self.hash = (self.hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
        self.hash ^= self.hash >> 29;
    }
}

/// How many bytes a bulk transfer has: some 64 MiB, or what `FASTWAKE_STRESS_BYTES` says.
pub fn bulk() -> u64 {
    let Ok(value) = std::env::var("FASTWAKE_STRESS_BYTES") else {
        return (64 << 20) + 7;
    };
    value
        .parse()
        .unwrap_or_else(|_| panic!("FASTWAKE_STRESS_BYTES is {value:?}, not a number"))
}
