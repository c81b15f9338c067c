#![forbid(unsafe_code)]
//! Runs the contestants in turn: A B C, B C A, and so on.

pub mod apart;
mod contestant;
mod orders;
pub mod process;

use std::collections::BTreeMap;
use std::io;

use crate::results::RowResults;
use crate::sample::Sample;
use crate::workload::{Row, Setting};

pub use contestant::Contestant;
use process::{PATIENCE, Process};

/// Runs a row for so many rounds. Every contestant has a process of its own, which is started for this
/// row and ended after it; in each round it builds its runtime anew. They run in turn, in another order
/// from round to round: what the machine does meanwhile meets all of them alike, and what a runtime
/// leaves behind in its process meets only itself. `progress` is called after each round.
///
/// # Errors
///
/// If a contestant cannot be started, has ended, or gives no answer: it is named, with what its process
/// has said.
pub fn run(
    row: &Row,
    contestants: &[Contestant],
    setting: Setting,
    rounds: usize,
    mut progress: impl FnMut(),
) -> io::Result<RowResults> {
    let mut runs = Vec::new();
    for contestant in contestants.iter().filter(|one| one.runs(row)) {
        runs.push(Run::start(contestant, row)?);
    }
    // Caches, page tables, the clock of the CPU: nobody's first time counts.
    for run in &mut runs {
        run.measure(row, setting)?;
    }
    let mut results = RowResults {
        name: row.name.to_owned(),
        question: row.question.to_owned(),
        refuted_by: row.refuted_by.to_owned(),
        operations: setting.operations,
        rounds: Vec::with_capacity(rounds),
    };
    let orders = orders::orders(runs.len());
    for order in orders.iter().cycle().take(rounds) {
        let mut round = BTreeMap::new();
        for &place in order {
            let run = &mut runs[place];
            let sample = run.measure(row, setting)?;
            round.insert(run.contestant.name.to_owned(), sample);
        }
        results.rounds.push(round);
        progress();
    }
    Ok(results)
}

/// A contestant and its process for a row.
struct Run<'a> {
    contestant: &'a Contestant,
    process: Process,
}

impl<'a> Run<'a> {
    fn start(contestant: &'a Contestant, row: &Row) -> io::Result<Self> {
        let process = contestant.start();
        Ok(Self {
            contestant,
            process: process.map_err(|error| named(contestant, row, &error))?,
        })
    }

    fn measure(&mut self, row: &Row, setting: Setting) -> io::Result<Sample> {
        let which = self.contestant.which;
        let measured = self.process.measure(row, which, setting, PATIENCE);
        measured.map_err(|error| named(self.contestant, row, &error))
    }
}

fn named(contestant: &Contestant, row: &Row, error: &io::Error) -> io::Error {
    let text = format!("{} in {}: {error}", contestant.name, row.name);
    io::Error::new(error.kind(), text)
}
