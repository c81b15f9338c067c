#![forbid(unsafe_code)]
//! A hierarchical timing wheel (Varghese and Lauck, 1987): arming, moving and cancelling a timer is
//! O(1), and so is finding the next deadline.
//!
//! Time is counted in ticks. The *near* level has 4,096 slots of one tick each; above it lie *far*
//! levels of 64 slots, and a slot of each is as long as the whole level below. A timer lies in the
//! level of the highest digit in which its deadline differs from the time up to which the wheel has
//! been turned. So everything in a level is due before anything in the next; within a level, slots
//! are in the order of time; and a timer comes down by at least one level when its slot is reached.
//! The near level is wide because to come down costs a timer more than all else: what it is linked
//! to has long left the cache.
//!
//! What a slot holds, it gives back in the order in which it came, to whichever level. So timers fire
//! in the order of their deadlines, those of one deadline in the order in which they were armed (but
//! for those armed while a long turn pauses).
//!
//! Each far slot knows the earliest deadline that it has ever held since it was last empty. Nobody
//! sleeps until the beginning of a slot, only until a deadline; that of a timer that has been
//! cancelled may be among them.

#[cfg(all(test, not(fastwake_loom)))]
mod pauses;
mod places;

use std::num::NonZeroU32;
use std::task::Waker;

use slab::Slab;

pub(super) use places::LAST_TICK;
use places::{Occupied, PLACES, Place};

pub(super) struct Wheel {
    /// What is linked is linked as of this tick.
    turned_to: u64,
    /// All timers up to this tick have fired. Less than `turned_to` while those of that tick fire.
    fired_to: u64,
    /// Of the timer that was armed last.
    serial: u32,
    occupied: Occupied,
    /// By place. Made for the first timer.
    lists: Box<[List]>,
    timers: Slab<Timer>,
}

/// First in, first out.
#[derive(Clone, Copy)]
struct List {
    head: Option<Index>,
    tail: Option<Index>,
}

/// Where a timer lies in memory, plus one.
type Index = NonZeroU32;

/// Names a timer, also when it has fired and another has its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    index: Index,
    serial: u32,
    /// When it fires. What was due already when it was armed fires at the next tick.
    pub(super) tick: u64,
}

/// One that has not fired.
struct Timer {
    tick: u64,
    waker: Waker,
    serial: u32,
    place: Place,
    previous: Option<Index>,
    next: Option<Index>,
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
        Self {
            turned_to: 0,
            fired_to: 0,
            serial: 0,
            occupied: Occupied::new(),
            lists: Box::default(),
            timers: Slab::new(),
        }
    }

    /// Arms a timer. One that is due already fires at the next tick.
    pub(super) fn insert(&mut self, tick: u64, waker: Waker) -> Key {
        if self.lists.is_empty() {
            let list = List {
                head: None,
                tail: None,
            };
            self.lists = vec![list; PLACES].into_boxed_slice();
        }
        let tick = tick.max(self.turned_to + 1).min(LAST_TICK);
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        let timer = Timer {
            tick,
            waker,
            serial,
            place: Place::of(tick, self.turned_to),
            previous: None,
            next: None,
        };
        let index = Index::new(self.timers.insert(timer) as u32 + 1);
        let index = index.expect("there is no room for 4 billion timers");
        self.link(index);
        Key {
            index,
            serial,
            tick,
        }
    }

    /// Cancels a timer and gives its waker back, to be dropped elsewhere; `None`: it has fired.
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        self.armed(key)?;
        self.unlink(key.index);
        Some(self.timers.remove(slot(key.index)).waker)
    }

    /// Replaces whom to wake, and gives back the one before. `Err`: the timer has fired.
    pub(super) fn set_waker(&mut self, key: Key, waker: Waker) -> Result<Waker, Waker> {
        match self.armed(key) {
            Some(timer) => Ok(std::mem::replace(&mut timer.waker, waker)),
            None => Err(waker),
        }
    }

    /// The timer of this key, unless it has fired.
    fn armed(&mut self, key: Key) -> Option<&mut Timer> {
        let timer = self.timers.get_mut(slot(key.index))?;
        (timer.serial == key.serial).then_some(timer)
    }

    /// All timers up to this tick have fired.
    pub(super) fn fired_to(&self) -> u64 {
        self.fired_to
    }

    /// The next deadline; or an earlier one, of a timer that has been cancelled.
    pub(super) fn next(&self) -> Option<u64> {
        // All lie ahead of where the wheel has been turned to, so the first is next.
        self.occupied.next(self.turned_to)
    }

    /// Fires what is due at `now`. A timer that fires or comes down is a step; it takes no more than
    /// so many.
    pub(super) fn turn(&mut self, now: u64, mut steps: usize, wakers: &mut Vec<Waker>) -> Turned {
        loop {
            // There may be later timers below it.
            while let Some(place) = self.occupied.coming_down(self.turned_to) {
                while let Some(index) = self.head(place) {
                    if steps == 0 {
                        return Turned::More;
                    }
                    steps -= 1;
                    self.pop(place, index);
                    self.link(index);
                }
            }
            while let Some((tick, place)) = self.occupied.first_near(self.turned_to) {
                if tick > now {
                    return self.done(now);
                }
                self.turned_to = tick;
                self.fired_to = self.fired_to.max(tick - 1);
                while let Some(index) = self.head(place) {
                    if steps == 0 {
                        return Turned::More;
                    }
                    steps -= 1;
                    self.fire(place, index, wakers);
                }
            }
            let Some((begin, place)) = self.occupied.first_far(self.turned_to) else {
                return self.done(now);
            };
            if begin > now {
                return self.done(now);
            }
            match self.head(place) {
                // Those in a far slot are not in order; one alone is.
                Some(index) if steps > 0 && self.is_alone_and_due(index, now) => {
                    steps -= 1;
                    self.fire(place, index, wakers);
                }
                _ => self.turned_to = begin,
            }
        }
    }

    fn done(&mut self, now: u64) -> Turned {
        self.turned_to = self.turned_to.max(now);
        // Another turn may have come further, and not be done.
        self.fired_to = self.fired_to.max(now);
        Turned::Done
    }

    fn is_alone_and_due(&self, index: Index, now: u64) -> bool {
        let timer = &self.timers[slot(index)];
        timer.next.is_none() && timer.tick <= now
    }

    /// All wakers, for a wheel that will not turn any more.
    pub(super) fn drain(&mut self) -> Vec<Waker> {
        if self.timers.is_empty() {
            return Vec::new();
        }
        self.occupied = Occupied::new();
        self.lists = Box::default();
        self.timers.drain().map(|timer| timer.waker).collect()
    }

    /// How many timers are armed.
    pub(super) fn len(&self) -> usize {
        self.timers.len()
    }

    fn timer(&mut self, index: Index) -> &mut Timer {
        &mut self.timers[slot(index)]
    }

    fn head(&self, place: Place) -> Option<Index> {
        self.lists[place.index()].head
    }

    fn fire(&mut self, place: Place, index: Index, wakers: &mut Vec<Waker>) {
        self.pop(place, index);
        wakers.push(self.timers.remove(slot(index)).waker);
    }

    /// Takes the first timer of a slot out of it.
    fn pop(&mut self, place: Place, index: Index) {
        let next = self.timer(index).next.take();
        self.lists[place.index()].head = next;
        match next {
            Some(next) => self.timer(next).previous = None,
            None => self.emptied(place),
        }
    }

    fn emptied(&mut self, place: Place) {
        self.lists[place.index()].tail = None;
        self.occupied.remove(place);
    }

    /// Puts a timer into the slot where it belongs now, last.
    fn link(&mut self, index: Index) {
        let turned_to = self.turned_to;
        let timer = self.timer(index);
        let (tick, place) = (timer.tick, Place::of(timer.tick, turned_to));
        timer.place = place;
        self.occupied.insert(place, tick);
        let list = &mut self.lists[place.index()];
        let previous = list.tail.replace(index);
        match previous {
            Some(previous) => self.timer(previous).next = Some(index),
            None => list.head = Some(index),
        }
        self.timer(index).previous = previous;
    }

    /// Takes a timer out of its slot.
    fn unlink(&mut self, index: Index) {
        let timer = self.timer(index);
        let (place, previous, next) = (timer.place, timer.previous.take(), timer.next.take());
        match next {
            Some(next) => self.timer(next).previous = previous,
            None => self.lists[place.index()].tail = previous,
        }
        match previous {
            Some(previous) => self.timer(previous).next = next,
            None => self.lists[place.index()].head = next,
        }
        if previous.is_none() && next.is_none() {
            self.emptied(place);
        }
    }
}

fn slot(index: Index) -> usize {
    index.get() as usize - 1
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
                let mut wakers = Vec::new();
                let turned = self.wheel.turn(now, chunk, &mut wakers);
                assert!(wakers.len() <= chunk);
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
                        let (key, alarm) = clockwork.insert(now + after);
                        prop_assert!(key.tick >= now + after && key.tick <= now + after.max(1));
                        armed.insert(serial, (key.tick, (key, alarm)));
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
                                assert!(clockwork.wheel.remove(*key).is_none(), "it has fired");
                            }
                            !due
                        });
                    }
                }
                let first = armed.values().map(|(tick, _)| *tick).min();
                let fired_to = clockwork.wheel.fired_to();
                prop_assert!(first.is_none_or(|first| first > fired_to) && fired_to <= now);
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
