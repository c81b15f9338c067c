//! What the whole experiment comes to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::run::{Holds, Outcome};
use super::setting::{Form, Mode};

/// Everything, for a report: what the rows say is computed from the outcomes, which are all there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The pods of each scope on this machine. Scopes with the same pods are the same experiment.
    pub pods: Vec<ScopePods>,
    /// One for each form and scope, forms first, scopes from the finest to the coarsest.
    pub rows: Vec<Row>,
    /// Each process, in the order in which they ran.
    pub outcomes: Vec<Outcome>,
}

/// Which CPUs share a pool under a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopePods {
    /// The scope's name.
    pub scope: String,
    /// Its pods, as lists of CPUs such as `0-3,8`.
    pub pods: Vec<String>,
}

/// Wake-ups inside the lock against those after it, for one scope and form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The affinity scope, by its name.
    pub scope: String,
    /// How many items a producer had in flight.
    pub form: Form,
    /// With the wake-ups inside the lock.
    pub in_lock: Measured,
    /// With the wake-ups after the unlock.
    pub after_unlock: Measured,
    /// By how much the mean throughput is higher after the unlock, in per cent.
    pub gain: f64,
    /// The same for each pair of processes that ran one after the other.
    pub gain_by_round: Moments,
    /// By how much the mean of the median enqueue is longer after the unlock, in per cent; below
    /// zero it is shorter.
    pub p50_move: f64,
    /// The same for the 95th percentile.
    pub p95_move: f64,
    /// The same for the 99th percentile.
    pub p99_move: f64,
}

/// What the processes of one kind came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Items a second.
    pub items_per_second: Moments,
    /// The median of enqueues, in nanoseconds.
    pub p50_ns: Moments,
    /// Their 95th percentile.
    pub p95_ns: Moments,
    /// Their 99th percentile.
    pub p99_ns: Moments,
    /// Futex wakes of workers for each item.
    pub wakes_per_item: Moments,
    /// Voluntary context switches of the whole process for each item.
    pub switches_per_item: Moments,
    /// CPU time of the whole process for each item, in nanoseconds.
    pub cpu_ns_per_item: Moments,
    /// How long the injectors' locks were held, from processes that measured only this; `None` if
    /// none did.
    pub held: Option<Held>,
}

/// Of some processes: the mean, and how far they lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// The mean.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// The standard deviation of the sample; 0 for a single process.
    pub deviation: f64,
}

/// How long the injectors' locks were held: the means over the processes, and all sections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Half of the locked sections took at most so many cycles of the time stamp counter.
    pub p50_cycles: f64,
    /// 95 of 100 took at most so many.
    pub p95_cycles: f64,
    /// 99 of 100 took at most so many.
    pub p99_cycles: f64,
    /// So many in the mean.
    pub mean_cycles: f64,
    /// The longest.
    pub max_cycles: f64,
    /// Cycles in a nanosecond.
    pub cycles_per_ns: f64,
    /// The share of the time for which a lock was held, added up over the pools.
    pub share_of_time: f64,
    /// The locked sections of all processes by their length: the least number of cycles that falls
    /// into a bucket, a sixteenth of a power of two wide, and how many sections did.
    pub histogram: Vec<(u64, u64)>,
}

impl ScopePods {
    /// Which scopes have which pods, those with the same ones together.
    #[must_use]
    pub fn groups(all: &[Self]) -> Vec<(&[String], Vec<&str>)> {
        let mut groups: Vec<(&[String], Vec<&str>)> = Vec::new();
        for Self { scope, pods } in all {
            match groups.iter_mut().find(|(of, _)| of == pods) {
                Some((_, scopes)) => scopes.push(scope),
                None => groups.push((pods, vec![scope])),
            }
        }
        groups
    }
}

impl Moments {
    /// Of these values.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "no values have no mean");
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            deviation: (squares / (n - 1.0).max(1.0)).sqrt(),
        }
    }
}

impl Held {
    fn of(holds: &[&Holds]) -> Option<Self> {
        if holds.is_empty() {
            return None;
        }
        let mean = |value: &dyn Fn(&Holds) -> f64| {
            holds.iter().map(|holds| value(holds)).sum::<f64>() / holds.len() as f64
        };
        let mut histogram = BTreeMap::<u64, u64>::new();
        for (cycles, sections) in holds.iter().flat_map(|holds| &holds.histogram) {
            *histogram.entry(*cycles).or_default() += sections;
        }
        Some(Self {
            p50_cycles: mean(&|holds| holds.cycles.p50 as f64),
            p95_cycles: mean(&|holds| holds.cycles.p95 as f64),
            p99_cycles: mean(&|holds| holds.cycles.p99 as f64),
            mean_cycles: mean(&|holds| holds.cycles.mean),
            max_cycles: mean(&|holds| holds.cycles.max as f64),
            cycles_per_ns: mean(&|holds| holds.cycles_per_ns),
            share_of_time: mean(&|holds| holds.share_of_time),
            histogram: histogram.into_iter().collect(),
        })
    }
}

impl Measured {
    /// Of processes of one kind, of which some have measured the lock and nothing else.
    fn of(outcomes: &[&Outcome]) -> Self {
        let holds: Vec<&Holds> = outcomes
            .iter()
            .filter_map(|outcome| outcome.holds.as_ref())
            .collect();
        let moments = |value: fn(&Outcome) -> f64| {
            let plain = outcomes.iter().filter(|outcome| outcome.holds.is_none());
            let values: Vec<f64> = plain.map(|outcome| value(outcome)).collect();
            Moments::of(&values)
        };
        Self {
            items_per_second: moments(|outcome| outcome.items_per_second),
            p50_ns: moments(|outcome| outcome.enqueue_ns.p50 as f64),
            p95_ns: moments(|outcome| outcome.enqueue_ns.p95 as f64),
            p99_ns: moments(|outcome| outcome.enqueue_ns.p99 as f64),
            wakes_per_item: moments(|outcome| outcome.wakes_per_item),
            switches_per_item: moments(|outcome| outcome.switches_per_item),
            cpu_ns_per_item: moments(|outcome| outcome.cpu_seconds * 1e9 / outcome.items as f64),
            held: Held::of(&holds),
        }
    }
}

impl Row {
    fn of(scope: &str, form: Form, outcomes: &[Outcome]) -> Self {
        let of_mode = |mode: Mode| {
            let is_one = |outcome: &&Outcome| {
                outcome.scope == scope && outcome.form == form && outcome.mode == mode
            };
            outcomes.iter().filter(is_one).collect::<Vec<_>>()
        };
        let (before, after) = (of_mode(Mode::InLock), of_mode(Mode::AfterUnlock));
        let gains: Vec<f64> = before
            .iter()
            .zip(&after)
            .filter(|(before, _)| before.holds.is_none())
            .map(|(before, after)| change(before.items_per_second, after.items_per_second))
            .collect();
        let (in_lock, after_unlock) = (Measured::of(&before), Measured::of(&after));
        let moved = |value: fn(&Measured) -> Moments| {
            change(value(&in_lock).mean, value(&after_unlock).mean)
        };
        Self {
            scope: scope.to_owned(),
            form,
            gain: moved(|measured| measured.items_per_second),
            gain_by_round: Moments::of(&gains),
            p50_move: moved(|measured| measured.p50_ns),
            p95_move: moved(|measured| measured.p95_ns),
            p99_move: moved(|measured| measured.p99_ns),
            in_lock,
            after_unlock,
        }
    }

    /// What was measured in this mode.
    #[must_use]
    pub fn measured(&self, mode: Mode) -> &Measured {
        match mode {
            Mode::InLock => &self.in_lock,
            Mode::AfterUnlock => &self.after_unlock,
        }
    }
}

/// By how many per cent the second is more than the first.
fn change(before: f64, after: f64) -> f64 {
    100.0 * (after / before - 1.0)
}

impl Results {
    /// Of these processes.
    ///
    /// # Panics
    ///
    /// If there is a scope and form without an outcome for both modes.
    #[must_use]
    pub fn new(pods: Vec<ScopePods>, outcomes: Vec<Outcome>) -> Self {
        let rows = Form::ALL
            .into_iter()
            .flat_map(|form| pods.iter().map(move |pods| (form, &pods.scope)))
            .map(|(form, scope)| Row::of(scope, form, &outcomes))
            .collect();
        Self {
            pods,
            rows,
            outcomes,
        }
    }

    /// The rows of a form, from the finest scope to the coarsest.
    pub fn of_form(&self, form: Form) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.form == form)
    }

    /// How the runs of a form went, in a line; `None` if there were none.
    #[must_use]
    pub fn conditions(&self, form: Form) -> Option<String> {
        let one = self.outcomes.iter().find(|outcome| outcome.form == form)?;
        let pinned = if one.pinned { "pinned" } else { "not pinned" };
        Some(format!(
            "{form}: {} producers, {pinned}, {} items in all, {} in flight for each; {} workers",
            one.producers, one.items, one.batch, one.workers
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::run::Percentiles;

    const ENQUEUE: Percentiles = Percentiles {
        p50: 100,
        p95: 200,
        p99: 400,
        max: 500,
        mean: 150.0,
    };

    fn outcome(mode: Mode, items_per_second: f64, p99: u64) -> Outcome {
        Outcome {
            scope: "cache".to_owned(),
            mode,
            form: Form::Closed,
            batch: 1,
            producers: 8,
            pinned: true,
            workers: 2,
            pools: 1,
            items: 1_000,
            items_per_second,
            enqueue_ns: Percentiles { p99, ..ENQUEUE },
            wakes_per_item: 0.5,
            wakes_inside_lock_per_item: 0.0,
            switches_per_item: 1.0,
            cpu_seconds: 0.001,
            holds: None,
        }
    }

    #[test]
    fn moments_are_those_of_a_sample() {
        let moments = Moments::of(&[2.0, 4.0, 6.0]);
        assert_eq!((moments.mean, moments.min, moments.max), (4.0, 2.0, 6.0));
        assert_eq!(moments.deviation, 2.0);
        assert_eq!(Moments::of(&[3.0]).deviation, 0.0);
    }

    #[test]
    fn a_row_compares_the_means_and_each_round() {
        let outcomes = [
            outcome(Mode::InLock, 100.0, 1_000),
            outcome(Mode::AfterUnlock, 150.0, 400),
            outcome(Mode::AfterUnlock, 150.0, 600),
            outcome(Mode::InLock, 300.0, 1_000),
        ];
        let row = Row::of("cache", Form::Closed, &outcomes);
        assert_eq!(row.gain, -25.0);
        assert_eq!(
            (row.gain_by_round.max, row.gain_by_round.min),
            (50.0, -50.0)
        );
        assert_eq!((row.p50_move, row.p99_move), (0.0, -50.0));
        assert_eq!(row.after_unlock.cpu_ns_per_item.mean, 1_000.0);
    }

    #[test]
    fn a_process_that_measures_the_lock_counts_for_nothing_else() {
        let holds = Holds {
            cycles: ENQUEUE,
            histogram: vec![(96, 3), (480, 1)],
            sections: 4,
            cycles_per_ns: 2.0,
            share_of_time: 0.25,
        };
        let measuring = Outcome {
            holds: Some(holds),
            ..outcome(Mode::InLock, 1.0, 1)
        };
        let plain = outcome(Mode::InLock, 100.0, 1_000);
        let measured = Measured::of(&[&plain, &measuring, &measuring]);
        assert_eq!(measured.items_per_second.mean, 100.0);
        let held = measured.held.unwrap();
        assert_eq!((held.p50_cycles, held.share_of_time), (100.0, 0.25));
        assert_eq!(held.histogram, [(96, 6), (480, 2)]);
        assert!(Measured::of(&[&plain]).held.is_none());
    }
}
