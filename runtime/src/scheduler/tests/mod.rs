//! The scheduler's rules: in all interleavings under the model checker, and on real threads.

#[cfg(fastwake_loom)]
mod models;
#[cfg(not(fastwake_loom))]
mod queue;
#[cfg(not(fastwake_loom))]
mod wakes;

use crate::metrics::PoolKind;
use crate::topology::CpuSet;

use super::injector::Offers;
use super::pool::{Pool, PoolConfig};

/// A pool outside of a group: the test makes its workers.
fn pool(limit: u32, kept: u32) -> Pool {
    pool_with_spares(limit, kept, 0)
}

fn pool_with_spares(limit: u32, kept: u32, spares: u32) -> Pool {
    let config = PoolConfig {
        kind: PoolKind::CpuIntensive,
        cpus: CpuSet::new(),
        strict: false,
        guests: false,
        roams: None,
        first_worker: None,
        nice: 0,
        limit,
        kept,
        spares,
    };
    Pool::new(config, Offers::new(), None)
}
