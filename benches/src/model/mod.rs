#![forbid(unsafe_code)]
//! model

mod costs;
mod engine;
mod outcome;
mod random;
mod setup;
mod shape;

pub use self::costs::{BadCosts, Costs, ItemCosts, LineCosts, WakeCosts};
pub use self::outcome::Outcome;
pub use self::setup::{Kicks, Setup, Wake};
pub use self::shape::Shape;

/// Runs.
#[must_use]
pub fn simulate(costs: &Costs, setup: &Setup) -> Outcome {
    engine::Engine::new(costs, setup).run().outcome()
}
