#![forbid(unsafe_code)]
//! The sources registered with a driver: where its events go.
//!
//! Each has a place in a page. Pages are made as places are needed, each twice as large as the one
//! before, and stay until the driver goes: an event finds its place by the number in its token,
//! without a lock and without a reference to be counted. A place that has been given back is used
//! for another source; the generation in the token tells the two apart.

use std::fmt;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use crossbeam_utils::CachePadded;
use slab::Slab;

use crate::primitives::Lock;

use super::interest::{Interest, Ready};
use super::readiness::{Readiness, ReadyEvent};

/// Bits of a token that name the place; the others hold the generation.
const PLACE_BITS: u32 = if usize::BITS == 64 { 32 } else { 22 };
const GENERATION_MASK: u32 = u32::MAX >> (u32::BITS - generation_bits());

const fn generation_bits() -> u32 {
    let left = usize::BITS - PLACE_BITS;
    if left < u32::BITS { left } else { u32::BITS }
}

/// Places in the first page, as a power of two.
const FIRST_PAGE: u32 = 5;
const PAGES: usize = (PLACE_BITS - FIRST_PAGE) as usize;

pub(super) struct Sources {
    pages: [OnceLock<Box<[CachePadded<Source>]>>; PAGES],
    places: Lock<Places>,
}

struct Places {
    free: Vec<u32>,
    /// Places that have ever been used: all below this number.
    used: u32,
    shut_down: bool,
}

/// One registered source.
pub(super) struct Source {
    readiness: Readiness,
    waiters: Lock<Waiters>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.readiness.fmt(f)
    }
}

#[derive(Default)]
struct Waiters {
    /// Of the poll functions, one for each direction.
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// Of the futures, of which there may be any number.
    futures: Slab<Waiter>,
}

struct Waiter {
    mask: Ready,
    waker: Option<Waker>,
}

/// A direction of a source: each has one waker for its poll functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Direction {
    fn mask(self) -> Ready {
        match self {
            Self::Read => Interest::READABLE.mask() | Ready::ERROR,
            Self::Write => Interest::WRITABLE.mask() | Ready::ERROR,
        }
    }
}

impl Sources {
    pub(super) fn new() -> Self {
        Self {
            pages: [const { OnceLock::new() }; PAGES],
            places: Lock::new(Places {
                free: Vec::new(),
                used: 0,
                shut_down: false,
            }),
        }
    }

    /// A place for a source, and the token of its events; `None` after the shutdown, and if there
    /// are as many as the tokens can tell apart.
    pub(super) fn claim(&self) -> Option<(u32, mio::Token)> {
        let place = {
            let mut places = self.places.lock();
            if places.shut_down {
                return None;
            }
            match places.free.pop() {
                Some(place) => place,
                None if places.used < last_place() => {
                    places.used += 1;
                    places.used - 1
                }
                None => return None,
            }
        };
        let generation = self.at(place).readiness.generation() & GENERATION_MASK;
        let token = (generation as usize).wrapping_shl(PLACE_BITS) | place as usize;
        Some((place, mio::Token(token)))
    }

    /// The place's source has been deregistered.
    pub(super) fn give_back(&self, place: u32) {
        let source = self.at(place);
        let wakers = source.waiters.lock().take(Ready::ALL);
        source.readiness.recycle();
        self.places.lock().free.push(place);
        drop(wakers);
    }

    pub(super) fn at(&self, place: u32) -> &Source {
        // Page p holds the places from (2^p - 1) * 2^FIRST_PAGE on.
        let shifted = place + (1 << FIRST_PAGE);
        let page = shifted.ilog2() - FIRST_PAGE;
        let offset = shifted - (1 << (page + FIRST_PAGE));
        let sources = self.pages[page as usize].get_or_init(|| {
            let len = 1_usize << (page + FIRST_PAGE);
            (0..len).map(|_| CachePadded::new(Source::new())).collect()
        });
        &sources[offset as usize]
    }

    /// The system has reported an event. Collects whom to wake.
    pub(super) fn dispatch(&self, token: mio::Token, ready: Ready, wakers: &mut Vec<Waker>) {
        let place = (token.0 & ((1 << PLACE_BITS) - 1)) as u32;
        let generation = token.0.wrapping_shr(PLACE_BITS) as u32 & GENERATION_MASK;
        self.at(place)
            .dispatch(ready, generation, GENERATION_MASK, wakers);
    }

    /// No event will come any more: whoever waits is to find out.
    pub(super) fn shut_down(&self, wakers: &mut Vec<Waker>) {
        let used = {
            let mut places = self.places.lock();
            places.shut_down = true;
            places.used
        };
        for place in 0..used {
            let source = self.at(place);
            source.readiness.shut_down();
            source.collect(Ready::ALL, wakers);
        }
    }

    /// How many sources are registered.
    pub(super) fn len(&self) -> usize {
        let places = self.places.lock();
        places.used as usize - places.free.len()
    }
}

/// One less than the tokens can name: the largest ones are the driver's own.
const fn last_place() -> u32 {
    ((1_u64 << PLACE_BITS) - (1 << FIRST_PAGE) - 2) as u32
}

impl Source {
    pub(super) fn new() -> Self {
        Self {
            readiness: Readiness::new(),
            waiters: Lock::new(Waiters::default()),
        }
    }

    pub(super) fn ready(&self) -> ReadyEvent {
        self.readiness.load()
    }

    pub(super) fn clear(&self, event: ReadyEvent) {
        self.readiness.clear(event);
    }

    pub(super) fn clear_refuted(&self, event: ReadyEvent) {
        self.readiness.clear_refuted(event);
    }

    /// The system has reported an event for the source of this generation, as far as its bits in
    /// `mask` tell.
    pub(super) fn dispatch(
        &self,
        ready: Ready,
        generation: u32,
        mask: u32,
        wakers: &mut Vec<Waker>,
    ) {
        if self.readiness.set(ready, generation, mask) {
            self.collect(ready, wakers);
        }
    }

    /// Nobody waits yet.
    pub(super) fn assume(&self, ready: Ready) {
        self.readiness.assume(ready);
    }

    fn collect(&self, ready: Ready, wakers: &mut Vec<Waker>) {
        let Taken {
            reader,
            writer,
            futures,
        } = self.waiters.lock().take(ready);
        wakers.extend(reader);
        wakers.extend(writer);
        wakers.extend(futures);
    }

    /// The event that somebody waits for who waits for what `mask` says, if it has come.
    #[inline]
    fn ready_for(&self, mask: Ready) -> Option<ReadyEvent> {
        let event = self.readiness.load().masked(mask);
        (!event.ready.is_empty() || event.is_shut_down).then_some(event)
    }

    /// Waits, in a poll function, for one direction.
    #[inline]
    pub(super) fn poll_ready(
        &self,
        context: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<ReadyEvent> {
        match self.ready_for(direction.mask()) {
            Some(event) => Poll::Ready(event),
            None => self.wait(context, direction),
        }
    }

    // Apart, for most operations need not wait.
    #[inline(never)]
    fn wait(&self, context: &mut Context<'_>, direction: Direction) -> Poll<ReadyEvent> {
        let mut waker = Some(context.waker().clone());
        let mut waiters = self.waiters.lock();
        let place = match direction {
            Direction::Read => &mut waiters.reader,
            Direction::Write => &mut waiters.writer,
        };
        std::mem::swap(place, &mut waker);
        // Under the lock that the dispatcher takes after it has set the word: either it finds the
        // waker, or we find the event.
        let event = self.ready_for(direction.mask());
        drop(waiters);
        drop(waker);
        event.map_or(Poll::Pending, Poll::Ready)
    }

    /// Waits, in a future that keeps `key` between its polls, for what `mask` says.
    pub(super) fn poll_future(
        &self,
        context: &mut Context<'_>,
        mask: Ready,
        key: &mut Option<usize>,
    ) -> Poll<ReadyEvent> {
        if let Some(event) = self.ready_for(mask) {
            return Poll::Ready(event);
        }
        let mut waker = Some(context.waker().clone());
        let mut waiters = self.waiters.lock();
        match *key {
            Some(key) => std::mem::swap(&mut waiters.futures[key].waker, &mut waker),
            None => {
                let waker = waker.take();
                *key = Some(waiters.futures.insert(Waiter { mask, waker }));
            }
        }
        let event = self.ready_for(mask);
        drop(waiters);
        drop(waker);
        event.map_or(Poll::Pending, Poll::Ready)
    }

    /// The future that had this key goes.
    pub(super) fn forget(&self, key: usize) {
        let waiter = self.waiters.lock().futures.remove(key);
        drop(waiter);
    }
}

/// Wakers taken out of a source, to be woken or dropped after the lock.
struct Taken {
    reader: Option<Waker>,
    writer: Option<Waker>,
    futures: Vec<Waker>,
}

impl Waiters {
    fn take(&mut self, ready: Ready) -> Taken {
        let is_for = |direction: Direction| !(ready & direction.mask()).is_empty();
        Taken {
            reader: self.reader.take_if(|_| is_for(Direction::Read)),
            writer: self.writer.take_if(|_| is_for(Direction::Write)),
            futures: match self.futures.is_empty() {
                true => Vec::new(),
                false => self.take_futures(ready),
            },
        }
    }

    // Apart, for most sources have none.
    #[inline(never)]
    fn take_futures(&mut self, ready: Ready) -> Vec<Waker> {
        let waiting = self
            .futures
            .iter_mut()
            .filter(|(_, waiter)| !(waiter.mask & ready).is_empty());
        waiting
            .filter_map(|(_, waiter)| waiter.waker.take())
            .collect()
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn dispatch(sources: &Sources, token: mio::Token, ready: Ready) -> usize {
        let mut wakers = Vec::new();
        sources.dispatch(token, ready, &mut wakers);
        let n = wakers.len();
        wakers.into_iter().for_each(Waker::wake);
        n
    }

    #[test]
    fn places_are_distinct_across_pages_and_are_used_again() {
        let sources = Sources::new();
        let claimed: Vec<_> = (0..1_000).map(|_| sources.claim().unwrap()).collect();
        let addresses: std::collections::HashSet<_> = claimed
            .iter()
            .map(|(place, _)| std::ptr::from_ref(sources.at(*place)))
            .collect();
        assert_eq!(addresses.len(), 1_000);
        sources.give_back(claimed[7].0);
        let (place, token) = sources.claim().unwrap();
        assert_eq!(place, claimed[7].0);
        assert_ne!(
            token, claimed[7].1,
            "its events can be told from the earlier source's"
        );
        assert_eq!(sources.len(), 1_000);
    }

    #[test]
    fn an_event_wakes_the_direction_that_it_is_for() {
        let sources = Sources::new();
        let (place, token) = sources.claim().unwrap();
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        let mut context = Context::from_waker(&waker);
        let source = sources.at(place);
        assert!(
            source
                .poll_ready(&mut context, Direction::Read)
                .is_pending()
        );
        assert_eq!(dispatch(&sources, token, Ready::WRITABLE), 0);
        assert_eq!(dispatch(&sources, token, Ready::READABLE), 1);
        assert!(source.poll_ready(&mut context, Direction::Read).is_ready());
        assert_eq!(count.0.load(SeqCst), 1);
    }

    #[test]
    fn a_late_event_of_an_earlier_source_wakes_nobody() {
        let sources = Sources::new();
        let (place, old) = sources.claim().unwrap();
        sources.give_back(place);
        let (place, _) = sources.claim().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            sources
                .at(place)
                .poll_ready(&mut context, Direction::Read)
                .is_pending()
        );
        assert_eq!(dispatch(&sources, old, Ready::ALL), 0);
    }

    #[test]
    fn any_number_of_futures_wait_for_one_source() {
        let sources = Sources::new();
        let (place, token) = sources.claim().unwrap();
        let source = sources.at(place);
        let mut context = Context::from_waker(Waker::noop());
        let mut keys = [None; 10];
        for key in &mut keys {
            let mask = Interest::READABLE.mask();
            assert!(source.poll_future(&mut context, mask, key).is_pending());
        }
        source.forget(keys[3].unwrap());
        assert_eq!(dispatch(&sources, token, Ready::READABLE), 9);
    }

    #[test]
    fn the_shutdown_ends_every_wait_and_refuses_new_sources() {
        let sources = Sources::new();
        let (place, _) = sources.claim().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            sources
                .at(place)
                .poll_ready(&mut context, Direction::Write)
                .is_pending()
        );
        let mut wakers = Vec::new();
        sources.shut_down(&mut wakers);
        assert_eq!(wakers.len(), 1);
        let Poll::Ready(event) = sources.at(place).poll_ready(&mut context, Direction::Write)
        else {
            panic!("the shutdown is to be seen");
        };
        assert!(event.is_shut_down);
        assert!(sources.claim().is_none());
    }
}
