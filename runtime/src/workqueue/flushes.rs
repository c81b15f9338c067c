#![forbid(unsafe_code)]
//! Who waits for which tasks.
//!
//! Tasks are numbered in the order in which they are queued. A flush leaves a **mark** behind those
//! queued so far, and is done when none with a smaller number is left. For that nobody looks at the
//! tasks: each mark counts those between itself and the mark before, and a task that ends is counted
//! out where its number lies.

use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Flushes {
    /// Ascending; each has a task before it.
    marks: VecDeque<Mark>,
    /// Tasks behind the last mark.
    behind: usize,
}

#[derive(Debug)]
struct Mark {
    /// The smallest number behind it.
    at: u64,
    /// Tasks between the mark before and this one.
    left: usize,
}

impl Flushes {
    /// A task has been queued, with a number larger than all before.
    pub(super) fn begin(&mut self) {
        self.behind += 1;
    }

    /// The task with this number has ended. True: with it, some flush is done.
    pub(super) fn end(&mut self, number: u64) -> bool {
        let place = self.marks.partition_point(|mark| mark.at <= number);
        let Some(mark) = self.marks.get_mut(place) else {
            self.behind -= 1;
            return false;
        };
        mark.left -= 1;
        if mark.left > 0 {
            return false;
        }
        // Who waits for it waits for the ones before. No number is left that the next one, whose part
        // begins earlier now, could count by mistake.
        self.marks.remove(place);
        place == 0
    }

    /// Leaves a mark behind all tasks there are. `next` is the number of the next one.
    pub(super) fn mark(&mut self, next: u64) -> u64 {
        if self.behind > 0 {
            let left = std::mem::take(&mut self.behind);
            self.marks.push_back(Mark { at: next, left });
        }
        self.marks.back().map_or(0, |mark| mark.at)
    }

    /// Have all tasks before this mark ended?
    pub(super) fn is_done(&self, mark: u64) -> bool {
        self.marks.front().is_none_or(|first| first.at > mark)
    }

    #[cfg(all(test, not(fastwake_loom)))]
    pub(super) fn marks(&self) -> usize {
        self.marks.len()
    }
}
