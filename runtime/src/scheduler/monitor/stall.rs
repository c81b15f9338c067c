#![forbid(unsafe_code)]
//! A pool that has work and does not get on.

use std::time::{Duration, Instant};

use crate::cell::Id;
use crate::metrics::PoolKind;
use crate::primitives::quietly;
use crate::scheduler::pool::Pool;
use crate::scheduler::slot::Slot;
use crate::scheduler::standing::Standing;
use crate::threads::ThreadState;
use crate::topology::CpuSet;

use super::MonitorConfig;

/// A pool has had work for a while and has begun no poll.
///
/// [`Builder::on_stall`](crate::runtime::Builder::on_stall) has an example.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolStall {
    /// What the pool is for.
    pub kind: PoolKind,
    /// Its CPUs.
    pub cpus: CpuSet,
    /// For how long it has not got on.
    pub elapsed: Duration,
    /// Tasks that wait on its worklist.
    pub worklist_depth: usize,
    /// What its workers do.
    pub workers: Vec<WorkerState>,
    /// Which of them was woken last, if any was.
    pub last_woken: Option<usize>,
}

/// What a worker of a pool does.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkerState {
    /// Its place in the pool.
    pub index: usize,
    /// Does it count among those that run? Not while it is idle, in
    /// [`block_in_place`](crate::task::block_in_place), or in a long poll.
    pub counts: bool,
    /// Is it idle?
    pub idle: bool,
    /// What its thread does.
    pub state: ThreadState,
    /// The task that it polls, or has polled last.
    pub task: Option<Id>,
}

/// Since when the pool has had work, and has not got on.
#[derive(Default)]
pub(super) struct Watchdog {
    polls: u64,
    since: Option<Instant>,
}

impl Watchdog {
    pub(super) fn look(&mut self, pool: &Pool, now: Instant, config: &MonitorConfig) {
        let polls = pool.slots().map(|slot| slot.counters.polls.get()).sum();
        let waits = pool.injector.hints.work() > 0 || pool.slots().any(Slot::has_local);
        let elapsed = match self.since {
            Some(since) if waits && polls == self.polls => now.duration_since(since),
            _ => {
                *self = Self {
                    polls,
                    // Without work the monitor may sleep from here on, for as long as it likes.
                    since: waits.then_some(now),
                };
                return;
            }
        };
        if elapsed < config.stall {
            return;
        }
        // From here on, for the next report.
        self.since = Some(now);
        pool.injector.counters.stalls.increment();
        if let Some(hook) = &config.on_stall {
            let report = report(pool, elapsed);
            // It is the user's own, and this thread has more to do.
            quietly(|| hook(&report));
        }
    }
}

fn report(pool: &Pool, elapsed: Duration) -> PoolStall {
    let worker = |(index, slot): (usize, &Slot)| {
        let standing = slot.standing.get();
        (standing != Standing::Vacant).then(|| WorkerState {
            index,
            counts: standing == Standing::Running,
            idle: standing == Standing::Idle,
            state: slot.thread.state(),
            task: slot.poll.get().map(|task| task.id),
        })
    };
    PoolStall {
        kind: pool.config.kind,
        cpus: pool.config.cpus.clone(),
        elapsed,
        worklist_depth: pool.injector.hints.work(),
        workers: pool.slots().enumerate().filter_map(worker).collect(),
        last_woken: pool.injector.lock().last_woken().map(|slot| slot as usize),
    }
}
