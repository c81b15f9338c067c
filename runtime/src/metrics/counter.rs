#![forbid(unsafe_code)]
//! Counters that cost next to nothing: each has one writer at a time, which loads and stores
//! without a locked instruction.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Written by one thread at a time (a slot's worker, or the holder of a lock), read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn increment(&self) {
        self.add(1);
    }

    #[inline]
    pub(crate) fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Written by any thread; for events that are rare or cost a system call anyway.
#[derive(Debug, Default)]
pub(crate) struct SharedCounter(AtomicU64);

impl SharedCounter {
    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// One slot's counts; its worker writes them.
#[derive(Debug, Default)]
pub(crate) struct WorkerCounters {
    /// Polls begun. Also tells whether a worker is still in the poll that it was in before.
    pub(crate) polls: Counter,
    /// Tasks spawned by the worker itself.
    pub(crate) spawned: Counter,
    /// Tasks polled for the first time.
    pub(crate) started: Counter,
    /// Tasks that gave an output, panicked, or were dropped.
    pub(crate) completed: Counter,
    /// Batches taken from the local queue of a sibling in the pool.
    pub(crate) steals_in_pod: Counter,
    /// Batches taken from another pool.
    pub(crate) steals_across: Counter,
    /// Nanoseconds that the worker was awake, up to the last time that it went to sleep.
    pub(crate) busy: Counter,
    /// Times that the worker went to sleep.
    pub(crate) parks: Counter,
    /// Times that it woke and found nothing to do.
    pub(crate) futile: Counter,
    /// Times that it was found outside its pod when it went to sleep, and sent home.
    pub(crate) repatriated: Counter,
    /// Polls that the monitor has found to be long ones; it alone writes them.
    pub(crate) long_polls: Counter,
    /// Local queues that were full, and gave half to the worklist.
    pub(crate) overflows: Counter,
}

/// One injector's counts; the holder of its lock writes the first half.
#[derive(Debug, Default)]
pub(crate) struct InjectorCounters {
    /// Tasks spawned from elsewhere.
    pub(crate) spawned: Counter,
    /// Idle workers chosen to be woken.
    pub(crate) picks: Counter,
    /// Picks by a worker that took work and left some.
    pub(crate) chain_kicks: Counter,
    /// Work put down while the worker to be picked was on its way already.
    pub(crate) coalesced: Counter,
    /// Workers that retired after their keep-alive.
    pub(crate) retired: Counter,
    /// Tasks spawned that are not to run before their work queue's turn.
    pub(crate) waited: SharedCounter,
    /// Tasks dropped at the pool's end, or for want of a thread.
    pub(crate) dropped: SharedCounter,
    /// Wake-ups that made no system call, because the worker had been woken since it was picked.
    pub(crate) wakes_saved: SharedCounter,
    /// Work put down in a full pool, for which a neighbour was asked.
    pub(crate) appeals: SharedCounter,
    /// Work put down of which the monitor had to hear.
    pub(crate) alerts: SharedCounter,
    /// Worker threads that were asked for because of work.
    pub(crate) threads: SharedCounter,
    /// Times that the pool had work for long and did not get on.
    pub(crate) stalls: SharedCounter,
    /// Worker threads that the system refused.
    pub(crate) refused_threads: SharedCounter,
}
