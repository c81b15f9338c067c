//! Every row runs on every peer.

use fastwake_benches::peer::Which;
use fastwake_benches::workload::{ROWS, Row, Setting};

const SMALL: usize = 200;

#[test]
fn every_row_ends_on_every_peer_and_costs_something() {
    fastwake_benches::limits::raise();
    for row in ROWS {
        for &which in row.peers {
            for workers in [1, 3] {
                let setting = Setting {
                    workers,
                    operations: SMALL,
                };
                let (sample, wakes) = row.once(which, setting);
                let cost = sample.cost;
                assert!(
                    cost.wall > 0.0,
                    "{} on {}: {cost:?}",
                    row.name,
                    which.name()
                );
                assert!(
                    cost.cpu >= 0.0 && cost.switches >= 0.0,
                    "{}: {cost:?}",
                    row.name
                );
                assert_eq!(wakes.is_some(), which == Which::Fastwake);
            }
        }
    }
}

#[test]
fn a_row_is_found_by_its_name_and_no_two_have_the_same() {
    for (index, row) in ROWS.iter().enumerate() {
        let position = ROWS.iter().position(|other| other.name == row.name);
        assert_eq!(position, Some(index), "{}", row.name);
        assert_eq!(
            Row::named(row.name).map(|found| found.question),
            Some(row.question)
        );
        assert!(row.question.ends_with('?'), "{}", row.name);
    }
    assert!(Row::named("").is_none());
}
