#![forbid(unsafe_code)]
//! What a worker does: take an item, kick another worker if some are left, run it, tell its producer,
//! until there is none; then sleep.

use super::{Engine, Phase, ThreadId};

impl Engine<'_> {
    pub(super) fn step_worker(&mut self, thread: ThreadId) {
        match self.threads[thread].phase {
            Phase::Run | Phase::Request | Phase::Told => {
                self.finish_wake(thread);
                self.request_lock(thread);
            }
            // The item that it has run is counted down before the next one is taken.
            Phase::Locked if self.threads[thread].item.is_some() => self.count(thread),
            Phase::Locked | Phase::Change => self.next(thread),
            Phase::WokeLocked => {
                self.finish_wake(thread);
                self.release_lock(thread);
                self.begin_item(thread);
            }
            Phase::Woke => {
                self.finish_wake(thread);
                self.begin_item(thread);
            }
            Phase::Ran => self.ran(thread),
        }
    }

    /// Under the lock: takes the next item, or goes to sleep.
    fn next(&mut self, thread: ThreadId) {
        self.stop_being_idle(thread);
        let item = self.pool_of(thread).items.pop_front();
        self.threads[thread].item = item;
        if item.is_some() {
            self.end_section(thread);
        } else {
            self.pool_of(thread).idle.push(thread);
            self.release_lock(thread);
            self.sleep(thread);
        }
    }

    fn stop_being_idle(&mut self, thread: ThreadId) {
        if !std::mem::take(&mut self.threads[thread].woken) {
            return;
        }
        let pool = self.pool_of(thread);
        pool.coming -= 1;
        let position = pool.idle.iter().rposition(|idle| *idle == thread);
        pool.idle.remove(position.expect("who was woken was idle"));
    }

    fn begin_item(&mut self, thread: ThreadId) {
        let time = self.noisy(thread, self.costs.item.run);
        self.after(time, thread, Phase::Ran);
    }

    fn ran(&mut self, thread: ThreadId) {
        let item = self.threads[thread].item.expect("it has just run");
        self.record.ran(item.number, self.now);
        let cost = if self.tell(item.producer) {
            self.begin_wake(thread, item.producer)
        } else {
            0
        };
        self.after(cost, thread, Phase::Told);
    }
}
