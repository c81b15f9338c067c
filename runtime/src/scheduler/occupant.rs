#![forbid(unsafe_code)]
//! Who has a slot: what others can tell of a worker's thread without asking it.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

use crate::threads::{ThreadNumber, ThreadState};

/// For reports and for the monitor, so nothing is ordered by it.
#[derive(Debug, Default)]
pub(super) struct Occupant {
    /// The number of the thread that has the slot; of a guest's, with a mark.
    thread: AtomicU32,
    /// CPU time in nanoseconds of the threads that have had the slot and have ended.
    past: AtomicU64,
    /// The number of the last guest.
    guest: AtomicU32,
    /// How many guests there have been.
    guests: AtomicU32,
}

const NOBODY: u32 = 0;
/// A thread of which the system tells no number.
const NAMELESS: u32 = !GUEST;
/// The mark of a thread that is there for one poll. Linux has fewer than 2^22 threads.
const GUEST: u32 = 1 << 31;

/// The calling thread has a slot for as long as this lives.
pub(super) struct Settled<'s>(&'s Occupant);

fn own_number() -> u32 {
    ThreadNumber::current().map_or(NAMELESS, |thread| thread.0)
}

/// The calling thread has a slot for one poll.
pub(super) struct Visiting<'s>(&'s Occupant);

impl Occupant {
    /// The calling thread takes the slot.
    pub(super) fn settle(&self) -> Settled<'_> {
        self.thread.store(own_number(), Relaxed);
        Settled(self)
    }

    /// As [`settle`](Self::settle), for a thread that is there for one poll, and whose CPU time is not
    /// the pool's.
    pub(super) fn visit(&self, guest: u32) -> Visiting<'_> {
        self.guest.store(guest, Relaxed);
        // Only who has the slot writes to it.
        self.guests
            .store(self.guests.load(Relaxed).wrapping_add(1), Relaxed);
        self.thread.store(own_number() | GUEST, Relaxed);
        Visiting(self)
    }

    pub(super) fn is_present(&self) -> bool {
        self.thread.load(Relaxed) != NOBODY
    }

    pub(super) fn thread(&self) -> Option<ThreadNumber> {
        Self::number(self.thread.load(Relaxed) & !GUEST)
    }

    /// The thread whose time is the slot's.
    fn settled(&self) -> Option<ThreadNumber> {
        let thread = self.thread.load(Relaxed);
        (thread & GUEST == 0).then(|| Self::number(thread))?
    }

    fn number(thread: u32) -> Option<ThreadNumber> {
        (thread != NOBODY && thread != NAMELESS).then_some(ThreadNumber(thread))
    }

    /// The number of the guest that has the slot. While guests come and go, that of any of them.
    pub(super) fn guest(&self) -> Option<u32> {
        let is_guest = self.thread.load(Relaxed) & GUEST != 0;
        is_guest.then(|| self.guest.load(Relaxed))
    }

    /// How many guests there have been. If that is the same, so is the thread, or it is a worker's.
    pub(super) fn guests(&self) -> u32 {
        self.guests.load(Relaxed)
    }

    /// What the thread does just now.
    pub(super) fn state(&self) -> ThreadState {
        self.thread()
            .map_or(ThreadState::Unknown, ThreadNumber::state)
    }

    /// The CPU time of all threads that have had the slot, but for guests; `None` where the system does
    /// not tell.
    pub(super) fn cpu_time(&self) -> Option<Duration> {
        ThreadNumber::current()?;
        let past = Duration::from_nanos(self.past.load(Relaxed));
        // A thread that ends meanwhile is counted next time.
        let now = self.settled().and_then(ThreadNumber::cpu_time);
        Some(past + now.unwrap_or_default())
    }

    /// The CPU time of the thread that has the slot, whosever it is.
    pub(super) fn thread_time(&self) -> Option<Duration> {
        self.thread().and_then(ThreadNumber::cpu_time)
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

impl Drop for Visiting<'_> {
    fn drop(&mut self) {
        self.0.thread.store(NOBODY, Relaxed);
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
    fn a_guest_has_the_slot_for_as_long_as_it_says_so_and_its_time_is_its_own() {
        let occupant = Occupant::default();
        let before = occupant.cpu_time();
        assert_eq!(occupant.guest(), None);
        let visiting = occupant.visit(3);
        assert!(occupant.is_present());
        assert_eq!((occupant.guest(), occupant.guests()), (Some(3), 1));
        assert_eq!(occupant.thread(), ThreadNumber::current());
        assert_eq!(occupant.cpu_time(), before);
        assert_eq!(occupant.thread_time().is_some(), before.is_some());
        drop(visiting);
        assert!(!occupant.is_present());
        assert_eq!(occupant.cpu_time(), before);
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
