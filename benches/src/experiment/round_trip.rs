//! A producer and its items.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread::{self, Thread};
use std::time::Instant;

use fastwake::runtime::Handle;
use hdrhistogram::Histogram;

/// Longer than any enqueue takes; what takes longer counts as this.
const LONGEST_NS: u64 = 60_000_000_000;

/// An empty histogram of nanoseconds, to three digits.
pub(super) fn nanoseconds() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("the bounds are in order")
}

/// How many of a producer's items have run.
pub(super) struct Tally {
    ran: AtomicUsize,
    /// At this count the producer is to be woken.
    awaited: AtomicUsize,
    producer: Thread,
}

impl Tally {
    /// For the calling thread, to wait for its items.
    ///
    /// It is never freed: a reference count in every item would be measured with the item.
    pub(super) fn new() -> &'static Self {
        Box::leak(Box::new(Self {
            ran: AtomicUsize::new(0),
            awaited: AtomicUsize::new(0),
            producer: thread::current(),
        }))
    }

    /// How many have run so far.
    pub(super) fn ran(&self) -> usize {
        self.ran.load(Acquire)
    }

    /// So many more are going to be enqueued, and waited for.
    fn expect(&self, items: usize) {
        // ORDERING: the items are enqueued after it, which is what lets them see it.
        let awaited = self.awaited.load(Relaxed);
        self.awaited.store(awaited + items, Relaxed);
    }

    fn count(&self) {
        // ORDERING: Release pairs with the Acquire in `ran`: what was counted has happened.
        let ran = self.ran.fetch_add(1, Release) + 1;
        if ran == self.awaited.load(Relaxed) {
            self.producer.unpark();
        }
    }

    fn wait(&self) {
        while self.ran() < self.awaited.load(Relaxed) {
            thread::park();
        }
    }
}

/// Enqueues items, `batch` of them before it waits for them, and notes how long each enqueue takes.
pub(super) fn produce(
    runtime: &Handle,
    tally: &'static Tally,
    items: usize,
    batch: usize,
    enqueue: &mut Histogram<u64>,
) {
    let mut left = items;
    while left > 0 {
        let now = batch.min(left);
        tally.expect(now);
        for _ in 0..now {
            let began = Instant::now();
            let join = runtime.spawn(async move { tally.count() });
            enqueue.saturating_record(began.elapsed().as_nanos() as u64);
            drop(join);
        }
        tally.wait();
        left -= now;
    }
}
