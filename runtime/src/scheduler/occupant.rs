#![forbid(unsafe_code)]
//! Who has a slot: what a report can tell of a worker's thread without asking the worker.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::time::Duration;

use crate::threads::ThreadNumber;

/// For reports alone, so nothing is ordered by it.
#[derive(Debug, Default)]
pub(super) struct Occupant {
    /// The number of the thread that has the slot.
    thread: AtomicU32,
    /// Is it inside `block_in_place`?
    blocked: AtomicBool,
    /// CPU time in nanoseconds of the threads that have had the slot and have ended.
    past: AtomicU64,
}

const NOBODY: u32 = 0;
/// A thread of which the system tells no number.
const NAMELESS: u32 = u32::MAX;

thread_local! {
    static HERE: RefCell<Option<Arc<Occupant>>> = const { RefCell::new(None) };
}

/// The calling thread has a slot for as long as this lives.
pub(super) struct Settled(Arc<Occupant>);

/// It is blocked for as long as this lives.
pub(super) struct Noted(Option<Arc<Occupant>>);

fn own_number() -> u32 {
    ThreadNumber::current().map_or(NAMELESS, |thread| thread.0)
}

impl Occupant {
    /// The calling thread takes the slot.
    pub(super) fn settle(self: &Arc<Self>) -> Settled {
        self.blocked.store(false, Relaxed);
        self.thread.store(own_number(), Relaxed);
        HERE.set(Some(Arc::clone(self)));
        Settled(Arc::clone(self))
    }

    /// The calling thread is a worker, and is going to block.
    pub(super) fn note_blocked() -> Noted {
        let here = HERE.with_borrow(Option::clone);
        if let Some(occupant) = &here {
            occupant.blocked.store(true, Relaxed);
        }
        Noted(here)
    }

    pub(super) fn is_present(&self) -> bool {
        self.thread.load(Relaxed) != NOBODY
    }

    pub(super) fn thread(&self) -> Option<ThreadNumber> {
        let number = self.thread.load(Relaxed);
        (number != NOBODY && number != NAMELESS).then_some(ThreadNumber(number))
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.load(Relaxed)
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

impl Drop for Settled {
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
        let _ = HERE.try_with(|here| here.take());
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        if let Some(occupant) = &self.0 {
            occupant.blocked.store(false, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_present_and_blocked_while_its_thread_says_so() {
        let occupant = Arc::new(Occupant::default());
        let seen = || (occupant.is_present(), occupant.is_blocked());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let settled = occupant.settle();
                assert_eq!(seen(), (true, false));
                {
                    let _noted = Occupant::note_blocked();
                    assert_eq!(seen(), (true, true));
                }
                assert_eq!(seen(), (true, false));
                drop(settled);
                assert_eq!(seen(), (false, false));
            });
        });
    }

    #[test]
    fn a_thread_that_ends_does_not_take_the_place_of_the_next() {
        let occupant = Arc::new(Occupant::default());
        let mine = occupant.settle();
        occupant.thread.store(NAMELESS - 1, Relaxed);
        drop(mine);
        assert!(occupant.is_present());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_cpu_time_of_threads_that_have_ended_stays() {
        let occupant = Arc::new(Occupant::default());
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
