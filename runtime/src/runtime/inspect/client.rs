#![forbid(unsafe_code)]
//! A client that has connected: its request comes in, its answer goes out, and it has so long for
//! both together.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::peer;
use super::protocol::{self, LONGEST_REQUEST};

/// Enough to type a request, and for a reader on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Client {
    stream: UnixStream,
    /// A client that may not is told so when it asks, as it reads nothing before.
    may_ask: bool,
    deadline: Instant,
    state: State,
}

enum State {
    Asking(Vec<u8>),
    Answered { answer: Vec<u8>, sent: usize },
}

/// How far a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It has to send or to receive something first.
    Waiting,
    /// It has its answer, or is gone.
    Done,
}

impl Client {
    /// # Errors
    ///
    /// The system's, if the socket cannot be used.
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let may_ask = peer::may_inspect(stream.as_fd())?;
        Ok(Self {
            stream,
            may_ask,
            deadline: Instant::now() + PATIENCE,
            state: State::Asking(Vec::new()),
        })
    }

    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// When it has had its time.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Receives and sends what can be received and sent now. `answer` is called once, with the
    /// request.
    ///
    /// # Errors
    ///
    /// The system's; the client is to be dropped then.
    pub(super) fn advance(
        &mut self,
        answer: impl FnOnce(&[u8]) -> Result<String, String>,
    ) -> io::Result<Progress> {
        let advanced = match self.receive(answer) {
            Ok(true) => self.send(),
            Ok(false) => return Ok(Progress::Done),
            Err(error) => Err(error),
        };
        match advanced {
            Ok(()) => Ok(Progress::Done),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Progress::Waiting),
            Err(error) => Err(error),
        }
    }

    /// Until there is an answer. False: the client has gone without having asked.
    fn receive(
        &mut self,
        answer: impl FnOnce(&[u8]) -> Result<String, String>,
    ) -> io::Result<bool> {
        let State::Asking(received) = &mut self.state else {
            return Ok(true);
        };
        let mut buffer = [0; LONGEST_REQUEST];
        loop {
            if let Some(line) = protocol::line(received) {
                self.state = State::answered(match self.may_ask {
                    true => answer(line),
                    false => Err("only the process's own user and root may ask".to_owned()),
                });
                return Ok(true);
            }
            if received.len() >= LONGEST_REQUEST {
                let error = format!("a request has {LONGEST_REQUEST} bytes at most");
                self.state = State::answered(Err(error));
                return Ok(true);
            }
            let room = LONGEST_REQUEST - received.len();
            match self.stream.read(&mut buffer[..room]) {
                Ok(0) if received.is_empty() => return Ok(false),
                Ok(0) => received.push(b'\n'),
                Ok(n) => received.extend(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let State::Answered { answer, sent } = &mut self.state else {
            return Ok(());
        };
        while *sent < answer.len() {
            match self.stream.write(&answer[*sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => *sent += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl State {
    fn answered(result: Result<String, String>) -> Self {
        Self::Answered {
            answer: protocol::answer(result),
            sent: 0,
        }
    }
}
