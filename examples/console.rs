//! Something for tokio-console to show: tasks of each kind, under names.
//!
//! ```text
//! RUSTFLAGS="--cfg console_without_tokio_unstable" \
//!     cargo run --release --features tokio-console --example console
//! tokio-console        # elsewhere
//! ```
//!
//! console-subscriber has a thread of its own, with its server. All that it knows of the tasks it gets
//! from the feature `tracing` of fastwake. The flag is for console-subscriber: without it, it insists on
//! a tokio that has been built to be watched.
#![forbid(unsafe_code)]

#[path = "common/cli.rs"]
mod cli;
#[path = "common/signals.rs"]
mod signals;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use console_subscriber::{ConsoleLayer, Server, ServerAddr};
use fastwake::runtime::Runtime;
use fastwake::sync::mpsc;
use fastwake::task::{self, Builder, LocalSet};
use fastwake::time::{interval, sleep};

use cli::{Asked, Failure, Program, address, number, say};
use signals::Signals;

const PROGRAM: Program = Program {
    name: "console",
    help: &["\
Usage: console [OPTIONS]

Run tasks of each kind until Ctrl-C, for tokio-console to show.

Options:
  -a, --addr HOST:PORT  where tokio-console finds them [127.0.0.1:6669]
  -s, --socket PATH     a Unix socket in place of the address
  -i, --interval MILLIS how often it is told, from 10 to 60,000 [1000]
  -h, --help            print this text"],
};

struct Options {
    server: ServerAddr,
    interval: Duration,
}

fn main() -> ExitCode {
    PROGRAM.main(parse, run)
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Options>, Failure> {
    use lexopt::prelude::*;

    let mut server = None;
    let mut interval = 1000;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('a') | Long("addr") if server.is_none() => {
                let value = address(arguments.value()?.string()?, "--addr")?;
                server = Some(resolve(&value)?.into());
            }
            Short('s') | Long("socket") if server.is_none() => {
                server = Some(PathBuf::from(arguments.value()?).into());
            }
            Short('i') | Long("interval") => {
                interval = number(&mut arguments, "--interval", 10..=60_000)?;
            }
            Short('h') | Long("help") => return Ok(Asked::Help),
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(Asked::Run(Options {
        server: server.unwrap_or_else(|| (Server::DEFAULT_IP, Server::DEFAULT_PORT).into()),
        interval: Duration::from_millis(interval),
    }))
}

fn resolve(value: &str) -> Result<SocketAddr, Failure> {
    let found = value.to_socket_addrs();
    let mut found = found.map_err(|error| format!("--addr {value:?}: {error}"))?;
    let first = found.next();
    first.ok_or_else(|| format!("--addr {value:?}: there is no such host").into())
}

fn run(options: Options) -> Result<(), Failure> {
    if !cfg!(console_without_tokio_unstable) {
        return Err(
            "console-subscriber has been built for tokio alone: build this program with \
                    RUSTFLAGS=\"--cfg console_without_tokio_unstable\""
                .into(),
        );
    }
    // Before the runtime: a task that is spawned while nobody listens has no span.
    ConsoleLayer::builder()
        .server_addr(options.server)
        .publish_interval(options.interval)
        .init();
    let runtime = Runtime::new()?;
    let local = LocalSet::new();
    runtime.block_on(local.run_until(async {
        let mut signals = Signals::new()?;
        start_all()?;
        say("there is something to see");
        signals.next().await;
        Ok(())
    }))
}

/// One task of each kind; what they do is in their names.
fn start_all() -> Result<(), Failure> {
    let (sender, receiver) = mpsc::channel(1);
    Builder::new().name("ticker").spawn(tick(sender))?;
    Builder::new().name("listener").spawn(listen(receiver))?;
    Builder::new().name("spinner").spawn(spin())?;
    Builder::new().name("window").spawn_local(draw())?;
    Builder::new().name("finished").spawn(task::yield_now())?;
    let nap = || thread::sleep(Duration::from_millis(20));
    Builder::new().name("napper").spawn_blocking(nap)?;
    let sum = || (1..=1_000_000_u64).sum::<u64>();
    let adder = Builder::new().name("adder").cpu_intensive(true);
    adder.spawn_blocking(sum)?;
    Ok(())
}

/// Waits for a timer most of the time.
async fn tick(ticks: mpsc::Sender<u64>) {
    let mut times = interval(Duration::from_millis(20));
    for number in 0.. {
        times.tick().await;
        if ticks.send(number).await.is_err() {
            return;
        }
    }
}

/// Is woken by the ticker.
async fn listen(mut ticks: mpsc::Receiver<u64>) {
    while ticks.recv().await.is_some() {}
}

/// Wakes itself more often than anybody else does: tokio-console warns of it.
async fn spin() {
    loop {
        for _ in 0..100 {
            task::yield_now().await;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Stays on its thread.
async fn draw() {
    let mut frames = interval(Duration::from_millis(20));
    loop {
        frames.tick().await;
    }
}
