#![forbid(unsafe_code)]
//! A small random number generator, to begin each search somewhere else.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// Marsaglia's xorshift, 32 bits ("Xorshift RNGs", Journal of Statistical Software 8, 2003).
pub(super) struct Rng(Cell<u32>);

impl Rng {
    pub(super) fn new() -> Self {
        // The standard library's hasher is seeded differently each time.
        let seed = RandomState::new().hash_one(0) as u32;
        Self(Cell::new(seed | 1))
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
