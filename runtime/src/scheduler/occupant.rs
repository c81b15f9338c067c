#![forbid(unsafe_code)]
//! Who has a slot: what others can tell of a worker's thread without asking it.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use crate::threads::{ThreadNumber, ThreadState};

/// For reports and for the monitor, so nothing is ordered by it.
#[derive(Debug, Default)]
pub(super) struct Occupant {
    /// The number of the thread that has the slot.
    thread: AtomicU32,
    /// CPU time in nanoseconds of the threads that have had the slot and have ended.
    past: AtomicU64,
}

const NOBODY: u32 = 0;
/// A thread of which the system tells no number.
const NAMELESS: u32 = u32::MAX;

/// The calling thread has a slot for as long as this lives.
pub(super) struct Settled<'s>(&'s Occupant);

fn own_number() -> u32 {
    ThreadNumber::current().map_or(NAMELESS, |thread| thread.0)
}

impl Occupant {
    /// The calling thread takes the slot.
    pub(super) fn settle(&self) -> Settled<'_> {
        self.thread.store(own_number(), Relaxed);
        Settled(self)
    }

    pub(super) fn is_present(&self) -> bool {
        self.thread.load(Relaxed) != NOBODY
    }

    pub(super) fn thread(&self) -> Option<ThreadNumber> {
        let number = self.thread.load(Relaxed);
        (number != NOBODY && number != NAMELESS).then_some(ThreadNumber(number))
    }

    /// What the thread does just now.
    pub(super) fn state(&self) -> ThreadState {
        self.thread()
            .map_or(ThreadState::Unknown, ThreadNumber::state)
    }

    /// The CPU time of all threads that have had the slot; `None` where the system does not tell.
    pub(super) fn cpu_time(&self) -> Option<Duration> {
        ThreadNumber::current()?;
        let past = Duration::from_nanos(self.past.load(Relaxed));
        // A thread that ends meanwhile is counted next time.
        let now = self.thread().and_then(ThreadNumber::cpu_time);
        Some(past + now.unwrap_or_default())
    }
}

impl Drop for Settled<'_> {
    fn drop(&mut self) {
        let Self(occupant) = self;
        let own = own_number();
        // The next thread may be here already: a worker that retires gives its slot away first.
        let _ = occupant
            .thread
            .compare_exchange(own, NOBODY, Relaxed, Relaxed);
        if let Some(time) = ThreadNumber(own).cpu_time() {
            occupant.past.fetch_add(time.as_nanos() as u64, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_taken_as_long_as_its_thread_says_so() {
        let occupant = Occupant::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let settled = occupant.settle();
                assert!(occupant.is_present());
                drop(settled);
                assert!(!occupant.is_present());
            });
        });
    }

    #[test]
    fn a_thread_that_ends_does_not_take_the_place_of_the_next() {
        let occupant = Occupant::default();
        let mine = occupant.settle();
        occupant.thread.store(NAMELESS - 1, Relaxed);
        drop(mine);
        assert!(occupant.is_present());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_cpu_time_of_threads_that_have_ended_stays() {
        let occupant = Occupant::default();
        let used = Duration::from_millis(10);
        for n in 1..=2 {
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let _settled = occupant.settle();
                    let own = ThreadNumber::current().unwrap();
                    while own.cpu_time().unwrap() < used {
                        std::hint::black_box(own);
                    }
                });
            });
            assert!(occupant.cpu_time().unwrap() >= n * used);
        }
    }
}
