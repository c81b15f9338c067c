#![forbid(unsafe_code)]
//! Contestants that need a build of their own: tokio with other features or flags cannot be in the
//! same program.

use std::io;
use std::path::{Path, PathBuf};

use crate::build::build_apart;

/// How such a build differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The contestant's name.
    pub name: &'static str,
    /// The folder of the build, beside the others in `target`.
    folder: &'static str,
    features: &'static [&'static str],
    flags: &'static str,
}

/// tokio with the locks of the standard library: what it has without its feature `parking_lot`.
pub const STD_LOCKS: Build = Build {
    name: "tokio-std",
    folder: "tokio-std",
    features: &[],
    flags: "",
};

/// tokio with what it offers, unstable as yet, to be faster: other timers, the driver handed over at
/// once, several queues for blocking closures.
pub const TUNED: Build = Build {
    name: "tokio-tuned",
    folder: "tokio-tuned",
    features: &["tokio-parking-lot"],
    flags: "--cfg tokio_unstable",
};

impl Build {
    /// Builds the program `workload` this way, and gives its path.
    ///
    /// # Errors
    ///
    /// If cargo is not there, or fails.
    pub fn build(&self, target: &Path) -> io::Result<PathBuf> {
        let folder = target.join(self.folder);
        build_apart("workload", &folder, self.features, self.flags)
    }
}
