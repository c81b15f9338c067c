#![forbid(unsafe_code)]
//! Who runs: a runtime in this process, or one of a build apart.

use std::io;
use std::path::Path;

use crate::peer::Which;
use crate::results::{FASTWAKE, TOKIO, TOKIO_AGAIN};
use crate::sample::Sample;
use crate::workload::{Row, Setting};

use super::apart::{Apart, STD_LOCKS, TUNED};

/// One who runs rows.
#[derive(Debug)]
pub struct Contestant {
    /// Its name in the results.
    pub name: &'static str,
    seat: Seat,
}

#[derive(Debug)]
enum Seat {
    Here(Which),
    Apart(Apart),
}

impl Contestant {
    fn here(name: &'static str, which: Which) -> Self {
        Self {
            name,
            seat: Seat::Here(which),
        }
    }

    /// fastwake, tokio, and tokio once more.
    #[must_use]
    pub fn few() -> Vec<Self> {
        vec![
            Self::here(FASTWAKE, Which::Fastwake),
            Self::here(TOKIO, Which::Tokio),
            Self::here(TOKIO_AGAIN, Which::Tokio),
        ]
    }

    /// All: also smol, tokio twice (where a row asks for that), and tokio's other builds, which are
    /// made first, in `target`; `say` is told. What cannot be built is left out, and said.
    pub fn all(target: &Path, mut say: impl FnMut(&str)) -> Vec<Self> {
        let mut all = Self::few();
        all.push(Self::here(Which::Smol.name(), Which::Smol));
        all.push(Self::here(Which::TwoTokios.name(), Which::TwoTokios));
        for build in [STD_LOCKS, TUNED] {
            say(&format!("building {}", build.name));
            match build
                .build(target)
                .and_then(|program| Apart::start(&program))
            {
                Ok(apart) => all.push(Self {
                    name: build.name,
                    seat: Seat::Apart(apart),
                }),
                Err(error) => say(&format!("without {}: {error}", build.name)),
            }
        }
        all
    }

    /// Is the row one for it?
    #[must_use]
    pub fn runs(&self, row: &Row) -> bool {
        let which = match self.seat {
            Seat::Here(which) => which,
            Seat::Apart(_) => Which::Tokio,
        };
        row.peers.contains(&which)
    }

    /// Runs a row, warmed up.
    ///
    /// # Errors
    ///
    /// If it runs apart, and has ended.
    pub fn measure(&mut self, row: &Row, setting: Setting) -> io::Result<Sample> {
        match &mut self.seat {
            Seat::Here(which) => Ok(row.warmed_up(*which, setting)),
            Seat::Apart(apart) => apart.measure(row, setting).map_err(|error| {
                let text = format!("{} in {}: {error}", self.name, row.name);
                io::Error::new(error.kind(), text)
            }),
        }
    }
}
