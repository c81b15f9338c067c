//! A TCP proxy: what comes to one address goes to another, and back.
//!
//! ```text
//! cargo run --release --example proxy -- 127.0.0.1:7009 example.org:80
//! ```
//!
//! A task a connection, which connects to the target and then copies both ways at once. Each way has
//! one buffer: who does not read keeps the other from sending more. An end of one way is passed on,
//! and the connection lasts until both have ended; an error of either closes both.
#![forbid(unsafe_code)]

#[path = "../common/accept.rs"]
mod accept;
#[path = "../common/cli.rs"]
mod cli;
mod counted;
#[path = "../common/signals.rs"]
mod signals;

use std::fmt;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use fastwake::io::copy_bidirectional;
use fastwake::net::TcpStream;
use fastwake::runtime::Runtime;
use fastwake::time::timeout;
use rustix::net::sockopt::set_socket_keepalive;

use cli::{Asked, Failure, Program, say};
use counted::{Bytes, Counted};
use signals::Signals;

/// How long a client waits for the target.
const TO_CONNECT: Duration = Duration::from_secs(10);

const PROGRAM: Program = Program {
    name: "proxy",
    help: &["\
Usage: proxy LISTEN TARGET

Pass the TCP connections to LISTEN on to TARGET, until Ctrl-C or SIGTERM; then
print what has been passed on. Both are HOST:PORT; port 0 of LISTEN takes a free
one. A client whose target cannot be reached is disconnected.

Options:
  -h, --help  print this text"],
};

struct Options {
    listen: String,
    target: Arc<str>,
}

fn main() -> ExitCode {
    PROGRAM.main(parse, |options| Runtime::new()?.block_on(run(options)))
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Options>, Failure> {
    use lexopt::prelude::*;

    let (mut listen, mut target) = (None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(value) if listen.is_none() => listen = Some(value.string()?),
            Value(value) if target.is_none() => target = Some(value.string()?),
            Short('h') | Long("help") => return Ok(Asked::Help),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let listen = listen.ok_or("there is no LISTEN, such as 127.0.0.1:7009")?;
    let target = target.ok_or("there is no TARGET, such as example.org:80")?;
    // The target's is found out now, too, and not by the first client.
    let listen = cli::address(listen, "LISTEN")?;
    let target = cli::address(target, "TARGET")?;
    Ok(Asked::Run(Options {
        listen,
        target: target.into(),
    }))
}

async fn run(options: Options) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let listener = accept::listen(&options.listen).await?;
    let address = listener.local_addr()?;
    say(format_args!("proxy: listening on {address}"));
    say(format_args!(
        "try: nc {} {}    and speak to {} (Ctrl-C ends the proxy)",
        address.ip(),
        address.port(),
        options.target
    ));
    let counts = Arc::new(Counts::default());
    accept::accept_until(listener, signals.next(), &PROGRAM, |client, _| {
        let (target, counts) = (Arc::clone(&options.target), Arc::clone(&counts));
        async move { pass_on(client, &target, &counts).await }
    })
    .await;
    say(format_args!("proxy: {counts}"));
    Ok(())
}

/// What the proxy has done.
#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU64,
    /// Connections that ended both ways.
    complete: AtomicU64,
    /// Connections that an error ended.
    broken: AtomicU64,
    /// Clients whose target could not be reached.
    unreached: AtomicU64,
    /// Between the clients and the proxy.
    bytes: Arc<Bytes>,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (complete, broken) = (self.complete.load(SeqCst), self.broken.load(SeqCst));
        let unreached = self.unreached.load(SeqCst);
        // Last: whatever has ended has begun, so that this is no less than the others together.
        let open = self.begun.load(SeqCst) - complete - broken - unreached;
        write!(
            f,
            "{} bytes from clients, {} bytes to clients; connections: {complete} complete, \
             {broken} broken, {unreached} without target, {open} open at the end",
            self.bytes.read.load(SeqCst),
            self.bytes.written.load(SeqCst),
        )
    }
}

async fn pass_on(client: TcpStream, target: &str, counts: &Counts) {
    counts.begun.fetch_add(1, SeqCst);
    let mut server = match connect(target).await {
        Ok(server) => server,
        Err(error) => {
            counts.unreached.fetch_add(1, SeqCst);
            PROGRAM.complain(format_args!("cannot connect to {target}: {error}"));
            return;
        }
    };
    // What is passed on has been gathered already by whoever sent it.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let mut client = Counted::new(client, Arc::clone(&counts.bytes));
    let ended = match copy_bidirectional(&mut client, &mut server).await {
        Ok(_) => &counts.complete,
        Err(_) => &counts.broken,
    };
    ended.fetch_add(1, SeqCst);
}

async fn connect(target: &str) -> io::Result<TcpStream> {
    let server = timeout(TO_CONNECT, TcpStream::connect(target)).await??;
    // As the clients' connections have it: one that vanishes is found out in the end.
    set_socket_keepalive(&server, true)?;
    Ok(server)
}
