#![forbid(unsafe_code)]
//! Runs the contestants in turn: A B C, B C A, and so on.

pub mod apart;
mod contestant;
mod orders;

use std::collections::BTreeMap;
use std::io;

use crate::results::RowResults;
use crate::workload::{Row, Setting};

pub use contestant::Contestant;

/// Runs a row for so many rounds. In each round every contestant builds its runtime anew, and they run
/// in another order: what the machine does meanwhile, and what a runtime leaves behind, meets all of
/// them alike. `progress` is called after each round.
///
/// # Errors
///
/// If a contestant of a build apart has ended.
pub fn run(
    row: &Row,
    contestants: &mut [Contestant],
    setting: Setting,
    rounds: usize,
    mut progress: impl FnMut(),
) -> io::Result<RowResults> {
    let mut runs: Vec<&mut Contestant> = contestants
        .iter_mut()
        .filter(|contestant| contestant.runs(row))
        .collect();
    // Caches, page tables, the clock of the CPU: nobody's first time counts.
    for contestant in &mut runs {
        contestant.measure(row, setting)?;
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
            let contestant = &mut runs[place];
            let sample = contestant.measure(row, setting)?;
            round.insert(contestant.name.to_owned(), sample);
        }
        results.rounds.push(round);
        progress();
    }
    Ok(results)
}
