#![forbid(unsafe_code)]
//! What the model says about machines that we do not have.

use fastwake::topology::AffinityScope;
use serde::{Deserialize, Serialize};

use super::costs::Costs;
use super::outcome::Outcome;
use super::published::percent_more;
use super::setup::{Setup, Wake};
use super::shape::Shape;
use super::simulate;

/// What the model says about one machine, scope and load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// [`ONE_CACHE`] or [`CHIPLETS`].
    pub shape: String,
    /// CPUs, and so producers and workers.
    pub cpus: usize,
    /// The name of the affinity scope.
    pub scope: String,
    /// How many pools it makes.
    pub pods: usize,
    /// Items that a producer enqueues before it waits for them.
    pub batch: usize,
    /// Woken under the lock.
    pub in_lock: Outcome,
    /// Woken after it.
    pub deferred: Outcome,
    /// What deferring gains in throughput, in per cent.
    pub gain: f64,
}

/// The sizes of machines.
pub const SIZES: [usize; 6] = [8, 16, 32, 64, 128, 256];

/// Items that a producer enqueues before it waits for them: one in flight, and a batch.
pub const BATCHES: [usize; 2] = [1, 16];

/// All CPUs are cores under one last-level cache.
pub const ONE_CACHE: &str = "one cache";

/// Cores of two CPUs, eight under each last-level cache, 64 in each node.
pub const CHIPLETS: &str = "chiplets";

/// How a machine of so many CPUs is made.
type Make = fn(usize) -> Shape;

const SHAPES: [(&str, Make); 2] = [(ONE_CACHE, Shape::one_cache), (CHIPLETS, Shape::chiplets)];

/// What the model says about machines of 8 to 256 CPUs on which things cost as much: for both shapes, by
/// size, scope and batch, in this order. Takes some seconds in a release build.
///
/// # Panics
///
/// If [`Costs::check`] would complain.
#[must_use]
pub fn predictions(costs: &Costs) -> Vec<Prediction> {
    costs.check().expect("costs that can be computed with");
    let mut all = Vec::new();
    for (shape, make) in SHAPES {
        for cpus in SIZES {
            for scope in AffinityScope::ALL {
                for batch in BATCHES {
                    let setup = Setup::batched(make(cpus), scope, batch);
                    let prediction = predict(costs, shape, setup, &all);
                    all.push(prediction);
                }
            }
        }
    }
    all
}

/// Scopes with the same pods are the same to the model: one run is enough.
fn predict(costs: &Costs, shape: &str, setup: Setup, earlier: &[Prediction]) -> Prediction {
    let Setup { scope, batch, .. } = setup;
    let (cpus, pods) = (setup.shape.cpus(), setup.shape.pods(scope));
    let same = earlier.iter().find(|other| {
        other.shape == shape && (other.cpus, other.batch, other.pods) == (cpus, batch, pods)
    });
    let [in_lock, deferred] = match same {
        Some(same) => [same.in_lock, same.deferred],
        None => {
            [Wake::InLock, Wake::Deferred].map(|wake| simulate(costs, &Setup { wake, ..setup }))
        }
    };
    Prediction {
        shape: shape.to_owned(),
        cpus,
        scope: scope.to_string(),
        pods,
        batch,
        in_lock,
        deferred,
        gain: percent_more(in_lock.throughput, deferred.throughput),
    }
}
