//! Fetches a URL with reqwest, a library that insists on tokio.
//!
//! ```text
//! cargo run --release --features tokio-compat --example fetch -- http://127.0.0.1:8080/
//! ```
//!
//! With the feature `tokio-compat` every thread of the runtime is in a tokio context: the library
//! finds its timers and its sockets there, and its futures are polled by fastwake's workers. This
//! program is a task of fastwake's like any other. Plain HTTP alone: it is built without TLS.
#![forbid(unsafe_code)]

#[path = "common/cli.rs"]
mod cli;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use fastwake::runtime::Runtime;
use reqwest::{Client, Url};

use cli::{Asked, Failure, Program, number};

const PROGRAM: Program = Program {
    name: "fetch",
    help: &["\
Usage: fetch [OPTIONS] URL

Write what an http URL leads to to standard output, and what the server says of it to standard error.

Options:
  -t, --timeout SECONDS  how long it may take, from 1 to 86,400 [30]
  -h, --help             print this text"],
};

struct Options {
    url: Url,
    timeout: Duration,
}

fn main() -> ExitCode {
    PROGRAM.main(parse, |options| Runtime::new()?.block_on(run(options)))
}

fn parse(mut arguments: lexopt::Parser) -> Result<Asked<Options>, Failure> {
    use lexopt::prelude::*;

    let mut url = None;
    let mut timeout = 30;
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(value) if url.is_none() => url = Some(value.string()?),
            Short('t') | Long("timeout") => {
                timeout = number(&mut arguments, "--timeout", 1..=86_400)?;
            }
            Short('h') | Long("help") => return Ok(Asked::Help),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let url = url.ok_or("there is no URL to fetch")?;
    let parsed = Url::parse(&url).map_err(|error| format!("{url:?} is no URL: {error}"))?;
    if parsed.scheme() != "http" {
        return Err(format!(
            "{url:?} begins with {}:, and only http: can be fetched",
            parsed.scheme()
        )
        .into());
    }
    Ok(Asked::Run(Options {
        url: parsed,
        timeout: Duration::from_secs(timeout),
    }))
}

async fn run(options: Options) -> Result<(), Failure> {
    let Options { url, timeout } = options;
    // In a task, on a worker: that is where a program's own clients live.
    fastwake::spawn(fetch(url, timeout)).await?
}

async fn fetch(url: Url, timeout: Duration) -> Result<(), Failure> {
    let client = Client::builder().timeout(timeout).build().map_err(whole)?;
    let mut response = client.get(url).send().await.map_err(whole)?;
    let status = response.status();
    eprintln!("{:?} {status}", response.version());
    for (name, value) in response.headers() {
        eprintln!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    while let Some(chunk) = response.chunk().await.map_err(whole)? {
        // Standard output may block: a pipe that nobody reads.
        let written = fastwake::task::block_in_place(|| io::stdout().lock().write_all(&chunk));
        match written {
            // Who reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    if status.is_success() {
        Ok(())
    } else {
        Err(format!("the server answered {status}").into())
    }
}

/// With its causes: the library's own text leaves them out.
fn whole(error: reqwest::Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text.into()
}
