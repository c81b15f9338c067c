#![forbid(unsafe_code)]
//! Runs the peers in turn.

use crate::cost::Cost;
use crate::peer::Which;
use crate::workload::{Row, Setting};

/// Who runs in a round. tokio runs twice: how far its ratio to itself strays from 1 is how much of
/// a difference this machine makes of nothing.
const CONTESTANTS: [Which; 3] = [Which::Fastwake, Which::Tokio, Which::Tokio];

/// In which order they run, round by round: all orders there are. If they only took turns, each would
/// always run after the same other one, and in the heap and on the page tables that it left.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [0, 2, 1],
    [2, 0, 1],
    [1, 0, 2],
];

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

/// Runs a row. Each round builds each runtime anew, and runs them in another order: what the machine
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
    let one_round = |order: [usize; 3]| {
        let mut costs = [None; 3];
        for place in order {
            costs[place] = Some(measure(CONTESTANTS[place]));
        }
        let [fastwake, tokio, tokio_again] =
            costs.map(|cost| cost.expect("each order has a turn for each contestant"));
        Round {
            fastwake,
            tokio,
            tokio_again,
        }
    };
    ORDERS
        .into_iter()
        .cycle()
        .take(rounds)
        .map(one_round)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_contestant_runs_once_a_round_and_as_often_after_each_other_one() {
        let mut follows = [[0; 3]; 3];
        for order in ORDERS {
            let mut sorted = order;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2]);
            order
                .windows(2)
                .for_each(|pair| follows[pair[0]][pair[1]] += 1);
        }
        for (first, row) in follows.iter().enumerate() {
            for (second, &times) in row.iter().enumerate() {
                assert_eq!(times, if first == second { 0 } else { 2 });
            }
        }
    }
}
