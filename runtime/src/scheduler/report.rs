#![forbid(unsafe_code)]
//! What a pool has counted and what its workers do, for the user.
//!
//! Nothing here waits: a lock that is held is left alone.

use crate::metrics::{
    Counter, DriverState, PoolDump, PoolMetrics, WorkerCounters, WorkerDump, WorkerState,
    WorkerTimes,
};

use super::policy::Counts;
use super::pool::Pool;
use super::slot::Slot;
use super::standing::Standing;

/// How often a dump tries a lock that is held. Most sections are over in less than a microsecond, which is a
/// few tens of these; a holder that has lost its CPU keeps the lock for longer than anybody should
/// spin.
const TRIES: u32 = 100;

impl Pool {
    pub(super) fn metrics(&self) -> PoolMetrics {
        let sum = |counter: fn(&WorkerCounters) -> &Counter| {
            self.slots()
                .map(|slot| counter(&slot.counters).get())
                .sum::<u64>()
        };
        let counters = &self.injector.counters;
        let saved = counters.wakes_saved.get();
        let others = counters.appeals.get() + counters.alerts.get() + counters.threads.get();
        let (counts, idle) = self.injector.try_counts().unzip();
        PoolMetrics {
            kind: self.config.kind,
            cpus: self.config.cpus.clone(),
            strict: self.config.strict,
            workers: self.config.limit as usize,
            threads: counts.map(|counts| (counts.threads + counts.guests) as usize),
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
            long_polls: sum(|c| &c.long_polls),
            stalls: counters.stalls.get(),
            overflows: sum(|c| &c.overflows),
            retired: counters.retired.get(),
            refused_threads: counters.refused_threads.get(),
            worklist_depth: self.injector.hints.work(),
            local_queue_depth: self.slots().map(|slot| slot.queue.len()).sum(),
            suspended_tasks: self.slots().map(|slot| slot.owned.len()).sum(),
            by_worker: self.times_by_worker(),
        }
    }

    pub(super) fn dump(&self) -> PoolDump {
        let mut idle = Vec::with_capacity(self.capacity());
        let counts = (0..TRIES).find_map(|_| {
            let counts = self.injector.try_list_idle(&mut idle);
            counts.or_else(|| {
                std::hint::spin_loop();
                None
            })
        });
        let times = self.slots().map(|slot| slot.occupant.cpu_time());
        let cpu_time = times.sum();
        let workers = (0..).zip(self.slots());
        let workers = workers.filter(|(_, slot)| slot.occupant.is_present());
        let of = |number: fn(&Counts) -> u32| Some(number(&counts?) as usize);
        PoolDump {
            nice: self.config.nice,
            max_threads: self.capacity(),
            is_closed: self.injector.hints.is_closed(),
            threads: of(|counts| counts.threads + counts.guests),
            running: of(|counts| counts.running),
            starting: of(|counts| counts.starting),
            idle: counts.map(|_| idle.len()),
            worklist: counts.map(|counts| counts.work),
            searching: self.injector.hints.searching() as usize,
            driver: self.driver_state(),
            cpu_time,
            workers: workers
                .map(|(index, slot)| slot.dump(index, idle.contains(&(index as u32))))
                .collect(),
            metrics: self.metrics(),
        }
    }

    fn driver_state(&self) -> DriverState {
        match self.driver_in_use() {
            None => DriverState::Unused,
            Some(driver) if driver.is_driven() => DriverState::Attended,
            Some(_) => DriverState::Unattended,
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

impl Slot {
    /// `is_idle`: it was on the idle list, which is not known if the lock was held.
    fn dump(&self, index: usize, is_idle: bool) -> WorkerDump {
        let state = if self.parker.is_parked_elsewhere() {
            WorkerState::Driving
        } else if self.parker.is_parked() {
            WorkerState::Idle
        } else if is_idle {
            WorkerState::Waking
        } else {
            match self.standing.get() {
                Standing::Blocked => WorkerState::Blocked,
                Standing::Relieved => WorkerState::Relieved,
                Standing::Apart => WorkerState::Apart,
                Standing::Vacant | Standing::Running | Standing::Surplus | Standing::Idle => {
                    WorkerState::Running
                }
            }
        };
        WorkerDump {
            slot: index,
            thread: self.occupant.thread().map(|thread| thread.0),
            state,
            cpu_time: self.occupant.cpu_time(),
            polls: self.counters.polls.get(),
            task: self.poll.get().map(|task| task.id),
            parks: self.counters.parks.get(),
            local_queue_depth: self.queue.len() + usize::from(!self.lifo.is_empty()),
            suspended_tasks: self.owned.len(),
        }
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use crate::metrics::PoolKind;
    use crate::scheduler::injector::Offers;
    use crate::scheduler::pool::PoolConfig;
    use crate::topology::CpuSet;

    use super::*;

    fn pool() -> Pool {
        let config = PoolConfig {
            kind: PoolKind::Unbound,
            cpus: CpuSet::from_iter([0]),
            strict: false,
            guests: false,
            roams: None,
            first_worker: None,
            nice: 0,
            limit: 2,
            kept: 2,
            spares: 1,
        };
        Pool::new(config, Offers::new(), None)
    }

    #[test]
    fn a_pool_whose_lock_is_held_is_dumped_without_what_the_lock_guards() {
        let pool = pool();
        let held = pool.injector.lock();
        let dump = pool.dump();
        assert!(dump.is_busy());
        assert_eq!((dump.threads, dump.idle, dump.worklist), (None, None, None));
        assert_eq!((dump.max_threads, dump.metrics.workers), (3, 2));
        drop(held);
        assert!(!pool.dump().is_busy());
        assert_eq!(pool.dump().threads, Some(0));
    }

    #[test]
    fn a_worker_is_dumped_as_its_parker_and_its_thread_say() {
        let pool = pool();
        let slot = pool.slot(0);
        assert!(pool.dump().workers.is_empty(), "it has no thread");
        let _settled = slot.occupant.settle();
        let state = |is_idle| slot.dump(0, is_idle).state;
        assert_eq!(state(false), WorkerState::Running);
        for (standing, is_dumped_as) in [
            (Standing::Blocked, WorkerState::Blocked),
            (Standing::Relieved, WorkerState::Relieved),
            (Standing::Apart, WorkerState::Apart),
        ] {
            slot.standing.set(standing);
            assert_eq!(state(false), is_dumped_as);
        }
        slot.parker.prepare();
        assert_eq!(state(true), WorkerState::Idle);
        slot.parker.unpark();
        assert_eq!(state(true), WorkerState::Waking);
        slot.parker.cancel();
        assert!(slot.parker.prepare_elsewhere());
        assert_eq!(state(true), WorkerState::Driving);
        assert_eq!(pool.dump().workers.len(), 1);
    }
}
