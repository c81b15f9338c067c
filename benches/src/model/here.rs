#![forbid(unsafe_code)]
//! The model of the machine that was measured: with the costs that a comparison has found there, beside
//! what its experiment has found there.

use fastwake::topology::AffinityScope;

use crate::experiment::{Form, Moments};
use crate::results::{FASTWAKE, Results, RowResults};
use crate::sample::Sample;

use super::costs::Costs;
use super::outcome::Outcome;
use super::published::percent_more;
use super::setup::{Setup, Wake};
use super::shape::Shape;
use super::simulate;

/// The model and the experiment, for one scope and form.
#[derive(Debug, Clone, PartialEq)]
pub struct Here {
    /// The affinity scope, by its name.
    pub scope: String,
    /// How many items a producer has in flight.
    pub form: Form,
    /// Items a second that the experiment measured, with the wake-ups in the lock and after it.
    pub measured: [Moments; 2],
    /// What that gains in throughput, in per cent.
    pub measured_gain: f64,
    /// What the model says, in the lock and after it.
    pub model: [Outcome; 2],
    /// What it says that the gain is.
    pub model_gain: f64,
}

/// The costs of our two CPUs, with those in their place that these results have; `None` if they have none.
///
/// * The sum of `wake.idle` and `wake.latency` is the time in which a bare thread wakes another (`floor`, below
///   the row `wake-latency`); the share of each is that of the preset, which was measured apart.
/// * `item.call` and a free lock are a submission without anybody beside it: the median of `producers-1`.
#[must_use]
pub fn measured_costs(results: &Results) -> Option<Costs> {
    let mut costs = Costs::two_cpus();
    let wake = median(results, "wake-latency", |sample| {
        let beside = sample.beside.iter();
        let mut floors = beside.filter(|figure| figure.name == "floor p50");
        floors.next().map(|floor| floor.value)
    });
    let enqueue = median(results, "producers-1", |sample| {
        sample.figure("enqueue p50")
    });
    if wake.is_none() && enqueue.is_none() {
        return None;
    }
    if let Some(whole) = wake {
        let share = whole / (costs.wake.idle + costs.wake.latency) as f64;
        costs.wake.idle = (share * costs.wake.idle as f64) as u64;
        costs.wake.latency = (share * costs.wake.latency as f64) as u64;
    }
    if let Some(whole) = enqueue {
        costs.item.call = (whole as u64).saturating_sub(costs.line.lock).max(1);
    }
    let found = [(wake, "wake"), (enqueue, "call")];
    let found = found.iter().filter(|(value, _)| value.is_some());
    let found: Vec<&str> = found.map(|(_, name)| *name).collect();
    costs.name = format!(
        "{}, {} CPUs, fastwake: {} of the results, the others of the preset",
        results.machine.cpu,
        results.machine.cpus,
        found.join(" and ")
    );
    Some(costs)
}

/// The median of what fastwake's samples in a row have, if each has it.
fn median(results: &Results, row: &str, of: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
    let row: &RowResults = results.rows.iter().find(|found| found.name == row)?;
    let value = row.median(FASTWAKE, |sample| of(sample).unwrap_or(f64::NEG_INFINITY))?;
    (value > 0.0).then_some(value)
}

/// The experiment of these results beside the model, row by row; nothing if there was none. Rows are left
/// out whose scope has other pods than a machine of so many cores under one cache: the model would be asked
/// about another machine.
///
/// # Panics
///
/// If [`Costs::check`] would complain.
#[must_use]
pub fn beside_experiment(costs: &Costs, results: &Results) -> Vec<Here> {
    costs.check().expect("costs that can be computed with");
    let Some(experiment) = &results.experiment else {
        return Vec::new();
    };
    let shape = Shape::one_cache(results.machine.cpus.max(1));
    let pods = |name: &str| {
        let found = experiment.pods.iter().find(|pods| pods.scope == name);
        found.map(|pods| pods.pods.len())
    };
    let rows = experiment.rows.iter().filter_map(|row| {
        let scope: AffinityScope = row.scope.parse().ok()?;
        if pods(&row.scope)? != shape.pods(scope) {
            return None;
        }
        let setup = Setup::batched(shape, scope, row.form.batch());
        let model =
            [Wake::InLock, Wake::Deferred].map(|wake| simulate(costs, &Setup { wake, ..setup }));
        Some(Here {
            scope: row.scope.clone(),
            form: row.form,
            measured: [
                row.in_lock.items_per_second,
                row.after_unlock.items_per_second,
            ],
            measured_gain: row.gain,
            model,
            model_gain: percent_more(model[0].throughput, model[1].throughput),
        })
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::sample::Unit;

    #[test]
    fn the_costs_that_were_measured_take_the_place_of_the_preset() {
        let preset = Costs::two_cpus();
        let mut results = fixture::results(vec![fixture::row("yield", &[1.0], &[2.0])]);
        assert_eq!(measured_costs(&results), None);
        let changed = |name: &str, change: &dyn Fn(Sample) -> Sample| {
            let mut row = fixture::row(name, &[1.0], &[2.0]);
            let samples = row.rounds.iter_mut().flat_map(|round| round.values_mut());
            samples.for_each(|sample| *sample = change(sample.clone()));
            row
        };
        let ns = Unit::Nanoseconds;
        let woken = changed("wake-latency", &|sample| {
            sample.beside("floor p50", ns, 2_100.0)
        });
        results.rows.push(woken);
        let costs = measured_costs(&results).unwrap();
        assert_eq!((costs.wake.idle, costs.wake.latency), (600, 1_500));
        assert_eq!(costs.item, preset.item);
        assert!(
            costs.name.contains(": wake of the results"),
            "{}",
            costs.name
        );
        let called = changed("producers-1", &|sample| {
            sample.with("enqueue p50", ns, 90.0)
        });
        results.rows.push(called);
        let costs = measured_costs(&results).unwrap();
        assert_eq!(costs.item.call, 90 - preset.line.lock);
        assert!(costs.name.contains("wake and call"), "{}", costs.name);
        assert_eq!(costs.check(), Ok(()));
    }

    #[test]
    fn the_experiment_stands_beside_the_model_where_the_pods_are_the_same() {
        let mut results = fixture::everything_else();
        let costs = Costs::two_cpus();
        let here = beside_experiment(&costs, &results);
        let names: Vec<_> = here
            .iter()
            .map(|here| (here.scope.as_str(), here.form))
            .collect();
        let rows = &results.experiment.as_ref().unwrap().rows;
        let expected: Vec<_> = rows
            .iter()
            .map(|row| (row.scope.as_str(), row.form))
            .collect();
        assert_eq!(names, expected);
        for here in &here {
            assert_eq!(here.measured.map(|rate| rate.mean), [1e6, 1.5e6]);
            assert!(here.model.iter().all(|model| model.throughput > 0.0));
        }
        // Of three CPUs, the pods of the experiment are not those of the model.
        results.machine.cpus = 3;
        let here = beside_experiment(&costs, &results);
        assert!(here.iter().all(|here| here.scope != "cpu"), "{here:?}");
        results.experiment = None;
        assert!(beside_experiment(&costs, &results).is_empty());
    }
}
