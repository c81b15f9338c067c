//! The progress bar, and the messages beside it.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec}";

/// A handle on the bar, which is there only when standard error is a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Lines of output would be drawn over the bar.
    shares_terminal: bool,
}

impl Progress {
    pub(crate) fn on_terminal() -> Self {
        let bar = if io::stderr().is_terminal() {
            let style = ProgressStyle::with_template(TEMPLATE);
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            shares_terminal: io::stdout().is_terminal(),
        }
    }

    /// More bytes to hash were found.
    pub(crate) fn expect(&self, bytes: u64) {
        self.bar.inc_length(bytes);
    }

    /// So many bytes were hashed.
    pub(crate) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Runs `write`, which writes to standard output, without harm to the bar.
    ///
    /// Only where both are on one terminal: `write` may wait for as long as a reader likes, and
    /// all who count would wait with it for the bar.
    pub(crate) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.shares_terminal {
            self.bar.suspend(write)
        } else {
            write()
        }
    }

    /// Says something on standard error, in one line.
    pub(crate) fn say(&self, message: impl Display) {
        // Nowhere is left to complain about a standard error that cannot be written.
        let _ = self
            .bar
            .suspend(|| writeln!(io::stderr(), "treehash: {message}"));
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
