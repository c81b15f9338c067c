//! Shows live what the fastwake runtime of another process does: for each pool and work queue what it has
//! started and what is in flight, for the pools the CPU time and how long a task waits until it runs.
//!
//! ```text
//! cargo run --release -p fastwake-top -- SOCKET
//! ```
#![forbid(unsafe_code)]

mod app;
#[path = "../../common/cli.rs"]
mod cli;
#[path = "../../common/inspect.rs"]
mod inspect;
mod options;
mod print;
mod row;
mod sample;
mod screen;
mod terminal;
mod watch;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use options::{Form, Options, PROGRAM};

fn main() -> ExitCode {
    PROGRAM.main(options::parse, |options| {
        let socket = inspect::find(&options.socket)?;
        let Options {
            form,
            once,
            interval,
            ..
        } = options;
        match form {
            Form::Json => print::json(&socket, interval, once),
            // There is nobody to press keys, and nothing to draw on.
            Form::Table if once || !io::stdout().is_terminal() => print::table(&socket),
            Form::Table => terminal::run(socket, interval),
        }
    })
}
