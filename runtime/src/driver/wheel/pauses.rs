//! What others do to a wheel between two chunks of a turn.

use std::task::Waker;

use proptest::prelude::*;

use super::{Key, LAST_TICK, Turned, Wheel};
use std::sync::{Arc, Mutex};
use std::task::Wake;

/// Notes its number in the order in which it is woken.
struct Numbered(u32, Arc<Mutex<Vec<u32>>>);

impl Wake for Numbered {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

fn noop() -> Waker {
    Waker::noop().clone()
}

/// Far enough for the first far level, in its first slot that is not the wheel's present one.
const FAR: u64 = 5_000;

#[test]
fn a_deadline_armed_while_others_come_down_is_next() {
    let mut wheel = Wheel::new();
    let begin = 1 << 18;
    wheel.insert(begin + 200_000, noop());
    wheel.insert(begin + 200_000, noop());
    let mut wakers = Vec::new();
    assert_eq!(wheel.turn(begin + 100, 1, &mut wakers), Turned::More);
    wheel.insert(begin + FAR, noop());
    let next = wheel.next();
    assert!(next.is_some_and(|next| next <= begin + FAR), "{next:?}");
}

/// Two threads turn the same wheel when `advance` fires what is due in the driver of a per-CPU pool
/// whose worker has read the clock before.
#[test]
fn a_turn_with_an_older_time_takes_nothing_for_fired_that_has_not() {
    let mut wheel = Wheel::new();
    let keys = [(); 2].map(|()| wheel.insert(100, noop()));
    let mut wakers = Vec::new();
    assert_eq!(wheel.turn(200, 1, &mut wakers), Turned::More);
    wheel.turn(50, 8, &mut wakers);
    assert!(wheel.set_waker(keys[1], noop()).is_ok(), "it is armed");
    assert!(wheel.fired_to() < keys[1].tick, "{}", wheel.fired_to());
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u64),
    Remove(usize),
    SetWaker(usize),
    /// A turn; the steps that follow fall between its chunks until it is done.
    Turn(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let span = prop_oneof![
        0..10_u64,
        0..200_u64,
        4_000..4_200_u64,
        0..20_000_u64,
        0..1_u64 << 20,
        0..1_u64 << 40,
        0..1_u64 << 53,
    ];
    prop_oneof![
        4 => span.clone().prop_map(Step::Insert),
        1 => (0..64_usize).prop_map(Step::Remove),
        1 => (0..64_usize).prop_map(Step::SetWaker),
        2 => span.prop_map(Step::Turn),
    ]
}

struct Armed {
    key: Key,
    tick: u64,
    order: u32,
    /// It was armed before the turn that is under way.
    before: bool,
}

proptest! {
    /// As the test of whole turns, with everything that others may do between two chunks of one.
    #[test]
    fn timers_fire_once_and_in_time_whatever_happens_between_two_chunks(
        steps in prop::collection::vec(step(), 1..120),
        chunk in 1..4_usize,
    ) {
        let (mut wheel, woken) = (Wheel::new(), Arc::<Mutex<Vec<u32>>>::default());
        let numbered = |n| Waker::from(Arc::new(Numbered(n, woken.clone())));
        let (mut armed, mut now, mut number) = (Vec::<Armed>::new(), 0_u64, 0_u32);
        let (mut turning, mut last) = (false, 0);
        let mut steps = steps.into_iter();
        loop {
            let step = steps.next();
            match step {
                None if !turning => break,
                None => {}
                Some(Step::Insert(after)) => {
                    number += 1;
                    let tick = (now + after).min(LAST_TICK);
                    let key = wheel.insert(tick, numbered(number));
                    prop_assert!(key.tick >= tick && key.tick > wheel.fired_to() || key.tick == LAST_TICK);
                    armed.push(Armed { key, tick, order: number, before: !turning });
                }
                Some(Step::Remove(nth)) if nth < armed.len() => {
                    let gone = armed.remove(nth);
                    prop_assert!(wheel.remove(gone.key).is_some(), "it has not fired");
                    prop_assert!(wheel.remove(gone.key).is_none());
                }
                Some(Step::SetWaker(nth)) if nth < armed.len() => {
                    number += 1;
                    armed[nth].order = number;
                    prop_assert!(wheel.set_waker(armed[nth].key, numbered(number)).is_ok());
                }
                Some(Step::Turn(by)) if !turning => {
                    now = (now + by).min(LAST_TICK - 1);
                    (turning, last) = (true, 0);
                    armed.iter_mut().for_each(|timer| timer.before = true);
                }
                Some(_) => {}
            }
            if turning {
                let mut wakers = Vec::new();
                turning = wheel.turn(now, chunk, &mut wakers) == Turned::More;
                prop_assert!(wakers.len() <= chunk);
                wakers.into_iter().for_each(Waker::wake);
                for n in woken.lock().unwrap().drain(..) {
                    let at = armed.iter().position(|timer| timer.order == n);
                    let timer = armed.swap_remove(at.expect("it fires once, for its last waker"));
                    prop_assert!(timer.tick <= now, "early");
                    prop_assert!(wheel.remove(timer.key).is_none());
                    if timer.before {
                        prop_assert!(timer.key.tick >= last, "out of order");
                        last = timer.key.tick;
                    }
                }
            }
            prop_assert!(armed.iter().all(|timer| timer.key.tick > wheel.fired_to()));
            prop_assert_eq!(wheel.len(), armed.len());
            if !turning {
                let first = armed.iter().map(|timer| timer.key.tick).min();
                prop_assert!(armed.iter().all(|timer| timer.tick > now || timer.key.tick > now));
                prop_assert_eq!(first.is_some(), wheel.next().is_some());
                prop_assert!(wheel.next() <= first);
            }
        }
    }
}
