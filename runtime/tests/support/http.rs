//! What the tests of the HTTP server share: connections in memory, and a client that speaks
//! HTTP/1 by hand.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;

use fastwake::hyper::Listener;
use fastwake::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use fastwake::runtime::{Builder, Runtime};
use fastwake::sync::mpsc;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};

use super::must_end;

/// Runs a test once on each flavor.
pub fn on_each<F>(test: impl Fn() -> F + Send + 'static)
where
    F: Future<Output = ()>,
{
    must_end(move || {
        for workers in [0, 1, 2] {
            runtime(workers).block_on(test());
        }
    });
}

/// Runs a test on a clock that jumps to the next deadline when all tasks wait.
#[cfg(feature = "test-util")]
pub fn on_a_stopped_clock<F>(test: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = ()>,
{
    must_end(move || {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true);
        builder.build().unwrap().block_on(test());
    });
}

/// With no workers, on the thread of the test.
pub fn runtime(workers: usize) -> Runtime {
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if workers > 0 {
        builder.worker_threads(workers);
    }
    builder.enable_all().build().unwrap()
}

/// The clients' end of a listener in memory.
#[derive(Clone)]
pub struct Clients(mpsc::UnboundedSender<DuplexStream>);

/// A listener in memory.
pub struct Memory(mpsc::UnboundedReceiver<DuplexStream>);

pub fn memory() -> (Clients, Memory) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Clients(sender), Memory(receiver))
}

impl Clients {
    pub fn connect(&self) -> io::Result<Client<DuplexStream>> {
        let (ours, theirs) = duplex(64 << 10);
        let sent = self.0.send(theirs);
        sent.map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(Client::new(ours))
    }
}

impl Listener for Memory {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> io::Result<(DuplexStream, ())> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, ())),
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

pub async fn connect(address: SocketAddr) -> io::Result<Client<fastwake::net::TcpStream>> {
    fastwake::net::TcpStream::connect(address)
        .await
        .map(Client::new)
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: String,
}

/// A client of HTTP/1.
pub struct Client<T> {
    pub stream: T,
    read: Vec<u8>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Client<T> {
    pub fn new(stream: T) -> Self {
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// The answer to a request that is awaited in full before the next is sent.
    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(get(path)).await?;
        self.answer().await
    }

    /// The next answer, which says how long it is.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        let head = loop {
            if let Some(at) = self.read.windows(4).position(|w| w == b"\r\n\r\n") {
                break self.read.drain(..at + 4).collect::<Vec<u8>>();
            }
            self.more().await?;
        };
        let head = String::from_utf8(head).expect("an ASCII head");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().expect("a status line");
        let status = status.split(' ').nth(1).expect("a status");
        let headers: HashMap<String, String> = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let len = headers.get("content-length").map_or("0", String::as_str);
        let len: usize = len.parse().expect("a length");
        while self.read.len() < len {
            self.more().await?;
        }
        let body = self.read.drain(..len).collect();
        Ok(Answer {
            status: status.parse().expect("a number"),
            headers,
            body: String::from_utf8(body).expect("a text"),
        })
    }

    /// Waits for the end of the connection, be it clean or not.
    pub async fn closed(&mut self) -> Vec<u8> {
        while self.more().await.is_ok() {}
        std::mem::take(&mut self.read)
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")
}

/// Answers with the path.
pub fn path_service() -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response<String>,
    Error = Infallible,
    Future: Send + 'static,
> + Clone
+ Send
+ 'static {
    service_fn(async |request: Request<Incoming>| {
        Ok(Response::new(request.uri().path().to_owned()))
    })
}
