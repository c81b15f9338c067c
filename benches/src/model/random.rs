#![forbid(unsafe_code)]
//! Noise that is the same in every run.

/// The generator SplitMix64: one word of state, and any seed will do.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A time that differs from `mean` by at most `percent` per cent, all equally likely.
    pub(super) fn around(&mut self, mean: u64, percent: u64) -> u64 {
        let reach = mean * percent / 100;
        // The bias of a remainder does not matter at ranges of some thousands.
        mean - reach + self.next() % (2 * reach + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_stays_within_its_bounds_and_reaches_both_ends() {
        let mut random = Random::new(1);
        let drawn: Vec<u64> = (0..10_000).map(|_| random.around(100, 10)).collect();
        assert_eq!(drawn.iter().min(), Some(&90));
        assert_eq!(drawn.iter().max(), Some(&110));
        let mean = drawn.iter().sum::<u64>() as f64 / drawn.len() as f64;
        assert!((mean - 100.0).abs() < 0.5, "{mean}");
    }

    #[test]
    fn without_noise_a_time_is_its_mean() {
        let mut random = Random::new(7);
        assert!((0..100).all(|_| random.around(1_000, 0) == 1_000));
    }
}
