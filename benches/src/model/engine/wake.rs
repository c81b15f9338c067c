#![forbid(unsafe_code)]
//! Picking a sleeper, and waking it.

use super::super::setup::Wake;
use super::{Engine, Phase, ThreadId};

/// A wake-up that somebody is busy with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kick {
    target: ThreadId,
    cpu: usize,
    /// The CPU was idle and is kept for the sleeper.
    idle: bool,
}

impl Engine<'_> {
    /// The end of a critical section: whom to wake is decided, and the wake-up is issued before or after
    /// the lock is released. [`Phase::Woke`] follows.
    pub(super) fn end_section(&mut self, thread: ThreadId) {
        let picked = self.pick(thread);
        let cost = picked.map(|target| self.begin_wake(thread, target));
        match (self.setup.wake, cost) {
            (Wake::InLock, Some(cost)) => self.after(cost, thread, Phase::WokeLocked),
            (Wake::Deferred, Some(cost)) => {
                self.release_lock(thread);
                self.after(self.costs.wake.defer + cost, thread, Phase::Woke);
            }
            (_, None) => {
                self.release_lock(thread);
                self.after(0, thread, Phase::Woke);
            }
        }
    }

    /// The most recently idle worker, if there are items for one.
    fn pick(&mut self, thread: ThreadId) -> Option<ThreadId> {
        let coalesced = self.costs.rules.coalesced;
        let pool = self.pool_of(thread);
        let on_its_way = coalesced && pool.coming > 0;
        if pool.items.is_empty() || on_its_way {
            return None;
        }
        pool.idle.last().copied()
    }

    /// Begins to wake a thread, and says what that costs the caller.
    pub(super) fn begin_wake(&mut self, thread: ThreadId, target: ThreadId) -> u64 {
        let sleeper = &mut self.threads[target];
        if !sleeper.asleep || sleeper.woken {
            self.record.futile += 1;
            return self.costs.wake.awake;
        }
        sleeper.woken = true;
        let (home, pool) = (sleeper.cpu, sleeper.pool);
        let cpu = if target < self.producers.len() {
            home
        } else {
            self.record.wakes += 1;
            self.pools[pool].coming += 1;
            self.cpus.choose(home, self.pools[pool].cpus.clone())
        };
        let idle = self.cpus.take(cpu);
        self.threads[thread].kick = Some(Kick { target, cpu, idle });
        if idle {
            self.costs.wake.idle
        } else {
            self.costs.wake.busy
        }
    }

    /// The wake-up reaches the sleeper, which runs as soon as its CPU can.
    pub(super) fn finish_wake(&mut self, thread: ThreadId) {
        let Some(Kick { target, cpu, idle }) = self.threads[thread].kick.take() else {
            return;
        };
        self.threads[target].cpu = cpu;
        self.threads[target].asleep = false;
        if idle {
            let time = self.noisy(target, self.costs.wake.latency);
            self.after(time, target, Phase::Run);
        } else if self.cpus.take(cpu) {
            // It has become idle meanwhile, but not for long enough to doze off.
            let time = self.noisy(target, self.costs.wake.switch);
            self.after(time, target, Phase::Run);
        } else {
            self.cpus.enqueue(cpu, target);
        }
    }
}
