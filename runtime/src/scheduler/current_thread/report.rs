#![forbid(unsafe_code)]
//! What the scheduler has counted and what its worker does, for the user.

use std::sync::atomic::Ordering::Relaxed;

use crate::metrics::{
    DriverState, PoolDump, PoolKind, PoolMetrics, WorkerDump, WorkerState, WorkerTimes,
};
use crate::topology::CpuSet;

use super::{CorePlace, CurrentThread};

impl CurrentThread {
    pub(crate) fn metrics(&self) -> PoolMetrics {
        let worklist = self.shared.lock().worklist.len();
        self.metrics_with(worklist)
    }

    fn metrics_with(&self, worklist_depth: usize) -> PoolMetrics {
        let counters = &self.counters;
        PoolMetrics {
            tasks_spawned: self.spawned.get() + counters.spawned.get(),
            tasks_started: counters.started.get(),
            tasks_completed: counters.completed.get(),
            tasks_dropped: self.dropped.get(),
            polls: counters.polls.get(),
            picks: self.picks.get(),
            wakes: self.issued.load(Relaxed),
            parks: counters.parks.get(),
            worklist_depth,
            suspended_tasks: self.owned.len(),
            by_worker: vec![WorkerTimes::new(counters, self.parker.is_parked())],
            ..PoolMetrics::new(PoolKind::CurrentThread, CpuSet::new(), 1)
        }
    }

    /// A pool of one worker, which is there while a thread is in `block_on`. Waits for no lock.
    pub(crate) fn dump(&self) -> PoolDump {
        let shared = self.shared.try_lock();
        let worklist = shared.as_ref().map(|shared| shared.worklist.len());
        let is_closed = shared.as_ref().is_some_and(|shared| shared.closed);
        drop(shared);
        let core = self.core.try_lock();
        let is_taken = core.map(|place| matches!(*place, CorePlace::Taken(_)));
        let state = if self.parker.is_parked_elsewhere() {
            WorkerState::Driving
        } else if self.parker.is_parked() {
            WorkerState::Idle
        } else {
            WorkerState::Running
        };
        let worker = WorkerDump {
            slot: 0,
            // The thread is the program's own.
            thread: None,
            state,
            cpu_time: None,
            polls: self.counters.polls.get(),
            task: None,
            parks: self.counters.parks.get(),
            local_queue_depth: 0,
            suspended_tasks: self.owned.len(),
        };
        let runs = state == WorkerState::Running;
        PoolDump {
            nice: 0,
            max_threads: 1,
            is_closed,
            threads: is_taken.map(usize::from),
            running: is_taken.map(|is_taken| usize::from(is_taken && runs)),
            starting: is_taken.map(|_| 0),
            idle: is_taken.map(|is_taken| usize::from(is_taken && !runs)),
            worklist,
            searching: 0,
            driver: match &self.config.driver {
                None => DriverState::Unused,
                Some(driver) if driver.is_driven() => DriverState::Attended,
                Some(_) => DriverState::Unattended,
            },
            cpu_time: None,
            // With its lock held, somebody is about to come or to go.
            workers: is_taken
                .unwrap_or(true)
                .then_some(worker)
                .into_iter()
                .collect(),
            metrics: self.metrics_with(worklist.unwrap_or(0)),
        }
    }
}
