#![forbid(unsafe_code)]
//! A pool that has work and does not get on.

use std::time::{Duration, Instant};

use crate::metrics::PoolDump;
use crate::primitives::quietly;
use crate::scheduler::pool::Pool;
use crate::scheduler::slot::Slot;

use crate::trace;

use super::MonitorConfig;

/// A pool has had work for a while and has begun no poll.
///
/// For [`Builder::on_stall`](crate::runtime::Builder::on_stall).
///
/// # Examples
///
/// ```
/// use fastwake::runtime::PoolStall;
///
/// fn describe(stall: &PoolStall) -> String {
///     let workers = stall.pool.workers.iter().map(|worker| worker.state.as_str());
///     format!("for {:?}: {}", stall.elapsed, workers.collect::<Vec<_>>().join(", "))
/// }
/// let runtime = fastwake::runtime::Builder::new_multi_thread()
///     .on_stall(|stall| eprintln!("{}", describe(stall)))
///     .build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolStall {
    /// For how long it has not got on.
    pub elapsed: Duration,
    /// The pool, and what its workers do.
    pub pool: PoolDump,
    /// The [place](crate::runtime::dump::WorkerDump::slot) of the worker that was woken last, if any was.
    pub last_woken: Option<usize>,
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
        // A subscriber is the user's own, and so is the hook, and this thread has more to do.
        quietly(|| trace::stall(elapsed, &pool.dump()));
        if let Some(hook) = &config.on_stall {
            let last_woken = pool.injector.lock().last_woken();
            let report = PoolStall {
                elapsed,
                pool: pool.dump(),
                last_woken: last_woken.map(|slot| slot as usize),
            };
            quietly(|| hook(&report));
        }
    }
}
