//! Why the program ends before its work is done, and with which exit status.

use std::io::{self, Write};
use std::process::ExitCode;

use fastwake::task::JoinError;

/// Exit status of a wrong command line, as GNU tools have it.
const USAGE: u8 = 2;

/// What a shell reports of a program that `SIGPIPE` killed (128 + 13). Rust programs ignore that
/// signal and see an error from `write` instead; the status keeps `set -o pipefail` working alike.
const CLOSED_PIPE: u8 = 141;

#[derive(Debug)]
pub(crate) enum Stop {
    /// The command line is wrong.
    Usage(String),
    /// Nobody reads standard output any more.
    StdoutClosed,
    /// Something the program cannot do without does not work.
    Broken(String),
}

impl Stop {
    /// Sorts the errors of standard output.
    pub(crate) fn on_stdout(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::StdoutClosed,
            _ => Self::Broken(format!("cannot write standard output: {error}")),
        }
    }

    /// Says why on standard error, in one line, and gives the exit status.
    pub(crate) fn report(self) -> ExitCode {
        let (status, message) = match self {
            Self::Usage(message) => (ExitCode::from(USAGE), message),
            Self::StdoutClosed => return ExitCode::from(CLOSED_PIPE),
            Self::Broken(message) => (ExitCode::FAILURE, message),
        };
        // With standard error gone too, the status has to say it all.
        let _ = writeln!(io::stderr(), "treehash: {message}");
        status
    }
}

impl From<JoinError> for Stop {
    fn from(error: JoinError) -> Self {
        Self::Broken(format!("a task did not finish: {error}"))
    }
}
