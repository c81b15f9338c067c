#![forbid(unsafe_code)]
//! A model for machines that we do not have: a discrete-event simulation of producers, the pools'
//! locks, wake-ups and workers.
//!
//! * [`Costs`]: what things cost, measured, or fitted to what was published about Linux.
//! * [`Shape`], [`Setup`]: the machine and the load. [`simulate`] makes an [`Outcome`] of them.
//! * [`check`]: the model beside the published table.
//! * [`predictions`]: machines of 8 to 256 CPUs, as plain data that serde can write.
//! * [`Answers`]: both together, for a report.
//! * [`measured_costs`], [`beside_experiment`]: the machine that was measured.
//!
//! `docs/model.md` says what is modelled and what is left out, and where every number comes from.

mod answers;
mod costs;
mod engine;
mod here;
mod outcome;
mod predict;
mod published;
mod random;
mod setup;
mod shape;
#[cfg(test)]
mod tests;

pub use self::answers::{Answers, Predicted};
pub use self::costs::{BadCosts, Costs, ItemCosts, LineCosts, Rules, WakeCosts};
pub use self::here::{Here, beside_experiment, measured_costs};
pub use self::outcome::Outcome;
pub use self::predict::{BATCHES, CHIPLETS, ONE_CACHE, Prediction, SIZES, predictions};
pub use self::published::{Checked, Figures, Machine, check};
pub use self::setup::{Setup, Wake};
pub use self::shape::Shape;

/// Runs the load on the machine. The same costs and the same setup give the same outcome.
///
/// # Panics
///
/// If the setup has no producers, no rounds or empty batches.
///
/// # Examples
///
/// ```
/// use fastwake::topology::AffinityScope;
/// use fastwake_benches::model::{Costs, Setup, Shape, simulate};
///
/// let grace = |scope| simulate(&Costs::grace(), &Setup::closed_loop(Shape::one_cache(72), scope));
/// let sharded = grace(AffinityScope::CacheShard).throughput;
/// let whole = grace(AffinityScope::Cache).throughput;
/// assert!(sharded > 4.0 * whole);
/// ```
#[must_use]
pub fn simulate(costs: &Costs, setup: &Setup) -> Outcome {
    let Setup {
        producers,
        batch,
        rounds,
        ..
    } = *setup;
    assert!(
        producers > 0 && batch > 0 && rounds > 0,
        "{producers} producers, {rounds} rounds, batches of {batch}: there has to be an item"
    );
    engine::Engine::new(costs, setup).run().outcome()
}
