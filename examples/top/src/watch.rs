//! Asks again and again, on a thread of its own: a process that does not answer keeps nobody from
//! pressing a key.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use crate::inspect;
use crate::sample::Sample;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often to look whether a process that has gone is there again, at least.
const RETRY: Duration = Duration::from_secs(1);

/// What there is to know: a sample, or why there is none.
pub(crate) type Update = Result<Sample, String>;

/// One answer, as it is.
///
/// # Errors
///
/// In a few words, why there is none.
pub(crate) fn ask(socket: &Path) -> Result<String, String> {
    inspect::ask(socket, "metrics json", PATIENCE).map_err(|error| error.to_string())
}

/// Sends an update each `interval`, for as long as somebody takes them.
pub(crate) fn watch(socket: PathBuf, interval: Duration, updates: Sender<Update>) {
    thread::spawn(move || {
        loop {
            let start = Instant::now();
            let update = ask(&socket).and_then(|text| Sample::parse(&text));
            let pause = match update {
                Ok(_) => interval,
                Err(_) => interval.min(RETRY),
            };
            if updates.send(update).is_err() {
                return;
            }
            thread::sleep(pause.saturating_sub(start.elapsed()));
        }
    });
}
