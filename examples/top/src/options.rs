//! The command line.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{Asked, Failure, Program};

pub(crate) const PROGRAM: Program = Program {
    name: "fastwake-top",
    help: &["\
Usage: fastwake-top [--interval SECONDS] [--once] [--json] SOCKET

Show what the runtime does that listens on SOCKET: that of a process which was built with
`Builder::inspect`, or was started with FASTWAKE_INSPECT. SOCKET may be the folder that this names,
if there is one such process.

Options:
      --interval SECONDS  how often to ask, from 0.1 to 3600 [1]
      --once              print a table and end, as when the output is no terminal
      --json              print each answer on a line, as it is
  -h, --help              print this text

Keys: up and down select a pool or a work queue, q ends."],
};

const INTERVALS: RangeInclusive<f64> = 0.1..=3_600.0;

/// What is shown, and how.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) socket: PathBuf,
    pub(crate) interval: Duration,
    pub(crate) once: bool,
    pub(crate) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Table,
    Json,
}

pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Options>, Failure> {
    use lexopt::prelude::*;

    let mut socket: Option<OsString> = None;
    let (mut interval, mut once, mut form) = (Duration::from_secs(1), false, Form::Table);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("interval") => interval = seconds(&arguments.value()?.string()?)?,
            Long("once") => once = true,
            Long("json") => form = Form::Json,
            Value(path) if socket.is_none() => socket = Some(path),
            Short('h') | Long("help") => return Ok(Asked::Help),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let socket = socket.ok_or("a SOCKET is missing")?.into();
    Ok(Asked::Run(Options {
        socket,
        interval,
        once,
        form,
    }))
}

fn seconds(value: &str) -> Result<Duration, Failure> {
    let seconds = value.parse().ok();
    let seconds = seconds.filter(|seconds| INTERVALS.contains(seconds));
    let (least, most) = INTERVALS.into_inner();
    let wrong =
        || format!("--interval {value:?}: it is a number of seconds from {least} to {most}");
    Ok(Duration::from_secs_f64(seconds.ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, String> {
        match parse(lexopt::Parser::from_args(arguments)) {
            Ok(Asked::Run(options)) => Ok(options),
            Ok(Asked::Help) => Err("help".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn all_but_the_socket_has_a_default() {
        let options = parsed(&["a"]).unwrap();
        let expected = Options {
            socket: "a".into(),
            interval: Duration::from_secs(1),
            once: false,
            form: Form::Table,
        };
        assert_eq!(options, expected);
        let options = parsed(&["--interval", "0.25", "--once", "--json", "a"]).unwrap();
        assert_eq!(options.interval, Duration::from_millis(250));
        assert!(options.once && options.form == Form::Json);
        assert!(parsed(&[]).unwrap_err().contains("SOCKET"));
        assert!(parsed(&["a", "b"]).is_err());
    }

    #[test]
    fn an_interval_is_a_number_within_bounds() {
        for wrong in ["0", "-1", "NaN", "inf", "3601", "soon", ""] {
            let error = parsed(&["--interval", wrong, "a"]).unwrap_err();
            assert!(error.contains("from 0.1 to 3600"), "{error}");
        }
    }
}
