//! The example `web` on the peer: the same routes and handlers, served by tokio and `axum::serve`.
//!
//! ```text
//! web-tokio --workers 2 --addr 127.0.0.1:8081 --root .
//! web-tokio --workers 2 --hash inline
//! ```
//!
//! tokio has no place for work that computes. `--hash blocking`, the default, does what its
//! documentation advises, and hashes on the threads for blocking work; `--hash inline` hashes in the
//! handler, as programs do that never thought about it.
//!
//! What differs: `axum::serve` has no limit for the time that a head takes, which spares it a timer.
#![forbid(unsafe_code)]

#[path = "../../../examples/web/app/mod.rs"]
mod app;
#[path = "../../../examples/common/cli.rs"]
mod cli;

use std::fmt::Write;
use std::future::IntoFuture;
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::timeout;

use app::Lost;
use app::options::Options;
use cli::{Asked, Failure, Program, say};

const PROGRAM: Program = Program {
    name: "web-tokio",
    help: &[
        "\
Usage: web-tokio [OPTIONS]

The example web on tokio, for comparison.

Options:",
        Options::HELP,
        "      --hash WHERE      blocking: on the threads for blocking work; inline: in
                        the handler [blocking]
  -h, --help            print this text",
    ],
};

struct Request {
    options: Options,
    peer: Tokio,
}

fn main() -> ExitCode {
    PROGRAM.main(parse, |request| {
        let mut builder = Builder::new_multi_thread();
        if let Some(workers) = request.options.workers {
            builder.worker_threads(workers);
        }
        let runtime = builder.enable_all().build()?;
        let outcome = runtime.block_on(run(request));
        runtime.shutdown_background();
        outcome
    })
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Request>, Failure> {
    use lexopt::prelude::*;

    let mut request = Request {
        options: Options::new(),
        peer: Tokio { is_inline: false },
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Asked::Help),
            Long("hash") => {
                request.peer.is_inline = match arguments.value()?.string()?.as_str() {
                    "blocking" => false,
                    "inline" => true,
                    other => {
                        return Err(format!("--hash {other:?}: it is blocking or inline").into());
                    }
                }
            }
            Long(name) => {
                let name = name.to_owned();
                request.options.take(&name, &mut arguments)?;
            }
            _ => return Err(argument.unexpected().into()),
        }
    }
    Ok(Asked::Run(request))
}

async fn run(request: Request) -> Result<(), Failure> {
    let Request { options, peer } = request;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let router = app::router(peer, options.folder()?);
    let listener = TcpListener::bind(&options.address)
        .await
        .map_err(|error| format!("cannot listen on {:?}: {error}", options.address))?;
    say(format_args!(
        "web-tokio: listening on {}",
        listener.local_addr()?
    ));

    // As the other server has it by default.
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        let _ = stream.set_nodelay(true);
    });
    let (drain, asked_to_drain) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = asked_to_drain.await;
    });
    let mut server = pin!(server.into_future());
    select! {
        outcome = &mut server => return Ok(outcome?),
        () = either(&mut interrupt, &mut terminate) => {}
    }
    let _ = drain.send(());
    select! {
        outcome = timeout(options.drain, &mut server) => Ok(outcome.map_err(io::Error::from)??),
        () = either(&mut interrupt, &mut terminate) => {
            Err("a second signal: ended before it was drained".into())
        }
    }
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// tokio, as the application sees it.
#[derive(Clone, Copy)]
struct Tokio {
    /// Does it compute in the handler?
    is_inline: bool,
}

impl app::Runtime for Tokio {
    async fn read<T, F>(&self, closure: F) -> Result<T, Lost>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let outcome = tokio::task::spawn_blocking(closure).await;
        outcome.map_err(|error| Lost(error.to_string()))
    }

    async fn compute<T, F>(&self, closure: F) -> Result<T, Lost>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        if self.is_inline {
            return Ok(closure());
        }
        self.read(closure).await
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// What tokio tells without its unstable interface.
    fn metrics(&self) -> String {
        let metrics = Handle::current().metrics();
        let mut text = String::new();
        for (name, value) in [
            ("workers", metrics.num_workers()),
            ("alive_tasks", metrics.num_alive_tasks()),
            ("global_queue_depth", metrics.global_queue_depth()),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# TYPE tokio_{name} gauge\ntokio_{name} {value}");
        }
        text
    }
}
