//! A TCP server that sends back what it gets.
//!
//! ```text
//! cargo run --release --example echo -- --addr 127.0.0.1:7007
//! ```
//!
//! A task a connection, and one buffer each: what a client does not read back keeps the server from
//! reading more of what it sends, and nobody else from anything. A client may end its half of the
//! connection: it still gets all that is left, and then the server's end.
#![forbid(unsafe_code)]

#[path = "common/accept.rs"]
mod accept;
#[path = "common/cli.rs"]
mod cli;
#[path = "common/signals.rs"]
mod signals;

use std::io;
use std::process::ExitCode;

use fastwake::io::{AsyncWriteExt, copy};
use fastwake::net::TcpStream;
use fastwake::runtime::Runtime;

use cli::{Asked, Failure, Program, say};
use signals::Signals;

const PROGRAM: Program = Program {
    name: "echo",
    help: &["\
Usage: echo [--addr HOST:PORT]

Send back whatever TCP clients send, until Ctrl-C or SIGTERM.

Options:
      --addr HOST:PORT  where to listen; port 0 takes a free one [127.0.0.1:7007]
  -h, --help            print this text"],
};

fn main() -> ExitCode {
    PROGRAM.main(parse, |address| Runtime::new()?.block_on(run(&address)))
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<String>, Failure> {
    use lexopt::prelude::*;

    let mut address = "127.0.0.1:7007".to_owned();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("addr") => address = cli::address(arguments.value()?.string()?, "--addr")?,
            Short('h') | Long("help") => return Ok(Asked::Help),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(Asked::Run(address))
}

async fn run(address: &str) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let listener = accept::listen(address).await?;
    let address = listener.local_addr()?;
    say(format_args!("echo: listening on {address}"));
    say(format_args!(
        "try: nc {} {}    (Ctrl-C ends the server)",
        address.ip(),
        address.port()
    ));
    accept::accept_until(listener, signals.next(), &PROGRAM, |stream, _| async {
        // A connection that breaks is the client's loss, and no news here.
        drop(echo(stream).await);
    })
    .await;
    Ok(())
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    // Small answers go out as they come.
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.split();
    copy(&mut reader, &mut writer).await?;
    writer.shutdown().await
}
