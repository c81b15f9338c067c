#![forbid(unsafe_code)]
//! The monitor's rounds.

use std::collections::HashMap;
use std::ptr;
use std::time::{Duration, Instant};

use crate::driver::Driver;
use crate::metrics::PoolKind;
use crate::scheduler::pool::{Host, Pool};
use crate::scheduler::relief::Substitute;
use crate::scheduler::slot::Slot;
use crate::scheduler::standing::Standing;
use crate::threads::ThreadState;

use super::long_poll::{self, Offenders};
use super::stall::Watchdog;
use super::{MonitorConfig, PATIENCE};

/// After so many thresholds, a poll of a task on probation holds those up that wait for its seat.
const STUCK: u32 = 10;

/// What the monitor remembers from one round to the next.
pub(super) struct Patrol<'m> {
    config: &'m MonitorConfig,
    /// By address: a pool stays where it is as long as the runtime lives.
    beats: HashMap<usize, Beat>,
    offenders: Offenders,
}

/// What has been seen of one pool.
#[derive(Default)]
struct Beat {
    driver: Option<LeftDriver>,
    workers: Vec<Option<Sight>>,
    watchdog: Watchdog,
}

/// A driver that nobody looks after, after so many turns.
struct LeftDriver {
    turns: u64,
    since: Instant,
}

/// A worker that was in its poll of this number when it was seen first.
struct Sight {
    poll: u64,
    /// Not another guest that has not begun its poll yet.
    guests: u32,
    since: Instant,
    /// How much CPU time its thread had used by then.
    cpu: Option<Duration>,
    /// Has it been called a long one?
    long: bool,
}

/// Does anybody run, or is there anything that waits for somebody? For behind a fence.
pub(super) fn is_wanted(host: &dyn Host) -> bool {
    let mut wanted = false;
    host.for_each_pool(&mut |pool| {
        wanted |= is_watched(pool) && (pool.unattended_driver().is_some() || is_busy(pool));
    });
    wanted
}

/// Computing for long is what the pool for CPU-intensive work is for.
fn is_watched(pool: &Pool) -> bool {
    pool.config.kind != PoolKind::CpuIntensive
}

fn is_busy(pool: &Pool) -> bool {
    let is_watched = |slot: &Slot| match slot.standing.get() {
        Standing::Running | Standing::Surplus | Standing::Apart => true,
        // It may be about to put a task into its own queue, for it has looked whether it was relieved
        // just before it was; but not while it is blocked. The look at the queue comes after.
        Standing::Relieved => slot.occupant.state() != ThreadState::Blocked || slot.has_local(),
        Standing::Vacant | Standing::Idle | Standing::Blocked => false,
    };
    pool.injector.hints.work() > 0 || pool.slots().any(is_watched)
}

impl<'m> Patrol<'m> {
    pub(super) fn new(config: &'m MonitorConfig) -> Self {
        Self {
            config,
            beats: HashMap::new(),
            offenders: Offenders::default(),
        }
    }

    /// True: another round is wanted.
    pub(super) fn round(&mut self, host: &dyn Host) -> bool {
        let now = Instant::now();
        let mut wanted = false;
        host.for_each_pool(&mut |pool| {
            if is_watched(pool) {
                wanted |= self.visit(pool, now);
            }
        });
        wanted
    }

    fn visit(&mut self, pool: &Pool, now: Instant) -> bool {
        let Self {
            config,
            beats,
            offenders,
        } = self;
        let beat = beats.entry(ptr::from_ref(pool).addr()).or_default();
        let left = beat.attend_driver(pool, now);
        beat.workers.resize_with(pool.slots().len(), || None);
        for (sight, (index, slot)) in beat.workers.iter_mut().zip(pool.slots().enumerate()) {
            let worker = Watched { pool, index, slot };
            if let Some(relief) = look(sight, &worker, config, now) {
                offenders.report(&worker, &relief, config);
            }
        }
        beat.watchdog.look(pool, now, config);
        left || is_busy(pool)
    }
}

impl Beat {
    /// Calls somebody to a driver that has been alone for a while. True: it is left.
    fn attend_driver(&mut self, pool: &Pool, now: Instant) -> bool {
        let Some(turns) = pool.unattended_driver().map(Driver::turns) else {
            self.driver = None;
            return false;
        };
        match &self.driver {
            Some(left) if left.turns == turns => {
                if now.duration_since(left.since) >= PATIENCE {
                    pool.attend_driver();
                }
            }
            _ => self.driver = Some(LeftDriver { turns, since: now }),
        }
        true
    }
}

/// A worker that is looked at.
pub(super) struct Watched<'p> {
    pub(super) pool: &'p Pool,
    pub(super) index: usize,
    pub(super) slot: &'p Slot,
}

/// A long poll has been found.
pub(super) struct Relief {
    pub(super) poll: u64,
    pub(super) elapsed: Duration,
    pub(super) state: ThreadState,
    pub(super) substitute: Substitute,
}

/// One look at one worker.
fn look(
    sight: &mut Option<Sight>,
    worker: &Watched<'_>,
    config: &MonitorConfig,
    now: Instant,
) -> Option<Relief> {
    let Watched { pool, slot, .. } = *worker;
    let standing = slot.standing.get();
    match standing {
        Standing::Running | Standing::Surplus | Standing::Apart => {}
        Standing::Relieved => {
            pool.sweep(slot);
            return None;
        }
        Standing::Vacant | Standing::Idle | Standing::Blocked => {
            *sight = None;
            return None;
        }
    }
    let poll = slot.counters.polls.get();
    let guests = slot.occupant.guests();
    let is_same = |seen: &&mut Sight| (seen.poll, seen.guests) == (poll, guests);
    let Some(seen) = sight.as_mut().filter(is_same) else {
        *sight = Some(Sight {
            poll,
            guests,
            since: now,
            cpu: slot.occupant.thread_time(),
            long: false,
        });
        return None;
    };
    let elapsed = now.duration_since(seen.since);
    if elapsed < config.long_poll {
        return None;
    }
    let state = slot.occupant.state();
    let used = slot.occupant.thread_time().zip(seen.cpu);
    let used = used.map(|(now, then)| now.saturating_sub(then));
    if !long_poll::is_long(state, elapsed, used, config.long_poll) {
        return None;
    }
    let is_stuck = state == ThreadState::Blocked || elapsed >= STUCK * config.long_poll;
    let substitute = match standing {
        Standing::Apart if !is_stuck => {
            if !seen.long {
                slot.owned.call_long();
            }
            Substitute::NotNeeded
        }
        Standing::Apart => pool.unseat(slot, poll)?,
        _ => pool.relieve(slot, poll)?,
    };
    if std::mem::replace(&mut seen.long, true) {
        return None;
    }
    Some(Relief {
        poll,
        elapsed,
        state,
        substitute,
    })
}
