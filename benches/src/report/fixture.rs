#![forbid(unsafe_code)]
//! Results made by hand.

use std::collections::BTreeMap;

use crate::cost::Cost;
use crate::count::{Counts, Instructions, RowCounts, SystemCalls};
use crate::experiment::{self, Form, Holds, Mode, Outcome, Percentiles, ScopePods};
use crate::machine::Machine;
use crate::model::{self, CHIPLETS, Checked, Costs, Figures, ONE_CACHE, Predicted, Prediction};
use crate::results::{FASTWAKE, Results, RowResults, TOKIO, TOKIO_AGAIN};
use crate::sample::Sample;
use crate::spread::Spread;

/// Of these rows.
pub(crate) fn results(rows: Vec<RowResults>) -> Results {
    let version = |package: &str| (package.to_owned(), "1.0".to_owned());
    Results {
        counts: None,
        experiment: None,
        model: None,
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
        own_processes: true,
        rows,
    }
}

/// With these times, round by round; tokio takes as long both times.
pub(crate) fn row(name: &str, fastwake: &[f64], tokio: &[f64]) -> RowResults {
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

/// Of one row.
pub(super) fn counts(row: &str) -> Counts {
    let both = [(FASTWAKE, 1.0), (TOKIO, 2.0)];
    let calls = |(who, each): (&str, f64)| {
        let calls = SystemCalls {
            operations: 10,
            total: Spread::of([each]),
            kinds: vec![("futex wake".to_owned(), each)],
        };
        (who.to_owned(), calls)
    };
    let instructions = |(who, each): (&str, f64)| {
        let instructions = Instructions {
            operations: (10, 30),
            per_operation: Spread::of([300.0 * each]),
        };
        (who.to_owned(), instructions)
    };
    Counts {
        rows: vec![RowCounts {
            row: row.to_owned(),
            system_calls: both.map(calls).into(),
            instructions: both.map(instructions).into(),
        }],
        omitted: vec!["other: it went <wrong>".to_owned()],
        ..Counts::default()
    }
}

/// Without rows, but with the experiment and the model.
pub(crate) fn everything_else() -> Results {
    Results {
        experiment: Some(experiment(true)),
        model: Some(answers()),
        ..results(Vec::new())
    }
}

/// Of three scopes, two of them with the same pods; with a process that measures the lock, or without.
/// With the wake-ups after the unlock it is half as much again.
pub(super) fn experiment(holds: bool) -> experiment::Results {
    let pods = [
        ("cpu", &["0", "1"][..]),
        ("cache", &["0-1"][..]),
        ("system", &["0-1"][..]),
    ]
    .map(|(scope, pods)| ScopePods {
        scope: scope.to_owned(),
        pods: pods.iter().map(ToString::to_string).collect(),
    });
    let mut outcomes = Vec::new();
    for scope in &pods {
        for form in Form::ALL {
            for mode in Mode::ALL {
                let base = if mode == Mode::InLock { 1e6 } else { 1.5e6 };
                let plain = [base - 1e5, base + 1e5];
                outcomes.extend(plain.map(|rate| outcome(&scope.scope, form, mode, rate)));
                let measuring = outcome(&scope.scope, form, mode, 1.0);
                outcomes.extend(holds.then(|| Outcome {
                    holds: Some(held(mode)),
                    ..measuring
                }));
            }
        }
    }
    experiment::Results::new(pods.into(), outcomes)
}

fn outcome(scope: &str, form: Form, mode: Mode, items_per_second: f64) -> Outcome {
    Outcome {
        scope: scope.to_owned(),
        mode,
        form,
        batch: form.batch(),
        producers: 8,
        pinned: true,
        workers: 2,
        pools: 1,
        items: 1_000,
        items_per_second,
        enqueue_ns: match mode {
            Mode::InLock => percentiles(40_000),
            Mode::AfterUnlock => percentiles(4_000),
        },
        wakes_per_item: 0.05,
        wakes_inside_lock_per_item: 0.0,
        switches_per_item: 1.0,
        cpu_seconds: 0.001,
        holds: None,
    }
}

fn held(mode: Mode) -> Holds {
    let (p99, tail) = match mode {
        Mode::InLock => (5_000, 4_800),
        Mode::AfterUnlock => (200, 192),
    };
    Holds {
        cycles: percentiles(p99),
        histogram: vec![(26, 950), (tail, 50)],
        sections: 1_000,
        cycles_per_ns: 2.6,
        share_of_time: 0.1,
    }
}

fn percentiles(p99: u64) -> Percentiles {
    Percentiles {
        p50: 50,
        p95: 100,
        p99,
        max: p99,
        mean: 60.0,
    }
}

/// Of machines of 8 and 16 CPUs, on which waking after the lock gains a quarter.
pub(super) fn answers() -> model::Answers {
    let mut rows = Vec::new();
    for shape in [ONE_CACHE, CHIPLETS] {
        for cpus in [8, 16] {
            let scopes = [
                ("cpu", cpus),
                ("cache_shard", cpus / 8),
                ("cache", 1),
                ("system", 1),
            ];
            for (scope, pods) in scopes {
                rows.extend(model::BATCHES.map(|batch| Prediction {
                    shape: shape.to_owned(),
                    cpus,
                    scope: scope.to_owned(),
                    pods,
                    batch,
                    in_lock: simulated(0.8e6 * pods as f64),
                    deferred: simulated(1e6 * pods as f64),
                    gain: 25.0,
                }));
            }
        }
    }
    let figures = |in_lock, deferred, gain, p50| Figures {
        in_lock,
        deferred,
        gain,
        p50,
        p95_move: None,
    };
    model::Answers {
        checked: vec![Checked {
            machine: "a machine".to_owned(),
            scope: "cache".to_owned(),
            published: figures(1e6, 1.2e6, 20.0, None),
            model: figures(1.1e6, 1.26e6, 15.0, Some(2_500)),
        }],
        predicted: vec![Predicted {
            costs: Costs::two_cpus(),
            rows,
        }],
    }
}

fn simulated(throughput: f64) -> model::Outcome {
    model::Outcome {
        throughput,
        p50: 1_000,
        p95: 2_000,
        p99: 3_000,
        wakes: 0.1,
        futile: 0.0,
        lock_busy: 0.5,
    }
}
