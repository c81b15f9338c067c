#![forbid(unsafe_code)]
//! All that is asked of the model, for a report.

use serde::{Deserialize, Serialize};

use super::costs::Costs;
use super::predict::{Prediction, predictions};
use super::published::{Checked, Machine, check};

/// All that is asked of the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// The published table beside the model's, machine by machine.
    pub checked: Vec<Checked>,
    /// What it says about other machines.
    pub predicted: Vec<Predicted>,
}

/// What it says about machines on which things cost as much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predicted {
    /// What things cost there.
    pub costs: Costs,
    /// Machine by machine.
    pub rows: Vec<Prediction>,
}

/// Those of Linux on the largest machine of the published table, and those of fastwake here.
const PREDICTED: [fn() -> Costs; 2] = [Costs::grace, Costs::two_cpus];

impl Answers {
    /// How often [`all`](Self::all) says that it has come further.
    pub const STEPS: usize = Machine::ALL.len() + PREDICTED.len();

    /// Asks everything: takes some seconds in a release build.
    #[must_use]
    pub fn all(mut step: impl FnMut()) -> Self {
        let mut checked = Vec::new();
        for machine in Machine::ALL {
            checked.extend(check(machine));
            step();
        }
        let predict = |costs: fn() -> Costs| {
            let costs = costs();
            let rows = predictions(&costs);
            step();
            Predicted { costs, rows }
        };
        Self {
            checked,
            predicted: PREDICTED.into_iter().map(predict).collect(),
        }
    }
}
