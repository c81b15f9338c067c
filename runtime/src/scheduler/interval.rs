#![forbid(unsafe_code)]
//! What is to be done every so many times.

use std::cell::Cell;

/// It counts down, for a division in each turn of a worker would cost more than the rest of the turn.
pub(super) struct Interval {
    every: u32,
    left: Cell<u32>,
}

impl Interval {
    pub(super) fn new(every: u32) -> Self {
        assert!(every > 0, "what happens every 0 times never happens");
        Self {
            every,
            left: Cell::new(every),
        }
    }

    /// Counts once more. True: it is to be done now.
    #[inline]
    pub(super) fn is_due(&self) -> bool {
        let left = self.left.get() - 1;
        let due = left == 0;
        self.left.set(if due { self.every } else { left });
        due
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_once_in_so_many_times() {
        for every in [1, 2, 61] {
            let interval = Interval::new(every);
            let due: Vec<u32> = (1..=3 * every).filter(|_| interval.is_due()).collect();
            assert_eq!(due, [every, 2 * every, 3 * every]);
        }
    }
}
