#![forbid(unsafe_code)]
//! How often something has been so, one time after the other.

use std::cell::Cell;

pub(super) struct Streak {
    full: u32,
    now: Cell<u32>,
}

impl Streak {
    /// One that is full after so many times.
    pub(super) fn new(full: u32) -> Self {
        Self {
            full,
            now: Cell::new(0),
        }
    }

    /// Was it so this time?
    pub(super) fn count(&self, is_so: bool) {
        self.now.set(if is_so { self.now.get() + 1 } else { 0 });
    }

    /// Begins anew if it is full.
    pub(super) fn take_full(&self) -> bool {
        let is_full = self.now.get() >= self.full;
        if is_full {
            self.now.set(0);
        }
        is_full
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_after_so_many_in_a_row_and_begins_anew() {
        let streak = Streak::new(3);
        let full_after = |times: &[bool]| {
            times.iter().for_each(|is_so| streak.count(*is_so));
            streak.take_full()
        };
        assert!(!full_after(&[true, true]));
        assert!(full_after(&[true]));
        assert!(!full_after(&[true, true]), "it has begun anew");
        assert!(!full_after(&[false, true, true]), "it was broken");
        assert!(full_after(&[true, true]), "nobody need ask at once");
    }
}
