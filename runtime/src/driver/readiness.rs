#![forbid(unsafe_code)]
//! The word that says what a registered source is ready for.
//!
//! ```text
//!  63           32 31          16 15        8 7         0
//! ┌───────────────┬──────────────┬───────────┬───────────┐
//! │  generation   │     tick     │ shut down │   ready   │
//! └───────────────┴──────────────┴───────────┴───────────┘
//! ```
//!
//! The system tells once when a source becomes ready (edge-triggered). The bits stay set until an
//! operation finds out that they are no longer true and *clears* them; a clear counts only if the
//! *tick* is still that of the readiness which the operation relied on, so that an event in between
//! is not lost. The *generation* tells the source from those that had the same place before it: an
//! event that was on its way when the source was deregistered is ignored.

use std::fmt;

use crate::primitives::atomic::AtomicU64;
use crate::primitives::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use super::interest::Ready;

const READY: u64 = 0xff;
const SHUT_DOWN: u64 = 1 << 8;
const TICK_SHIFT: u32 = 16;
const TICK: u64 = 0xffff << TICK_SHIFT;
const GENERATION_SHIFT: u32 = 32;

/// What the sides of a connection that has closed stay ready for: nothing undoes it but an operation
/// that finds it wrong.
const FINAL: u64 = 0b1100;

pub(super) struct Readiness(AtomicU64);

/// The readiness at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadyEvent {
    pub(crate) ready: Ready,
    tick: u16,
    pub(crate) is_shut_down: bool,
}

impl ReadyEvent {
    fn of(word: u64) -> Self {
        Self {
            ready: Ready::from_bits((word & READY) as u8),
            tick: ((word & TICK) >> TICK_SHIFT) as u16,
            is_shut_down: word & SHUT_DOWN != 0,
        }
    }

    /// The same event, as far as it is of interest.
    pub(crate) fn masked(self, mask: Ready) -> Self {
        Self {
            ready: self.ready & mask,
            ..self
        }
    }
}

impl Readiness {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(super) fn load(&self) -> ReadyEvent {
        // ORDERING: Acquire pairs with the Release in `set`.
        ReadyEvent::of(self.0.load(Acquire))
    }

    pub(super) fn generation(&self) -> u32 {
        // ORDERING: whoever registers or holds the source changes it; others compare.
        (self.0.load(Relaxed) >> GENERATION_SHIFT) as u32
    }

    /// The system has said that the source is ready. False: it has said so of an earlier one, as
    /// far as `generation`'s bits in `mask` tell.
    pub(super) fn set(&self, ready: Ready, generation: u32, mask: u32) -> bool {
        let set = |word: u64| {
            if ((word >> GENERATION_SHIFT) as u32) & mask != generation {
                return None;
            }
            let tick = (word & TICK).wrapping_add(1 << TICK_SHIFT) & TICK;
            Some((word & !TICK) | tick | u64::from(ready.bits()))
        };
        // ORDERING: Release pairs with the Acquire in `load`.
        self.0.fetch_update(AcqRel, Acquire, set).is_ok()
    }

    /// What the system would say of the source, as far as one can guess; no event, so that one that
    /// comes meanwhile counts.
    pub(super) fn assume(&self, ready: Ready) {
        self.0.fetch_or(u64::from(ready.bits()), AcqRel);
    }

    /// Somebody says that the source is no longer ready for this. What is final stays.
    pub(super) fn clear(&self, event: ReadyEvent) {
        self.take_back(event, u64::from(event.ready.bits()) & !FINAL);
    }

    /// An operation that relied on this event would have blocked: whatever the event said is not so,
    /// or not any more. (A datagram socket reports an error as the end of a side; a named pipe gets
    /// another writer.)
    pub(super) fn clear_refuted(&self, event: ReadyEvent) {
        self.take_back(event, u64::from(event.ready.bits()));
    }

    fn take_back(&self, event: ReadyEvent, bits: u64) {
        let clear = |word: u64| {
            let same = ReadyEvent::of(word).tick == event.tick;
            same.then_some(word & !bits)
        };
        let _ = self.0.fetch_update(AcqRel, Acquire, clear);
    }

    /// Nobody will tell any more what the source is ready for.
    pub(super) fn shut_down(&self) {
        self.0.fetch_or(SHUT_DOWN, AcqRel);
    }

    /// The source has gone; the place is for another.
    pub(super) fn recycle(&self) {
        let next = |word: u64| {
            let generation = ((word >> GENERATION_SHIFT) as u32).wrapping_add(1);
            Some(u64::from(generation) << GENERATION_SHIFT | word & SHUT_DOWN)
        };
        let _ = self.0.fetch_update(AcqRel, Acquire, next);
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ReadyEvent::of(self.0.load(Relaxed)).fmt(f)
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;

    const ALL: u32 = u32::MAX;

    #[test]
    fn a_clear_undoes_what_it_relied_on_and_nothing_newer() {
        let word = Readiness::new();
        assert!(word.set(Ready::READABLE, 0, ALL));
        let seen = word.load();
        assert!(word.set(Ready::WRITABLE, 0, ALL));
        word.clear(seen);
        assert_eq!(word.load().ready, Ready::READABLE | Ready::WRITABLE);
        word.clear(word.load().masked(Ready::READABLE));
        assert_eq!(word.load().ready, Ready::WRITABLE);
    }

    #[test]
    fn the_end_of_a_side_stays_until_it_is_refuted() {
        let word = Readiness::new();
        assert!(word.set(Ready::READABLE | Ready::READ_CLOSED, 0, ALL));
        word.clear(word.load());
        assert_eq!(word.load().ready, Ready::READ_CLOSED);
        word.clear_refuted(word.load());
        assert!(word.load().ready.is_empty());
    }

    #[test]
    fn an_event_of_an_earlier_source_is_ignored() {
        let word = Readiness::new();
        assert!(word.set(Ready::READABLE, 0, ALL));
        word.recycle();
        assert_eq!(word.generation(), 1);
        assert!(!word.set(Ready::READABLE, 0, ALL));
        assert!(word.load().ready.is_empty());
        assert!(word.set(Ready::READABLE, 1, ALL));
    }

    #[test]
    fn ticks_and_generations_wrap_without_touching_their_neighbours() {
        let word = Readiness::new();
        for _ in 0..70_000 {
            assert!(word.set(Ready::WRITABLE, 0, ALL));
        }
        assert_eq!(word.generation(), 0);
        assert_eq!(word.load().ready, Ready::WRITABLE);
        word.shut_down();
        word.recycle();
        assert!(word.load().is_shut_down);
    }
}
