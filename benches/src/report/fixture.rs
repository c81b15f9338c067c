#![forbid(unsafe_code)]
//! Results made by hand.

use std::collections::BTreeMap;

use crate::cost::Cost;
use crate::machine::Machine;
use crate::results::{FASTWAKE, Results, RowResults, TOKIO, TOKIO_AGAIN};
use crate::sample::Sample;

/// Of these rows.
pub(super) fn results(rows: Vec<RowResults>) -> Results {
    let version = |package: &str| (package.to_owned(), "1.0".to_owned());
    Results {
        counts: None,
        machine: Machine {
            versions: vec![version("fastwake"), version("tokio")],
            compiler: "a compiler".to_owned(),
            kernel: "a kernel".to_owned(),
            cpu: "a CPU".to_owned(),
            cpus: 2,
            pinning: "none".to_owned(),
            load: "0.00".to_owned(),
            optimized: true,
        },
        workers: 2,
        rows,
    }
}

/// With these times, round by round; tokio takes as long both times.
pub(super) fn row(name: &str, fastwake: &[f64], tokio: &[f64]) -> RowResults {
    let rounds = fastwake.iter().zip(tokio).map(|(&fastwake, &tokio)| {
        let all = [(FASTWAKE, fastwake), (TOKIO, tokio), (TOKIO_AGAIN, tokio)];
        let samples = all.map(|(who, wall)| (who.to_owned(), sample(wall)));
        BTreeMap::from(samples)
    });
    RowResults {
        name: name.to_owned(),
        question: format!("What of {name}?"),
        refuted_by: "a ratio below 1".to_owned(),
        operations: 10,
        rounds: rounds.collect(),
    }
}

/// Of a run whose operations took so long, on one CPU.
pub(super) fn sample(wall: f64) -> Sample {
    Sample::timed(Cost {
        wall,
        cpu: wall,
        switches: 0.0,
    })
}
