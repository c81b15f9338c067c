#![forbid(unsafe_code)]
//! What a pool has counted, for the user.

use crate::metrics::{Counter, PoolMetrics, WorkerCounters, WorkerTimes};

use super::pool::Pool;

impl Pool {
    pub(super) fn metrics(&self) -> PoolMetrics {
        let sum = |counter: fn(&WorkerCounters) -> &Counter| {
            self.slots()
                .map(|slot| counter(&slot.counters).get())
                .sum::<u64>()
        };
        let counters = &self.injector.counters;
        let saved = counters.wakes_saved.get();
        let others = counters.appeals.get() + counters.threads.get();
        let (counts, idle) = self.injector.try_counts().unzip();
        PoolMetrics {
            kind: self.config.kind,
            cpus: self.config.cpus.clone(),
            strict: self.config.strict,
            workers: self.config.limit as usize,
            threads: counts.map(|counts| counts.threads as usize),
            running_workers: counts.map(|counts| counts.running as usize),
            idle_workers: idle,
            tasks_spawned: counters.spawned.get() + counters.waited.get() + sum(|c| &c.spawned),
            tasks_started: sum(|c| &c.started),
            tasks_completed: sum(|c| &c.completed),
            tasks_dropped: counters.dropped.get(),
            polls: sum(|c| &c.polls),
            picks: counters.picks.get(),
            chain_kicks: counters.chain_kicks.get(),
            coalesced_kicks: counters.coalesced.get(),
            wakes: self.injector.issued().saturating_sub(saved + others),
            wakes_without_system_call: saved,
            appeals: counters.appeals.get(),
            steals_in_pod: sum(|c| &c.steals_in_pod),
            steals_across_pods: sum(|c| &c.steals_across),
            repatriated: sum(|c| &c.repatriated),
            parks: sum(|c| &c.parks),
            futile_wakes: sum(|c| &c.futile),
            overflows: sum(|c| &c.overflows),
            retired: counters.retired.get(),
            refused_threads: counters.refused_threads.get(),
            worklist_depth: self.injector.hints.work(),
            local_queue_depth: self.slots().map(|slot| slot.queue.len()).sum(),
            suspended_tasks: self.slots().map(|slot| slot.owned.len()).sum(),
            by_worker: self.times_by_worker(),
        }
    }

    fn times_by_worker(&self) -> Vec<WorkerTimes> {
        if self.config.first_worker.is_none() {
            return Vec::new();
        }
        let limit = self.config.limit as usize;
        let mut workers = vec![WorkerTimes::default(); limit];
        for (index, slot) in self.slots().enumerate() {
            workers[index % limit] += WorkerTimes::new(&slot.counters, slot.parker.is_parked());
        }
        workers
    }
}
