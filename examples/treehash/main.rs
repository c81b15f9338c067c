//! `treehash PATH` prints the SHA-256 of every regular file under `PATH`, sorted by path, in the
//! format of GNU `sha256sum`; `sha256sum --check` reads it back.
//!
//! ```text
//! cargo run --release --example treehash -- /usr/include
//! ```
//!
//! Standard output is what `find PATH -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum`
//! prints, byte for byte. Like `find`, the program follows no symbolic link, `PATH` included
//! unless it ends in a slash, and never opens a fifo, a socket or a device.
//!
//! # How it uses the runtime
//!
//! Each kind of work runs where the runtime wants it:
//!
//! * **Blocking tasks** make the system calls that may wait for a disk: `walk` lists the tree in
//!   steps, `read` fills a buffer with the contents of many small files or a part of a large one,
//!   and whatever lines are ready are written to standard output.
//! * **CPU-intensive tasks** hash those buffers: at most one a CPU, at a lower priority, so that
//!   reading and coordinating stay prompt however much there is to hash.
//! * **One async task a batch** (`lane`) joins the two, and hashes one buffer while it reads the
//!   next. **One task** (`coordinator`) owns all state and waits on a `JoinSet`; there is no lock
//!   and no channel.
//!
//! The number of buffers is fixed, and a batch begins only when it gets hold of one: that bounds
//! the work in flight and the memory, whatever the size of the files. What grows with the tree is
//! the list of paths that were found and not yet printed.
#![forbid(unsafe_code)]

mod args;
mod batch;
mod coordinator;
mod failure;
mod hash;
mod lane;
mod open;
mod output;
mod progress;
mod read;
mod stop;
mod walk;

use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use fastwake::runtime::Builder;

use args::Request;
use progress::Progress;
use stop::Stop;
use walk::Walker;

fn main() -> ExitCode {
    let outcome = match args::parse(std::env::args_os().skip(1)) {
        Ok(Request::Hash(path)) => hash_tree(&path),
        Ok(Request::Help) => print(args::HELP),
        Ok(Request::Version) => print(args::VERSION),
        Err(message) => Err(Stop::Usage(message)),
    };
    outcome.unwrap_or_else(|stop| stop.report())
}

fn print(text: &str) -> Result<ExitCode, Stop> {
    output::write_stdout(text.as_bytes()).map_err(Stop::on_stdout)?;
    Ok(ExitCode::SUCCESS)
}

fn hash_tree(path: &OsStr) -> Result<ExitCode, Stop> {
    let walker = Walker::new(path).map_err(|failure| Stop::Usage(failure.to_string()))?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::Broken(format!("cannot start the runtime: {error}")))?;
    let progress = Progress::on_terminal();
    if walker.is_over() {
        progress.say(format_args!(
            "{path:?} is neither a directory nor a regular file \
             (a link to a directory is followed when a slash ends it)"
        ));
    }
    let started = Instant::now();
    let outcome = runtime.block_on(coordinator::run(walker, progress.clone()));
    progress.clear();
    let tally = outcome?;
    // A summary that cannot be written is no reason to fail: the hashes are out.
    let _ = writeln!(
        std::io::stderr(),
        "treehash: {}",
        tally.summary(started.elapsed())
    );
    Ok(if tally.failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
