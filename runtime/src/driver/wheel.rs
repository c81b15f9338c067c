#![forbid(unsafe_code)]
//! A hierarchical timing wheel (Varghese and Lauck, 1987): arming, moving and cancelling a timer is
//! O(1), and so is finding the next deadline.
//!
//! Time is counted in ticks. A level has 64 slots; a slot of level 0 is one tick, one of the next
//! level is as long as the whole level before. A timer lies in the level of the highest digit (base
//! 64) in which its deadline differs from the time up to which the wheel has been turned. So
//! everything in a level is due before anything in the next; within a level, slots are in the order
//! of time; and a timer comes down by at least one level when its slot is reached.
//!
//! What a slot holds, it gives back in the order in which it came, to whichever level. So timers fire
//! in the order of their deadlines, those of one deadline in the order in which they were armed.
//!
//! Each slot knows the earliest deadline that it has ever held since it was last empty. Nobody
//! sleeps until the beginning of a slot, only until a deadline; that of a timer that has been
//! cancelled may be among them.

use std::task::Waker;

use slab::Slab;

const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
/// Enough for every tick that fits into 54 bits.
const LEVELS: usize = 9;

/// The largest deadline that a wheel can tell from a later one.
pub(super) const LAST_TICK: u64 = (1 << (SLOT_BITS * LEVELS as u32)) - 1;

pub(super) struct Wheel {
    /// All deadlines up to this tick have been seen to.
    turned_to: u64,
    levels: Box<[Level; LEVELS]>,
    timers: Slab<Timer>,
}

#[derive(Clone)]
struct Level {
    /// One bit for each slot that is not empty.
    occupied: u64,
    slots: [Slot; SLOTS],
}

#[derive(Clone, Copy)]
struct Slot {
    head: Option<Key>,
    tail: Option<Key>,
    earliest: u64,
}

/// Names a timer until it is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u32);

struct Timer {
    tick: u64,
    /// Taken when the timer fires.
    waker: Option<Waker>,
    /// `None`: it has fired, and is in no slot.
    place: Option<Place>,
    previous: Option<Key>,
    next: Option<Key>,
}

#[derive(Clone, Copy)]
struct Place {
    level: u8,
    slot: u8,
}

/// How far [`Wheel::turn`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    Done,
    /// There is more to do; the lock has been held for long enough.
    More,
}

impl Wheel {
    pub(super) fn new() -> Self {
        let slot = Slot {
            head: None,
            tail: None,
            earliest: u64::MAX,
        };
        let level = Level {
            occupied: 0,
            slots: [slot; SLOTS],
        };
        Self {
            turned_to: 0,
            levels: Box::new(std::array::from_fn(|_| level.clone())),
            timers: Slab::new(),
        }
    }

    /// Arms a timer. One that is due already fires in the next turn.
    pub(super) fn insert(&mut self, tick: u64, waker: Waker) -> Key {
        let timer = Timer {
            tick,
            waker: Some(waker),
            place: None,
            previous: None,
            next: None,
        };
        let key = Key(self.timers.insert(timer) as u32);
        self.link(key);
        key
    }

    /// Cancels a timer, or forgets one that has fired; gives its waker back, to be dropped elsewhere.
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        self.unlink(key);
        self.timers.remove(key.0 as usize).waker
    }

    /// Replaces whom to wake. `Err`: the timer has fired.
    pub(super) fn set_waker(&mut self, key: Key, waker: Waker) -> Result<Option<Waker>, Waker> {
        let timer = self.timer(key);
        match timer.place {
            Some(_) => Ok(timer.waker.replace(waker)),
            None => Err(waker),
        }
    }

    /// The next deadline; or an earlier one, of a timer that has been cancelled.
    pub(super) fn next(&self) -> Option<u64> {
        let level = self.levels.iter().find(|level| level.occupied != 0)?;
        // All in a level lie ahead of where the wheel has been turned to, so the first is next.
        Some(level.slots[level.occupied.trailing_zeros() as usize].earliest)
    }

    /// Fires what is due at `now`, until `wakers` is full. The vector is not made larger.
    pub(super) fn turn(&mut self, now: u64, wakers: &mut Vec<Waker>) -> Turned {
        let mut steps = wakers.capacity() - wakers.len();
        while let Some((place, key)) = self.first_due(now) {
            if steps == 0 {
                return Turned::More;
            }
            steps -= 1;
            let begin = self.begin(place);
            // Those in a slot of a higher level are not in order; one alone is.
            let alone = begin > self.turned_to && self.timer(key).next.is_none();
            self.unlink(key);
            let timer = self.timer(key);
            if place.level == 0 || alone && timer.tick <= now {
                wakers.extend(timer.waker.take());
            } else {
                // Not before its slot begins: what is due before comes first.
                self.turned_to = self.turned_to.max(begin);
                self.link(key);
            }
        }
        self.turned_to = self.turned_to.max(now);
        Turned::Done
    }

    /// All wakers, for a wheel that will not turn any more.
    pub(super) fn drain(&mut self) -> Vec<Waker> {
        self.timers
            .iter_mut()
            .filter_map(|(_, timer)| timer.waker.take())
            .collect()
    }

    pub(super) fn len(&self) -> usize {
        self.timers.len()
    }

    /// A timer to fire or to bring down next.
    fn first_due(&self, now: u64) -> Option<(Place, Key)> {
        self.coming_down().or_else(|| self.first_begun(now))
    }

    /// A timer of the slot that is being brought down: above the lowest level, the one that the
    /// wheel has been turned to. There may be later timers below it.
    fn coming_down(&self) -> Option<(Place, Key)> {
        let mut above = self.levels.iter().enumerate().skip(1);
        above.find_map(|(number, level)| {
            let slot = self.turned_to >> (SLOT_BITS * number as u32) & (SLOTS as u64 - 1);
            let place = Place {
                level: number as u8,
                slot: slot as u8,
            };
            level.slots[slot as usize].head.map(|head| (place, head))
        })
    }

    /// The first timer of the lowest level that has a slot which has begun.
    fn first_begun(&self, now: u64) -> Option<(Place, Key)> {
        self.levels.iter().enumerate().find_map(|(number, level)| {
            if level.occupied == 0 {
                return None;
            }
            let slot = level.occupied.trailing_zeros() as u8;
            let place = Place {
                level: number as u8,
                slot,
            };
            let head = level.slots[usize::from(slot)].head?;
            (self.begin(place) <= now).then_some((place, head))
        })
    }

    /// The first tick of a slot in which there is something.
    fn begin(&self, place: Place) -> u64 {
        let shift = SLOT_BITS * u32::from(place.level);
        let above = self.turned_to >> shift >> SLOT_BITS << SLOT_BITS;
        (above | u64::from(place.slot)) << shift
    }

    fn place_of(&self, tick: u64) -> Place {
        // What is due lies in the slot of the present, in the lowest level.
        let tick = tick.max(self.turned_to);
        let differing = (tick ^ self.turned_to) | 1;
        let level = differing.ilog2() / SLOT_BITS;
        let slot = tick >> (SLOT_BITS * level) & (SLOTS as u64 - 1);
        Place {
            level: level as u8,
            slot: slot as u8,
        }
    }

    fn link(&mut self, key: Key) {
        let tick = self.timer(key).tick.min(LAST_TICK);
        let place = self.place_of(tick);
        let level = &mut self.levels[usize::from(place.level)];
        level.occupied |= 1 << place.slot;
        let slot = &mut level.slots[usize::from(place.slot)];
        slot.earliest = slot.earliest.min(tick);
        let previous = slot.tail.replace(key);
        if previous.is_none() {
            slot.head = Some(key);
        }
        if let Some(previous) = previous {
            self.timer(previous).next = Some(key);
        }
        let timer = self.timer(key);
        timer.tick = tick;
        timer.place = Some(place);
        timer.previous = previous;
        timer.next = None;
    }

    fn timer(&mut self, key: Key) -> &mut Timer {
        &mut self.timers[key.0 as usize]
    }

    fn unlink(&mut self, key: Key) {
        let timer = self.timer(key);
        let Some(place) = timer.place.take() else {
            return;
        };
        let (previous, next) = (timer.previous.take(), timer.next.take());
        if let Some(next) = next {
            self.timer(next).previous = previous;
        }
        if let Some(previous) = previous {
            self.timer(previous).next = next;
        }
        let level = &mut self.levels[usize::from(place.level)];
        let slot = &mut level.slots[usize::from(place.slot)];
        if previous.is_none() {
            slot.head = next;
        }
        if next.is_none() {
            slot.tail = previous;
        }
        if slot.head.is_none() {
            slot.earliest = u64::MAX;
            level.occupied &= !(1 << place.slot);
        }
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::task::Wake;

    /// Notes the time at which it is woken.
    struct Alarm {
        now: Arc<AtomicU64>,
        fired: AtomicU64,
        /// How many have fired, and the how manieth this one was.
        count: Arc<AtomicU64>,
        nth: AtomicU64,
    }

    impl Wake for Alarm {
        fn wake(self: Arc<Self>) {
            self.fired.store(self.now.load(SeqCst), SeqCst);
            self.nth.store(self.count.fetch_add(1, SeqCst), SeqCst);
        }
    }

    const NOT_YET: u64 = u64::MAX;

    struct Clockwork {
        wheel: Wheel,
        now: Arc<AtomicU64>,
        count: Arc<AtomicU64>,
    }

    impl Clockwork {
        fn new() -> Self {
            Self {
                wheel: Wheel::new(),
                now: Arc::default(),
                count: Arc::default(),
            }
        }

        fn insert(&mut self, tick: u64) -> (Key, Arc<Alarm>) {
            let alarm = Arc::new(Alarm {
                now: self.now.clone(),
                fired: AtomicU64::new(NOT_YET),
                count: self.count.clone(),
                nth: AtomicU64::new(NOT_YET),
            });
            (self.wheel.insert(tick, alarm.clone().into()), alarm)
        }

        fn turn(&mut self, now: u64, chunk: usize) {
            self.now.store(now, SeqCst);
            loop {
                let mut wakers = Vec::with_capacity(chunk);
                let turned = self.wheel.turn(now, &mut wakers);
                wakers.into_iter().for_each(Waker::wake);
                if turned == Turned::Done {
                    return;
                }
            }
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Insert(u64),
        Remove(usize),
        Turn(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let span = prop_oneof![0..10_u64, 0..200_u64, 0..20_000_u64, 0..1_u64 << 40];
        prop_oneof![
            4 => span.clone().prop_map(Step::Insert),
            1 => (0..64_usize).prop_map(Step::Remove),
            3 => span.prop_map(Step::Turn),
        ]
    }

    proptest! {
        /// Against a model: each timer fires in the first turn that reaches its deadline, none
        /// before, and in the order of deadlines and of insertion; one that was removed does not;
        /// nobody would sleep past a deadline.
        #[test]
        fn timers_fire_in_the_first_turn_that_reaches_them(
            steps in prop::collection::vec(step(), 1..200),
            chunk in 1..5_usize,
        ) {
            let mut clockwork = Clockwork::new();
            let mut armed = BTreeMap::new();
            let (mut now, mut serial) = (0, 0);
            for step in steps {
                match step {
                    Step::Insert(after) => {
                        armed.insert(serial, (now + after, clockwork.insert(now + after)));
                        serial += 1;
                    }
                    Step::Remove(nth) => {
                        if let Some(&serial) = armed.keys().nth(nth) {
                            let (_, (key, alarm)) = armed.remove(&serial).unwrap();
                            clockwork.wheel.remove(key);
                            prop_assert_eq!(alarm.fired.load(SeqCst), NOT_YET);
                            prop_assert_eq!(Arc::strong_count(&alarm), 1, "freed at once");
                        }
                    }
                    Step::Turn(by) => {
                        now += by;
                        clockwork.turn(now, chunk);
                        let mut due: Vec<_> = armed
                            .iter()
                            .filter(|(_, (tick, _))| *tick <= now)
                            .map(|(serial, (tick, (_, alarm)))| (*tick, *serial, alarm.nth.load(SeqCst)))
                            .collect();
                        due.sort_unstable();
                        prop_assert!(due.is_sorted_by_key(|(_, _, nth)| *nth), "{due:?}");
                        armed.retain(|_, (tick, (key, alarm))| {
                            let due = *tick <= now;
                            let expected = if due { now } else { NOT_YET };
                            assert_eq!(alarm.fired.load(SeqCst), expected, "due at {tick}");
                            if due {
                                clockwork.wheel.remove(*key);
                            }
                            !due
                        });
                    }
                }
                let first = armed.values().map(|(tick, _)| *tick).min();
                let next = clockwork.wheel.next();
                prop_assert_eq!(first.is_some(), next.is_some());
                prop_assert!(next <= first.map(|first| first.max(now)));
                prop_assert_eq!(clockwork.wheel.len(), armed.len());
            }
        }
    }

    #[test]
    fn a_sleep_lasts_until_the_deadline_and_not_until_a_slot_begins() {
        let mut clockwork = Clockwork::new();
        let (_, alarm) = clockwork.insert(1_000_003);
        assert_eq!(clockwork.wheel.next(), Some(1_000_003));
        clockwork.turn(1_000_002, 4);
        assert_eq!(alarm.fired.load(SeqCst), NOT_YET);
        assert_eq!(clockwork.wheel.next(), Some(1_000_003));
        clockwork.turn(1_000_003, 4);
        assert_eq!(alarm.fired.load(SeqCst), 1_000_003);
    }

    #[test]
    fn a_timer_that_has_fired_takes_no_new_waker() {
        let mut clockwork = Clockwork::new();
        let (key, _) = clockwork.insert(5);
        assert!(
            clockwork
                .wheel
                .set_waker(key, Waker::noop().clone())
                .is_ok()
        );
        clockwork.turn(5, 1);
        assert!(
            clockwork
                .wheel
                .set_waker(key, Waker::noop().clone())
                .is_err()
        );
        assert!(clockwork.wheel.remove(key).is_none());
    }

    #[test]
    fn the_last_tick_can_be_armed() {
        let mut clockwork = Clockwork::new();
        clockwork.insert(u64::MAX);
        assert_eq!(clockwork.wheel.next(), Some(LAST_TICK));
        clockwork.turn(LAST_TICK - 1, 1);
        assert_eq!(clockwork.wheel.next(), Some(LAST_TICK));
    }
}
