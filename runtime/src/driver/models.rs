//! The driver's lock-free protocols, in all interleavings. A lost event shows as a deadlock.

use std::sync::Arc as StdArc;
use std::task::{Context, Poll, Waker};

use crate::park::ThreadParker;
use crate::primitives::{Arc, thread};

use super::interest::{Interest, Ready};
use super::readiness::Readiness;
use super::sources::{Direction, Source};

const ALL: u32 = u32::MAX;

fn wait(poll: impl Fn(&mut Context<'_>) -> Poll<()>) {
    let parker = ThreadParker::new();
    let waker = parker.waker();
    while poll(&mut Context::from_waker(&waker)).is_pending() {
        parker.park(None);
    }
}

fn dispatch(source: &Source, ready: Ready) {
    let mut wakers = Vec::new();
    source.dispatch(ready, 0, ALL, &mut wakers);
    wakers.into_iter().for_each(Waker::wake);
}

/// The waiter leaves its waker while the event comes: one of the two sees the other.
#[test]
fn d_an_event_reaches_whoever_waits_for_it() {
    loom::model(|| {
        let source = Arc::new(Source::new());
        let other = Arc::clone(&source);
        let driver = thread::spawn(move || dispatch(&other, Ready::READABLE));
        wait(|context| source.poll_ready(context, Direction::Read).map(drop));
        driver.join().unwrap();
    });
}

/// As above, for a future and a poll function that wait for the same.
#[test]
fn d_an_event_reaches_all_who_wait_for_it() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let source = Arc::new(Source::new());
        let other = Arc::clone(&source);
        let driver = thread::spawn(move || dispatch(&other, Ready::READABLE));
        let other = Arc::clone(&source);
        let reader = thread::spawn(move || {
            wait(|context| other.poll_ready(context, Direction::Read).map(drop));
        });
        let key = std::cell::Cell::new(None);
        let mask = Interest::READABLE.mask();
        wait(|context| {
            let mut current = key.get();
            let polled = source.poll_future(context, mask, &mut current);
            key.set(current);
            polled.map(drop)
        });
        driver.join().unwrap();
        reader.join().unwrap();
    });
}

/// An operation finds the source drained while a new event comes: the event stays.
#[test]
fn d_a_clear_does_not_undo_an_event_that_it_has_not_seen() {
    loom::model(|| {
        let word = StdArc::new(Readiness::new());
        word.set(Ready::READABLE, 0, ALL);
        let seen = word.load();
        let other = StdArc::clone(&word);
        let driver = thread::spawn(move || other.set(Ready::READABLE, 0, ALL));
        word.clear(seen);
        driver.join().unwrap();
        assert!(word.load().ready.is_readable());
    });
}
