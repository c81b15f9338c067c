#![forbid(unsafe_code)]
//! What was published about the kernel's change, and what the model says to it.

use fastwake::topology::AffinityScope;
use serde::{Deserialize, Serialize};

use super::costs::Costs;
use super::outcome::Outcome;
use super::setup::{Setup, Wake};
use super::shape::Shape;
use super::simulate;

/// One of the machines that the patches were measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Virtual, arm64, 8 CPUs; submission in batches (v1).
    Arm64Vm,
    /// Virtual, x86, 8 CPUs; one item in flight (v2).
    X86Vm,
    /// NVIDIA Grace, 72 CPUs; one item in flight (v5).
    Grace,
}

/// The batch of v1 is not published. Larger ones give the same, smaller ones more wake-ups and so a
/// greater gain.
const BATCH: usize = 64;

impl Machine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Arm64Vm, Self::X86Vm, Self::Grace];

    /// What things cost there.
    #[must_use]
    pub fn costs(self) -> Costs {
        match self {
            Self::Arm64Vm => Costs::arm64_vm(),
            Self::X86Vm => Costs::x86_vm(),
            Self::Grace => Costs::grace(),
        }
    }

    /// The run that was published.
    #[must_use]
    pub fn setup(self, scope: AffinityScope) -> Setup {
        match self {
            Self::Arm64Vm => Setup::batched(Shape::one_cache(8), scope, BATCH),
            Self::X86Vm => Setup::closed_loop(Shape::one_cache(8), scope),
            Self::Grace => Setup::closed_loop(Shape::one_cache(72), scope),
        }
    }

    /// Items each second with the wake-up in the lock and after it, and by how many per cent the 95th
    /// percentile of the latency moved, by scope in the order of [`AffinityScope::ALL`].
    fn published(self) -> [(f64, f64, Option<f64>); 6] {
        match self {
            Self::Arm64Vm => [
                (1_419_973.0, 1_413_896.0, None),
                (1_442_921.0, 1_437_164.0, None),
                (1_184_058.0, 1_279_184.0, None),
                (1_167_603.0, 1_271_341.0, None),
                (1_163_617.0, 1_285_427.0, None),
                (1_175_933.0, 1_255_227.0, None),
            ],
            Self::X86Vm => [
                (3_611_591.0, 3_568_433.0, Some(4.6)),
                (3_601_697.0, 3_550_632.0, Some(6.1)),
                (341_913.0, 401_213.0, Some(-36.8)),
                (320_607.0, 400_560.0, Some(-41.9)),
                (324_909.0, 389_202.0, Some(-38.0)),
                (314_510.0, 392_278.0, Some(-37.5)),
            ],
            Self::Grace => [
                (3_580_440.0, 3_486_014.0, Some(3.5)),
                (3_545_763.0, 3_512_633.0, Some(2.8)),
                (3_397_678.0, 3_651_063.0, Some(-4.2)),
                (720_368.0, 797_914.0, Some(-9.8)),
                (719_794.0, 794_049.0, Some(-10.3)),
                (721_058.0, 798_010.0, Some(-10.0)),
            ],
        }
    }

    /// Median latency of the call that enqueues, in nanoseconds, before the wake-up was deferred. Of
    /// Grace from the series that brought `cache_shard`.
    fn published_p50(self, scope: AffinityScope) -> Option<u64> {
        let by_scope = match self {
            Self::Arm64Vm => [
                None,
                None,
                Some(2_875),
                Some(2_875),
                Some(2_875),
                Some(2_875),
            ],
            Self::X86Vm => [None; 6],
            Self::Grace => [10_944, 10_945, 6_080, 44_000, 44_096, 43_104].map(Some),
        };
        by_scope[scope as usize]
    }
}

/// A row of the published table beside the model's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// The machine.
    pub machine: String,
    /// The name of the affinity scope.
    pub scope: String,
    /// What was published.
    pub published: Figures,
    /// What the model says.
    pub model: Figures,
}

/// What can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Items each second, woken under the lock.
    pub in_lock: f64,
    /// Items each second, woken after it.
    pub deferred: f64,
    /// What deferring gains, in per cent.
    pub gain: f64,
    /// Median latency of the call that enqueues, in nanoseconds, woken under the lock.
    pub p50: Option<u64>,
    /// By how many per cent the 95th percentile moves.
    pub p95_move: Option<f64>,
}

/// By how many per cent `after` is more than `before`.
pub(super) fn percent_more(before: f64, after: f64) -> f64 {
    100.0 * (after / before - 1.0)
}

/// Runs with other noise, of which the median counts, as in the published tables.
const SEEDS: u64 = 5;

/// Simulates what was published.
#[must_use]
pub fn check(machine: Machine) -> Vec<Checked> {
    let costs = machine.costs();
    let mut rows: Vec<(usize, Checked)> = Vec::new();
    for (scope, published) in AffinityScope::ALL.into_iter().zip(machine.published()) {
        let setup = machine.setup(scope);
        let pods = setup.shape.pods(scope);
        // Scopes with the same pods are the same to the model.
        let model = match rows.iter().find(|(other, _)| *other == pods) {
            Some((_, row)) => row.model,
            None => figures(&costs, &setup),
        };
        let (in_lock, deferred, p95_move) = published;
        let published = Figures {
            in_lock,
            deferred,
            gain: percent_more(in_lock, deferred),
            p50: machine.published_p50(scope),
            p95_move,
        };
        let row = Checked {
            machine: costs.name.clone(),
            scope: scope.to_string(),
            published,
            model,
        };
        rows.push((pods, row));
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

fn figures(costs: &Costs, setup: &Setup) -> Figures {
    let runs = |wake| -> Vec<Outcome> {
        let setups = (1..=SEEDS).map(|seed| Setup {
            wake,
            seed,
            ..*setup
        });
        setups.map(|setup| simulate(costs, &setup)).collect()
    };
    let (in_lock, deferred) = (runs(Wake::InLock), runs(Wake::Deferred));
    let throughput = |outcome: &Outcome| outcome.throughput;
    let p95 = |outcome: &Outcome| outcome.p95 as f64;
    let (before, after) = (median(&in_lock, throughput), median(&deferred, throughput));
    Figures {
        in_lock: before,
        deferred: after,
        gain: percent_more(before, after),
        p50: Some(median(&in_lock, |outcome| outcome.p50 as f64) as u64),
        p95_move: Some(percent_more(median(&in_lock, p95), median(&deferred, p95))),
    }
}

fn median(outcomes: &[Outcome], value: impl Fn(&Outcome) -> f64) -> f64 {
    crate::spread::Spread::of(outcomes.iter().map(value)).median
}
