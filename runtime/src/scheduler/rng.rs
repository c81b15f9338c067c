#![forbid(unsafe_code)]
//! A small random number generator, to begin each search somewhere else.

use std::cell::Cell;

/// Marsaglia's xorshift, 32 bits ("Xorshift RNGs", Journal of Statistical Software 8, 2003).
pub(super) struct Rng(Cell<u32>);

impl Rng {
    pub(super) fn new() -> Self {
        Self(Cell::new(seed() | 1))
    }

    /// A number below `n`; 0 if `n` is 0.
    pub(super) fn below(&self, n: u32) -> u32 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.0.set(x);
        // Lemire's multiply-shift: no division, and the bias does not matter here.
        ((u64::from(x) * u64::from(n)) >> 32) as u32
    }
}

/// The standard library's hasher is seeded differently each time.
#[cfg(not(fastwake_loom))]
fn seed() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) as u32
}

/// A model has to do the same each time.
#[cfg(fastwake_loom)]
fn seed() -> u32 {
    0
}
