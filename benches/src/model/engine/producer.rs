#![forbid(unsafe_code)]
//! What a producer does: enqueue a batch, wait until it has run, again.

use super::pool::Item;
use super::{Engine, Phase, ThreadId};

#[derive(Debug, Clone)]
pub(super) struct Producer {
    /// Batches still to be waited for, this one included.
    rounds: usize,
    /// Items of this batch that are enqueued.
    enqueued: usize,
    /// Items of this batch that have not run; those to be enqueued count.
    outstanding: usize,
    /// When the call that enqueues began.
    called: u64,
}

impl Producer {
    pub(super) fn new(rounds: usize) -> Self {
        Self {
            rounds,
            enqueued: 0,
            outstanding: 0,
            called: 0,
        }
    }
}

impl Engine<'_> {
    pub(super) fn step_producer(&mut self, thread: ThreadId) {
        match self.threads[thread].phase {
            Phase::Run => self.next_call(thread),
            Phase::Request => self.request_lock(thread),
            Phase::Locked => self.count(thread),
            Phase::Change => {
                let item = self.next_item(thread);
                self.pool_of(thread).items.push_back(item);
                self.end_section(thread);
            }
            Phase::WokeLocked => {
                self.finish_wake(thread);
                self.release_lock(thread);
                self.returned(thread);
            }
            Phase::Woke => {
                self.finish_wake(thread);
                self.returned(thread);
            }
            Phase::Ran | Phase::Told => unreachable!("only workers run items"),
        }
    }

    /// Runs for the first time, after a call, or because the batch has run.
    fn next_call(&mut self, thread: ThreadId) {
        let batch = self.setup.batch;
        let producer = &mut self.producers[thread];
        if producer.enqueued == batch {
            producer.enqueued = 0;
            producer.rounds -= 1;
        }
        if producer.rounds == 0 {
            self.sleep(thread);
            return;
        }
        if producer.enqueued == 0 {
            producer.outstanding = batch;
        }
        producer.called = self.now;
        let time = self.noisy(thread, self.costs.item.call);
        self.after(time, thread, Phase::Request);
    }

    fn next_item(&mut self, thread: ThreadId) -> Item {
        let Producer {
            rounds, enqueued, ..
        } = self.producers[thread];
        self.producers[thread].enqueued += 1;
        let earlier = (thread * self.setup.rounds + rounds - 1) * self.setup.batch;
        Item {
            producer: thread,
            number: earlier + enqueued,
        }
    }

    fn returned(&mut self, thread: ThreadId) {
        let producer = &self.producers[thread];
        self.record.latencies.push(self.now - producer.called);
        if producer.enqueued < self.setup.batch || producer.outstanding == 0 {
            self.after(0, thread, Phase::Run);
        } else {
            self.sleep(thread);
            self.threads[thread].woken = false;
        }
    }

    /// One of the producer's items has run. Is it the last that it sleeps for?
    pub(super) fn tell(&mut self, thread: ThreadId) -> bool {
        let producer = &mut self.producers[thread];
        producer.outstanding -= 1;
        producer.outstanding == 0 && self.threads[thread].asleep
    }
}
