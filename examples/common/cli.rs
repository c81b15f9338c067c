//! What the servers' command lines have in common: how they are read, and how the program ends.
#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::process::ExitCode;

use lexopt::ValueExt;

/// Exit status of a wrong command line, as GNU tools have it.
const USAGE: u8 = 2;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What a command line asks for.
pub(crate) enum Asked<Options> {
    Help,
    Run(Options),
}

pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// In parts, printed one below the other.
    pub(crate) help: &'static [&'static str],
}

impl Program {
    /// Reads the command line and does what it asks for.
    pub(crate) fn main<Options>(
        &self,
        parse: impl FnOnce(lexopt::Parser) -> Result<Asked<Options>, Failure>,
        run: impl FnOnce(Options) -> Result<(), Failure>,
    ) -> ExitCode {
        let options = match parse(lexopt::Parser::from_env()) {
            Ok(Asked::Run(options)) => options,
            Ok(Asked::Help) => {
                say(self.help.join("\n"));
                return ExitCode::SUCCESS;
            }
            Err(error) => {
                self.complain(format_args!("{error} (see {} --help)", self.name));
                return ExitCode::from(USAGE);
            }
        };
        match run(options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                self.complain(error);
                ExitCode::FAILURE
            }
        }
    }

    /// One line on standard error.
    pub(crate) fn complain(&self, what: impl fmt::Display) {
        // With standard error gone, there is nobody to tell.
        let _ = writeln!(io::stderr(), "{}: {what}", self.name);
    }
}

/// One line on standard output, at once. A server outlives whoever reads it.
pub(crate) fn say(line: impl fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The value of `argument`, which takes a host (or an IP address) and a port.
///
/// # Errors
///
/// With the argument, the value and what is wrong, if it is anything else. Whether there is such a host
/// turns out when it is used.
#[allow(dead_code, reason = "not every program has such an argument")]
pub(crate) fn address(value: String, argument: &str) -> Result<String, Failure> {
    let wrong = |what: &str| Err(format!("{argument} {value:?}: {what}").into());
    match value.rsplit_once(':') {
        None | Some(("", _)) => wrong("it is HOST:PORT, such as 127.0.0.1:7007"),
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => {
            wrong("an IPv6 address is in brackets, such as [::1]:7007")
        }
        Some((_, port)) if port.parse::<u16>().is_err() => {
            wrong("it is HOST:PORT, and the port a whole number from 0 to 65535")
        }
        Some(_) => Ok(value),
    }
}

/// The value of an option that takes a whole number.
///
/// # Errors
///
/// With the option, the value and the bounds, if it is anything else.
#[allow(dead_code, reason = "not every program has such an option")]
pub(crate) fn number(
    arguments: &mut lexopt::Parser,
    option: &str,
    bounds: RangeInclusive<u64>,
) -> Result<u64, Failure> {
    let value = arguments.value()?.string()?;
    value
        .parse()
        .ok()
        .filter(|number| bounds.contains(number))
        .ok_or_else(|| {
            let (least, most) = bounds.into_inner();
            format!("{option} {value:?}: it is a whole number from {least} to {most}").into()
        })
}
