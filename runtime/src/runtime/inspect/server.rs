#![forbid(unsafe_code)]
//! The thread that answers: a loop over a listener and a handful of clients.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;
use std::sync::Weak;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use super::End;
use super::client::{Client, Progress};
use super::metrics::MetricsAnswers;
use super::protocol::Request;
use crate::runtime::Handle;
use crate::runtime::handle::Inner;

/// Whatever becomes ready, everything is looked at: it is never much.
const ANY: Token = Token(0);
const END: Token = Token(1);

/// Clients at a time. One more takes the place of the one that has been there longest: who connects
/// and does not ask keeps nobody out.
const MOST_CLIENTS: usize = 16;

/// How long to wait before the next try if there is no descriptor for a client.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Server {
    poll: Poll,
    listener: UnixListener,
    /// The longest here first.
    clients: Vec<Client>,
}

impl Server {
    /// With the waker that ends the wait of [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn new(listener: UnixListener) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), END)?;
        let mut source = SourceFd(&listener.as_raw_fd());
        poll.registry()
            .register(&mut source, ANY, Interest::READABLE)?;
        let server = Self {
            poll,
            listener,
            clients: Vec::new(),
        };
        Ok((server, waker))
    }

    /// Answers until the end has come.
    pub(super) fn run(mut self, end: &End, runtime: Weak<Inner>) {
        let mut answers = Answers {
            runtime,
            metrics: MetricsAnswers::new(),
        };
        let mut events = Events::with_capacity(2 * MOST_CLIENTS);
        while !end.has_come() {
            let pause = self.accept();
            self.advance(&mut answers, end);
            let deadlines = self.clients.iter().map(Client::deadline);
            let left = deadlines.map(|at| at.saturating_duration_since(Instant::now()));
            let timeout = left.chain(pause).min();
            // Interrupted, or out of memory for the moment: everything is looked at anyway.
            let _ = self.poll.poll(&mut events, timeout);
        }
    }

    /// Accepts all who wait. The answer is for how long to wait with the next try, if it failed.
    fn accept(&mut self) -> Option<Duration> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    // What fails here concerns one client alone, and closes its connection.
                    if let Ok(client) = Client::new(stream) {
                        self.take_in(client);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return None,
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    _ => return Some(PAUSE),
                },
            }
        }
    }

    fn take_in(&mut self, client: Client) {
        let descriptor = client.stream().as_raw_fd();
        let both = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        if registry
            .register(&mut SourceFd(&descriptor), ANY, both)
            .is_err()
        {
            return;
        }
        if self.clients.len() >= MOST_CLIENTS {
            self.clients.remove(0);
        }
        self.clients.push(client);
    }

    /// Gets all clients on, and drops those that are done, or have had their time.
    fn advance(&mut self, answers: &mut Answers, end: &End) {
        self.clients.retain_mut(|client| {
            if end.has_come() || client.deadline() <= Instant::now() {
                return false;
            }
            let progress = client.advance(|line| answers.answer(line));
            progress.is_ok_and(|progress| progress == Progress::Waiting)
        });
    }
}

struct Answers {
    runtime: Weak<Inner>,
    metrics: MetricsAnswers,
}

impl Answers {
    fn answer(&mut self, line: &[u8]) -> Result<String, String> {
        let request = Request::parse(line)?;
        let Some(runtime) = self.runtime.upgrade() else {
            return Err("the runtime has ended".to_owned());
        };
        let handle = Handle::new(runtime);
        Ok(match request {
            Request::DumpText => handle.dump().to_string(),
            Request::DumpJson => handle.dump().to_json(),
            Request::MetricsJson => self.metrics.answer(&handle),
        })
    }
}
