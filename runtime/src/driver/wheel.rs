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
//! in the order of their deadlines, those of one deadline in the order in which they were armed.
//!
//! Each far slot knows the earliest deadline that it has ever held since it was last empty. Nobody
//! sleeps until the beginning of a slot, only until a deadline; that of a timer that has been
//! cancelled may be among them.

mod places;

use std::num::NonZeroU32;
use std::task::Waker;

use slab::Slab;

pub(super) use places::LAST_TICK;
use places::{Occupied, PLACES, Place};

pub(super) struct Wheel {
    /// All deadlines up to this tick have been seen to.
    turned_to: u64,
    occupied: Occupied,
    /// By place. Made for the first timer.
    lists: Box<[List]>,
    timers: Slab<Timer>,
}

/// First in, first out.
#[derive(Clone, Copy)]
struct List {
    head: Option<Key>,
    tail: Option<Key>,
}

/// Names a timer until it is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(NonZeroU32);

impl Key {
    fn of_index(index: usize) -> Self {
        let number = NonZeroU32::new(index as u32 + 1);
        Self(number.expect("there is no room for 4 billion timers"))
    }

    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

struct Timer {
    tick: u64,
    /// Taken when the timer fires.
    waker: Option<Waker>,
    /// `None`: it has fired, and is in no slot.
    place: Option<Place>,
    previous: Option<Key>,
    next: Option<Key>,
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
            occupied: Occupied::new(),
            lists: Box::default(),
            timers: Slab::new(),
        }
    }

    /// Arms a timer. One that is due already fires in the next turn.
    pub(super) fn insert(&mut self, tick: u64, waker: Waker) -> Key {
        if self.lists.is_empty() {
            let list = List {
                head: None,
                tail: None,
            };
            self.lists = vec![list; PLACES].into_boxed_slice();
        }
        let timer = Timer {
            tick: tick.min(LAST_TICK),
            waker: Some(waker),
            place: None,
            previous: None,
            next: None,
        };
        let key = Key::of_index(self.timers.insert(timer));
        self.link(key);
        key
    }

    /// Cancels a timer, or forgets one that has fired; gives its waker back, to be dropped elsewhere.
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        self.unlink(key);
        self.timers.remove(key.index()).waker
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
        // All lie ahead of where the wheel has been turned to, so the first is next.
        self.occupied.next(self.turned_to)
    }

    /// Fires what is due at `now`. A timer that fires or comes down is a step; it takes no more than
    /// so many.
    pub(super) fn turn(&mut self, now: u64, mut steps: usize, wakers: &mut Vec<Waker>) -> Turned {
        loop {
            // There may be later timers below it.
            while let Some(place) = self.occupied.coming_down(self.turned_to) {
                while let Some(key) = self.head(place) {
                    if steps == 0 {
                        return Turned::More;
                    }
                    steps -= 1;
                    self.pop(place, key);
                    self.link(key);
                }
            }
            while let Some((tick, place)) = self.occupied.first_near(self.turned_to) {
                if tick > now {
                    return self.done(now);
                }
                self.turned_to = tick;
                while let Some(key) = self.head(place) {
                    if steps == 0 {
                        return Turned::More;
                    }
                    steps -= 1;
                    self.fire(place, key, wakers);
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
                Some(key) if steps > 0 && self.is_alone_and_due(key, now) => {
                    steps -= 1;
                    self.fire(place, key, wakers);
                }
                _ => self.turned_to = begin,
            }
        }
    }

    fn done(&mut self, now: u64) -> Turned {
        self.turned_to = self.turned_to.max(now);
        Turned::Done
    }

    fn is_alone_and_due(&mut self, key: Key, now: u64) -> bool {
        let timer = self.timer(key);
        timer.next.is_none() && timer.tick <= now
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

    fn timer(&mut self, key: Key) -> &mut Timer {
        &mut self.timers[key.index()]
    }

    fn head(&self, place: Place) -> Option<Key> {
        self.lists[place.index()].head
    }

    fn fire(&mut self, place: Place, key: Key, wakers: &mut Vec<Waker>) {
        self.pop(place, key);
        wakers.extend(self.timer(key).waker.take());
    }

    /// Takes the first timer of a slot out of it.
    fn pop(&mut self, place: Place, key: Key) {
        let timer = self.timer(key);
        timer.place = None;
        let next = timer.next.take();
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
    fn link(&mut self, key: Key) {
        let turned_to = self.turned_to;
        let timer = self.timer(key);
        let (tick, place) = (timer.tick, Place::of(timer.tick, turned_to));
        timer.place = Some(place);
        self.occupied.insert(place, tick);
        let list = &mut self.lists[place.index()];
        let previous = list.tail.replace(key);
        match previous {
            Some(previous) => self.timer(previous).next = Some(key),
            None => list.head = Some(key),
        }
        self.timer(key).previous = previous;
    }

    /// Takes a timer out of its slot, if it is in one.
    fn unlink(&mut self, key: Key) {
        let timer = self.timer(key);
        let Some(place) = timer.place.take() else {
            return;
        };
        let (previous, next) = (timer.previous.take(), timer.next.take());
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
