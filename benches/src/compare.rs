#![forbid(unsafe_code)]
//! Runs the peers in turn.

use crate::cost::Cost;
use crate::peer::Which;
use crate::workload::{Row, Setting};

/// Who runs in a round. tokio runs twice: how far its ratio to itself strays from 1 is how much of
/// a difference this machine makes of nothing.
const CONTESTANTS: [Which; 3] = [Which::Fastwake, Which::Tokio, Which::Tokio];

/// One round of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// What an operation cost on fastwake.
    pub fastwake: Cost,
    /// On tokio.
    pub tokio: Cost,
    /// On tokio once more.
    pub tokio_again: Cost,
}

/// Runs a row. Each round builds each runtime anew, and begins with another one: what the machine
/// does meanwhile, and what a runtime leaves behind, meets all of them alike.
#[must_use]
pub fn rounds(row: &Row, rounds: usize, workers: usize) -> Vec<Round> {
    let setting = Setting {
        workers,
        operations: row.operations,
    };
    let measure = |which| row.warmed_up(which, setting);
    // Caches, page tables, the clock of the CPU: nobody's first time counts.
    for which in Which::ALL {
        let _ = measure(which);
    }
    let one_round = |first: usize| {
        let mut costs = CONTESTANTS.map(|_| None);
        for turn in 0..CONTESTANTS.len() {
            let place = (first + turn) % CONTESTANTS.len();
            costs[place] = Some(measure(CONTESTANTS[place]));
        }
        let [fastwake, tokio, tokio_again] =
            costs.map(|cost| cost.expect("a round has a turn for each contestant"));
        Round {
            fastwake,
            tokio,
            tokio_again,
        }
    };
    (0..rounds).map(one_round).collect()
}
