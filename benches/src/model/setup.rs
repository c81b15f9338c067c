#![forbid(unsafe_code)]
//! What is simulated: on which machine, with which pools, under which load.

use fastwake::topology::AffinityScope;

use super::shape::Shape;

/// Where the sleeper is woken that was picked under the pool's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Before the lock is released.
    InLock,
    /// After it.
    Deferred,
}

/// One run.
///
/// # Examples
///
/// ```
/// use fastwake::topology::AffinityScope;
/// use fastwake_benches::model::{Costs, Setup, Shape, Wake, simulate};
///
/// let mut setup = Setup::closed_loop(Shape::one_cache(8), AffinityScope::Cache);
/// let deferred = simulate(&Costs::grace(), &setup);
/// setup.wake = Wake::InLock;
/// let in_lock = simulate(&Costs::grace(), &setup);
/// assert!(deferred.throughput > in_lock.throughput);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// The machine.
    pub shape: Shape,
    /// How its CPUs are grouped into pods; each has a pool, and as many workers as CPUs.
    pub scope: AffinityScope,
    /// Where wake-ups are issued.
    pub wake: Wake,
    /// The first CPUs have a producer each, pinned there. More than there are CPUs are as many.
    pub producers: usize,
    /// A producer enqueues this many, then waits until all of them have run.
    pub batch: usize,
    /// So many times.
    pub rounds: usize,
    /// Of the noise.
    pub seed: u64,
}

impl Setup {
    /// How many items a run should have at least: enough for percentiles, few enough for a look at
    /// all machines within seconds.
    const ITEMS: usize = 12_000;
    /// How many items each producer should enqueue at least, and in how many rounds, so that start and
    /// end do not matter.
    const EACH: usize = 60;
    const ROUNDS: usize = 8;

    /// As the kernel's benchmark has it: a producer on each CPU, each with one item in flight;
    /// wake-ups deferred.
    #[must_use]
    pub fn closed_loop(shape: Shape, scope: AffinityScope) -> Self {
        Self::batched(shape, scope, 1)
    }

    /// The same, but each producer enqueues `batch` items before it waits for all of them.
    #[must_use]
    pub fn batched(shape: Shape, scope: AffinityScope, batch: usize) -> Self {
        let producers = shape.cpus();
        let items = (Self::ITEMS / producers).max(Self::EACH);
        Self {
            shape,
            scope,
            wake: Wake::Deferred,
            producers,
            batch,
            rounds: items.div_ceil(batch.max(1)).max(Self::ROUNDS),
            seed: 1,
        }
    }
}
