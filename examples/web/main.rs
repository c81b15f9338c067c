//! An axum application that is served by the runtime's own HTTP server.
//!
//! ```text
//! cargo run --release --example web -- --addr 127.0.0.1:8080 --root .
//! ```
//!
//! | | |
//! |---|---|
//! | `GET /` | a line of text |
//! | `GET /json` | an object |
//! | `POST /echo` | the body, as it comes |
//! | `GET /file/PATH` | a file in the folder of `--root` |
//! | `GET /hash?rounds=N` | something to compute |
//! | `GET /slow?ms=N` | something to wait for |
//! | `GET /metrics` | what the runtime has done, for Prometheus |
//!
//! # How it uses the runtime
//!
//! Each handler (`app`) says where its work belongs: files are read by closures that may block,
//! hashing goes to a work queue for what computes, and all the rest is in the connection's task. The
//! queue's threads are as nice as can be: who asks for a hash waits anyway, and gets what the others
//! leave. The hash of a client that has gone is taken back as long as it waits for a thread; what goes
//! on is one for each thread at most, and each has an end (`rounds` has a limit). Under a load of
//! `/hash`, `/` is answered as promptly as ever.
//!
//! # How it ends
//!
//! At Ctrl-C or `SIGTERM` it accepts no more connections, closes those that are idle, and lets
//! requests that have begun be answered; a deadline, or a second signal, ends the rest.
#![forbid(unsafe_code)]

mod app;
#[path = "../common/cli.rs"]
mod cli;
mod metrics;
#[path = "../common/signals.rs"]
mod signals;

use std::future::IntoFuture;
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use fastwake::net::TcpListener;
use fastwake::runtime::{Builder, Handle};
use fastwake::select;
use fastwake::sync::oneshot;
use fastwake::task::{AbortHandle, JoinHandle};
use fastwake::workqueue::WorkQueue;

use app::Lost;
use app::options::Options;
use cli::{Asked, Failure, Program, say};
use signals::Signals;

const PROGRAM: Program = Program {
    name: "web",
    help: &[
        "\
Usage: web [OPTIONS]

Serve HTTP until Ctrl-C or SIGTERM; then let requests that have begun be
answered, until all are, or a deadline or a second signal comes.

Options:",
        Options::HELP,
        "      --idle SECONDS    close a connection that has sent no whole head of a
                        request for so long, from 1 to 86400 [30]
  -h, --help            print this text",
    ],
};

struct Request {
    options: Options,
    /// How long a client may take for the head of a request.
    idle: Duration,
}

fn main() -> ExitCode {
    PROGRAM.main(parse, |request| {
        let mut builder = Builder::new_multi_thread();
        if let Some(workers) = request.options.workers {
            builder.worker_threads(workers);
        }
        let runtime = builder.enable_all().build()?;
        let outcome = runtime.block_on(run(request));
        // Closures of requests that were cut may go on for a while; nobody waits for them.
        runtime.shutdown_background();
        outcome
    })
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Request>, Failure> {
    use lexopt::prelude::*;

    let mut request = Request {
        options: Options::new(),
        idle: Duration::from_secs(30),
    };
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Asked::Help),
            Long("idle") => {
                let seconds = cli::number(&mut arguments, "--idle", 1..=86_400)?;
                request.idle = Duration::from_secs(seconds);
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
    let Request { options, idle } = request;
    let mut signals = Signals::new()?;
    let hashes = WorkQueue::builder("hashes")
        .cpu_intensive(true)
        .nice(19)
        .build()?;
    let router = app::router(Here { hashes }, options.folder()?);
    let listener = TcpListener::bind(&options.address)
        .await
        .map_err(|error| format!("cannot listen on {:?}: {error}", options.address))?;
    let address = listener.local_addr()?;
    say(format_args!("web: listening on {address}"));
    say(format_args!(
        "try: curl http://{address}/json    (Ctrl-C ends the server)"
    ));

    let (drain, asked_to_drain) = oneshot::channel::<()>();
    // ORDERING: Relaxed. Nothing but the line that it spares depends on it.
    let cannot_accept = Arc::new(AtomicBool::new(false));
    let accepted = Arc::clone(&cannot_accept);
    let make_service = move |_: &_| {
        accepted.store(false, Relaxed);
        router.clone()
    };
    let server = fastwake::hyper::serve_with(listener, make_service)
        .header_read_timeout(idle)
        .shutdown_timeout(options.drain)
        .on_accept_error(move |error| {
            // Once, not at each attempt.
            if !cannot_accept.swap(true, Relaxed) {
                PROGRAM.complain(format_args!("cannot accept for now: {error}"));
            }
        })
        .with_graceful_shutdown(async {
            // Ready when it is sent, and not before: the sender lives as long as the server.
            let _ = asked_to_drain.await;
        });
    let mut server = pin!(server.into_future());
    select! {
        outcome = &mut server => return Ok(outcome?),
        signal = signals.next() => say(format_args!(
            "web: {signal}: draining for up to {} s", options.drain.as_secs()
        )),
    }
    let _ = drain.send(());
    select! {
        outcome = &mut server => {
            outcome.map_err(|error| cut(error, options.drain))?;
            say("web: drained");
            Ok(())
        }
        signal = signals.next() => Err(format!("{signal}: ended before it was drained").into()),
    }
}

/// A drain that has not ended as it should, in this program's terms.
fn cut(error: io::Error, drain: Duration) -> Failure {
    if error.kind() != io::ErrorKind::TimedOut {
        return error.into();
    }
    let drain = drain.as_secs();
    format!("cut requests that were open after {drain} s: a longer --drain lets them be answered")
        .into()
}

/// This runtime, as the application sees it.
#[derive(Clone)]
struct Here {
    /// For what computes.
    hashes: WorkQueue,
}

impl app::Runtime for Here {
    async fn read<T, F>(&self, closure: F) -> Result<T, Lost>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        outcome(fastwake::task::spawn_blocking(closure)).await
    }

    async fn compute<T, F>(&self, closure: F) -> Result<T, Lost>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        outcome(self.hashes.spawn_blocking(closure)).await
    }

    async fn sleep(&self, duration: Duration) {
        fastwake::time::sleep(duration).await;
    }

    fn metrics(&self) -> String {
        metrics::text(&Handle::current().metrics())
    }
}

/// What a closure gives. If nobody waits for that any more, one that has not begun is taken back.
async fn outcome<T>(closure: JoinHandle<T>) -> Result<T, Lost> {
    let _recall = Recall(closure.abort_handle());
    closure.await.map_err(|error| Lost(error.to_string()))
}

/// Cancels when it is dropped, which changes nothing for what has ended.
struct Recall(AbortHandle);

impl Drop for Recall {
    fn drop(&mut self) {
        self.0.abort();
    }
}
