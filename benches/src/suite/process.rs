#![forbid(unsafe_code)]
//! A contestant at work on one row: a process that runs it as often as it is asked to, and sleeps
//! meanwhile. Nobody else meets its heap, its threads, or what they leave behind.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::peer::Which;
use crate::sample::Sample;
use crate::workload::{Row, Setting, assume_speed, speed};

/// What a process is asked, a line of JSON. Its answer is a [`Sample`], a line as well.
#[derive(Debug, Serialize, Deserialize)]
struct Request {
    which: String,
    row: String,
    operations: usize,
    workers: usize,
    /// Work that computes is the same amount in all processes.
    speed: f64,
}

/// Whoever takes longer to answer hangs: runs are of some seconds at most.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// So many of the last lines of what a process has said are told when it fails.
const LAST_WORDS: usize = 8;

/// A process that runs rows when it is asked to.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Taken to end it.
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
    /// Gives what it has said on standard error; taken when that is told.
    said: Option<JoinHandle<String>>,
}

impl Process {
    /// Starts one; the command must be one that [`serve`]s.
    ///
    /// # Errors
    ///
    /// What the system says; it names the program.
    ///
    /// # Panics
    ///
    /// If the system has no thread to spare.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let started = command
            // Of a panic, its message is told.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| {
            let program = command.get_program().display();
            io::Error::new(error.kind(), format!("{program}: {error}"))
        })?;
        let requests = child.stdin.take();
        let answers = lines(child.stdout.take().expect("it is piped"));
        let said = words(child.stderr.take().expect("it is piped"));
        Ok(Self {
            child,
            requests,
            answers,
            said: Some(said),
        })
    }

    /// The process's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Has it run a row, warmed up, and waits for at most so long.
    ///
    /// # Errors
    ///
    /// If it has ended, gives no answer in time, or one that makes no sense; then it is ended, and what it
    /// has said on standard error is told.
    pub fn measure(
        &mut self,
        row: &Row,
        which: Which,
        setting: Setting,
        patience: Duration,
    ) -> io::Result<Sample> {
        let request = Request {
            which: which.name().to_owned(),
            row: row.name.to_owned(),
            operations: setting.operations,
            workers: setting.workers,
            speed: speed(),
        };
        self.ask(&request, patience)
            .map_err(|error| self.failure(&error))
    }

    fn ask(&mut self, request: &Request, patience: Duration) -> io::Result<Sample> {
        let ended = || io::Error::new(io::ErrorKind::UnexpectedEof, "its process has ended");
        let requests = self.requests.as_mut().ok_or_else(ended)?;
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        requests.write_all(&line).map_err(|_| ended())?;
        match self.answers.recv_timeout(patience) {
            Ok(line) => Ok(serde_json::from_str(&line)?),
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
            Err(RecvTimeoutError::Timeout) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it gave no answer within {} s", patience.as_secs_f64()),
            )),
        }
    }

    /// Ends it, and tells why, how it ended, and its last words.
    fn failure(&mut self, why: &io::Error) -> io::Error {
        drop(self.requests.take());
        // One that has ended by itself keeps its status.
        let _ = self.child.kill();
        let status = self.child.wait();
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let said = self.said.take().and_then(|said| said.join().ok());
        let said = said.unwrap_or_default();
        // A panic adds a note on how to see more.
        let lines = said.lines().filter(|line| !line.starts_with("note: "));
        let lines: Vec<&str> = lines.collect();
        let last = &lines[lines.len().saturating_sub(LAST_WORDS)..];
        let text = match last {
            [] => format!("{why} ({status}); it said nothing"),
            last => format!("{why} ({status}); it said:\n    {}", last.join("\n    ")),
        };
        io::Error::new(why.kind(), text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}

/// Passes on what a process answers, line by line, so that one can wait for it for a limited time.
fn lines(output: ChildStdout) -> Receiver<String> {
    let (line, lines) = channel();
    thread::spawn(move || {
        for read in BufReader::new(output).lines().map_while(Result::ok) {
            // Who does not listen any more has ended the process.
            if line.send(read).is_err() {
                return;
            }
        }
    });
    lines
}

/// Reads what a process says on standard error, so that it never waits for a reader.
fn words(mut error: ChildStderr) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut said = Vec::new();
        // What has been read before an error is told all the same.
        let _ = error.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    })
}

/// The other side: runs what standard input asks for, until its end.
///
/// # Errors
///
/// If the input makes no sense, or the output is closed.
pub fn serve() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        assume_speed(request.speed);
        let unknown = |what: &str| io::Error::other(format!("nothing is called {what:?}"));
        let row = Row::named(&request.row).ok_or_else(|| unknown(&request.row))?;
        let which = Which::named(&request.which).ok_or_else(|| unknown(&request.which))?;
        let setting = Setting {
            workers: request.workers,
            operations: request.operations,
        };
        serde_json::to_writer(&mut output, &row.warmed_up(which, setting))?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}
