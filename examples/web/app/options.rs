//! The options that the application has on any runtime.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use super::Folder;
use crate::cli::{self, Failure};

pub(crate) struct Options {
    pub(crate) address: String,
    root: Option<PathBuf>,
    /// How long a shutdown waits for requests.
    pub(crate) drain: Duration,
    /// The runtime's default if there is none.
    pub(crate) workers: Option<usize>,
}

impl Options {
    pub(crate) const HELP: &str = "      --addr HOST:PORT  where to listen; port 0 takes a free one
                        [127.0.0.1:8080]
      --root DIR        serve the files of this folder as /file/PATH; none
                        without it
      --drain SECONDS   after a signal, let requests go on for so long, from 0 to
                        86400 [10]
      --workers N       threads that run tasks, from 1 to 1024 [one a CPU]";

    pub(crate) fn new() -> Self {
        Self {
            address: "127.0.0.1:8080".to_owned(),
            root: None,
            drain: Duration::from_secs(10),
            workers: None,
        }
    }

    /// Takes in the option of that name, with its value.
    pub(crate) fn take(&mut self, name: &str, arguments: &mut Parser) -> Result<(), Failure> {
        match name {
            "addr" => self.address = cli::address(arguments.value()?.string()?, "--addr")?,
            "root" => self.root = Some(arguments.value()?.into()),
            "drain" => {
                let seconds = cli::number(arguments, "--drain", 0..=86_400)?;
                self.drain = Duration::from_secs(seconds);
            }
            "workers" => {
                let workers = cli::number(arguments, "--workers", 1..=1024)?;
                self.workers = Some(usize::try_from(workers)?);
            }
            _ => return Err(Arg::Long(name).unexpected().into()),
        }
        Ok(())
    }

    pub(crate) fn folder(&self) -> Result<Option<Folder>, Failure> {
        let Some(root) = &self.root else {
            return Ok(None);
        };
        let folder = Folder::new(root)
            .map_err(|error| format!("cannot serve the folder {root:?}: {error}"))?;
        Ok(Some(folder))
    }
}
