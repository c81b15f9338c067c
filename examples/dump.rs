//! Prints what a runtime looks like: its pods, its pools, what their workers do.
//!
//! ```text
//! cargo run --example dump -- [--json] [SOCKET]
//! ```
//!
//! `SOCKET` is that of a live process whose runtime was built with `Builder::inspect`, or that was
//! started with `FASTWAKE_INSPECT`. Without it the program starts a small runtime of its own, keeps it
//! busy and prints that.
#![forbid(unsafe_code)]

#[path = "common/cli.rs"]
mod cli;
#[path = "common/inspect.rs"]
mod inspect;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use fastwake::runtime::dump::Dump;
use fastwake::runtime::{Builder, Handle};
use fastwake::task;

use cli::{Asked, Failure, Program};

const PROGRAM: Program = Program {
    name: "dump",
    help: &["\
Usage: dump [--json] [SOCKET]

Print what the runtime of a live process looks like, which listens on SOCKET; without SOCKET, what
one looks like that this program starts and keeps busy.

Options:
      --json  print JSON instead of tables
  -h, --help  print this text"],
};

/// How long the process may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

struct Options {
    json: bool,
    socket: Option<PathBuf>,
}

fn main() -> ExitCode {
    PROGRAM.main(parse, |options| {
        let text = match &options.socket {
            Some(socket) => {
                let request = if options.json {
                    "dump json"
                } else {
                    "dump text"
                };
                let socket = inspect::find(socket)?;
                inspect::ask(&socket, request, PATIENCE)
                    .map_err(|error| format!("{}: {error}", socket.display()))?
            }
            None => {
                let dump = dump_of_busy_runtime()?;
                if options.json {
                    dump.to_json()
                } else {
                    dump.to_string()
                }
            }
        };
        print(text.trim_end()).map_err(Failure::from)
    })
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Options>, Failure> {
    use lexopt::prelude::*;

    let mut options = Options {
        json: false,
        socket: None,
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("json") => options.json = true,
            Value(socket) if options.socket.is_none() => {
                options.socket = Some(OsString::into(socket));
            }
            Short('h') | Long("help") => return Ok(Asked::Help),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(Asked::Run(options))
}

/// Some of everything: tasks that run and tasks that wait, a worker that is blocked, a timer, and
/// threads for closures that block and that compute.
fn dump_of_busy_runtime() -> io::Result<Dump> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .name("busy")
        .build()?;
    // What blocks does so until its sender is dropped.
    let (release, released) = mpsc::channel::<()>();
    let (release_closure, closure_released) = mpsc::channel::<()>();
    let dump = runtime.block_on(async {
        for _ in 0..4 {
            task::spawn(async {
                loop {
                    task::yield_now().await;
                }
            });
        }
        task::spawn(fastwake::time::sleep(Duration::from_secs(3_600)));
        task::spawn(async { task::block_in_place(move || released.recv().is_err()) });
        task::spawn_blocking(move || closure_released.recv().is_err());
        let sum = task::spawn_cpu_intensive(|| (1..=1_000_000_u64).sum::<u64>());
        let _ = sum.await;
        // By now all have begun.
        fastwake::time::sleep(Duration::from_millis(50)).await;
        Handle::current().dump()
    });
    drop((release, release_closure));
    Ok(dump)
}

/// Whoever reads may have seen enough.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
