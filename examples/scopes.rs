//! Prints the machine as the runtime sees it: which CPUs each affinity scope puts into one pod.
//!
//! ```text
//! cargo run --example scopes -- [--sysfs DIR] [--format text|json]
//! ```
//!
//! `--sysfs DIR` describes another machine from a copy of its `/sys`, and takes no notice of this
//! thread's affinity mask.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use fastwake::topology::{AffinityScope, CpuSet, Topology};
use lexopt::ValueExt;

const USAGE: &str = "usage: scopes [--sysfs DIR] [--format text|json]

Prints which CPUs each affinity scope puts into one pod. An asterisk marks the default scope.

  --sysfs DIR      read DIR, which is laid out as /sys, instead of this machine
  --format FORMAT  text (the default) or json
  --help           print this text";

enum Command {
    Help,
    Show {
        sysfs: Option<PathBuf>,
        format: Format,
    },
}

#[derive(Clone, Copy)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let answer = match parse(std::env::args_os().skip(1)).and_then(answer) {
        Ok(answer) => answer,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(2);
        }
    };
    match print(&answer) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("cannot write to standard output: {error}"));
            ExitCode::FAILURE
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}

fn parse(args: impl Iterator<Item = OsString>) -> Result<Command, Box<dyn Error>> {
    use lexopt::Arg::Long;

    let mut parser = lexopt::Parser::from_args(args);
    let (mut sysfs, mut format) = (None, Format::Text);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("sysfs") => sysfs = Some(parser.value()?.into()),
            Long("format") => {
                format = match parser.value()?.string()?.as_str() {
                    "text" => Format::Text,
                    "json" => Format::Json,
                    other => {
                        return Err(format!("unknown format {other:?}: it is text or json").into());
                    }
                }
            }
            Long("help") => return Ok(Command::Help),
            _ => return Err(arg.unexpected().into()),
        }
    }
    Ok(Command::Show { sysfs, format })
}

fn answer(command: Command) -> Result<String, Box<dyn Error>> {
    let Command::Show { sysfs, format } = command else {
        return Ok(USAGE.to_owned());
    };
    let machine = match sysfs {
        Some(directory) => Topology::from_sysfs(directory)?,
        None => Topology::current(),
    };
    Ok(match format {
        Format::Text => machine.to_string(),
        Format::Json => json(&machine),
    })
}

/// One object with a key for each scope: a list of pods, each a list of CPU numbers.
fn json(machine: &Topology) -> String {
    let pod = |cpus: &CpuSet| format!("[{}]", separated(cpus.iter().map(|cpu| cpu.to_string())));
    let scope = |scope| {
        let pods = machine.pods(scope).iter().map(pod);
        format!("\"{scope}\":[{}]", separated(pods))
    };
    format!(
        "{{{}}}",
        separated(AffinityScope::ALL.into_iter().map(scope))
    )
}

fn separated(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

fn print(answer: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{answer}")?;
    out.flush()
}

/// Says on one line what is wrong. If nobody listens to standard error either, the exit status has
/// to do.
fn complain(problem: &str) {
    let problem = problem.replace(['\n', '\r'], " ");
    let _ = writeln!(io::stderr(), "scopes: {problem}");
}
