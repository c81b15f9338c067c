#![forbid(unsafe_code)]
//! Who runs: a runtime, in a build of the program `workload`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peer::Which;
use crate::results::{FASTWAKE, TOKIO, TOKIO_AGAIN};
use crate::workload::Row;

use super::apart::{STD_LOCKS, TUNED};
use super::process::Process;

/// One who runs rows.
#[derive(Debug, Clone)]
pub struct Contestant {
    /// Its name in the results.
    pub name: &'static str,
    /// Its runtime.
    pub which: Which,
    program: PathBuf,
}

impl Contestant {
    /// A runtime as `program` has it.
    #[must_use]
    pub fn new(name: &'static str, which: Which, program: &Path) -> Self {
        let program = program.to_owned();
        Self {
            name,
            which,
            program,
        }
    }

    /// fastwake, tokio, and tokio once more, in this build of `workload`.
    #[must_use]
    pub fn few(workload: &Path) -> Vec<Self> {
        vec![
            Self::new(FASTWAKE, Which::Fastwake, workload),
            Self::new(TOKIO, Which::Tokio, workload),
            Self::new(TOKIO_AGAIN, Which::Tokio, workload),
        ]
    }

    /// All: also smol, tokio twice (where a row asks for that), and tokio's other builds, which are
    /// made first, in `target`; `say` is told. What cannot be built is left out, and said.
    pub fn all(workload: &Path, target: &Path, mut say: impl FnMut(&str)) -> Vec<Self> {
        let mut all = Self::few(workload);
        for which in [Which::Smol, Which::TwoTokios] {
            all.push(Self::new(which.name(), which, workload));
        }
        for build in [STD_LOCKS, TUNED] {
            say(&format!("building {}", build.name));
            match build.build(target) {
                Ok(program) => all.push(Self::new(build.name, Which::Tokio, &program)),
                Err(error) => say(&format!("without {}: {error}", build.name)),
            }
        }
        all
    }

    /// Is the row one for it?
    #[must_use]
    pub fn runs(&self, row: &Row) -> bool {
        row.peers.contains(&self.which)
    }

    /// Starts a process in which it runs.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn start(&self) -> io::Result<Process> {
        Process::start(Command::new(&self.program).arg("serve"))
    }
}
