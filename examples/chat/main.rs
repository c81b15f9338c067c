//! A chat room for TCP clients such as `nc`.
//!
//! ```text
//! cargo run --release --example chat -- --addr 127.0.0.1:7008
//! ```
//!
//! # How it is made
//!
//! A client is a task (`client`), which waits at the same time for its client's next line (`line`)
//! and for what the room has for it (`room`). The room is a set of names under a lock and a broadcast
//! channel; nobody in it ever waits for anybody else:
//!
//! * A member that reads more slowly than the others talk loses the oldest lines and is told how
//!   many, and one that reads nothing at all is let go.
//! * A line has a longest length, and so has everything that is kept for a client.
//! * What is not text, or would steer a terminal, is replaced before anybody sees it.
#![forbid(unsafe_code)]

#[path = "../common/accept.rs"]
mod accept;
#[path = "../common/cli.rs"]
mod cli;
mod client;
mod line;
mod room;
#[path = "../common/signals.rs"]
mod signals;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use fastwake::runtime::Runtime;
use fastwake::time::timeout;

use cli::{Asked, Failure, Program, say};
use client::Client;
use room::Room;
use signals::Signals;

/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(1);

const PROGRAM: Program = Program {
    name: "chat",
    help: &["\
Usage: chat [--addr HOST:PORT] [--patience SECONDS]

A chat room for TCP clients, until Ctrl-C or SIGTERM. The first line of a client
is its name, each one after that goes to all the others.

Options:
      --addr HOST:PORT    where to listen; port 0 takes a free one
                          [127.0.0.1:7008]
      --patience SECONDS  a client that reads nothing of what it is sent for so
                          long is let go; a whole number from 1 to 86400 [30]
  -h, --help              print this text"],
};

struct Options {
    address: String,
    patience: Duration,
}

fn main() -> ExitCode {
    PROGRAM.main(parse, |options| Runtime::new()?.block_on(run(options)))
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Options>, Failure> {
    use lexopt::prelude::*;

    let mut options = Options {
        address: "127.0.0.1:7008".to_owned(),
        patience: Duration::from_secs(30),
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("addr") => options.address = cli::address(arguments.value()?.string()?, "--addr")?,
            Long("patience") => {
                let seconds = cli::number(&mut arguments, "--patience", 1..=86_400)?;
                options.patience = Duration::from_secs(seconds);
            }
            Short('h') | Long("help") => return Ok(Asked::Help),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(Asked::Run(options))
}

async fn run(options: Options) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let listener = accept::listen(&options.address).await?;
    let address = listener.local_addr()?;
    say(format_args!("chat: listening on {address}"));
    say(format_args!(
        "try: nc {} {}    in two terminals (Ctrl-C ends the server)",
        address.ip(),
        address.port()
    ));
    let room = Room::new();
    let mut clients = accept::accept_until(listener, signals.next(), &PROGRAM, |stream, _| {
        let room = Arc::clone(&room);
        async move {
            // A connection that breaks is a member that leaves; the room says so.
            drop(Client::new(stream, options.patience).take_part(&room).await);
        }
    })
    .await;
    room.close();
    let all_gone = async { while clients.join_next().await.is_some() {} };
    // Those that do not listen, or have not said their name, are not waited for any longer.
    drop(timeout(FAREWELL, all_gone).await);
    Ok(())
}
