#![forbid(unsafe_code)]
//! What is a long poll, and who hears of it.

use std::collections::HashMap;
use std::panic::Location;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use crate::cell::Id;
use crate::metrics::PoolKind;
use crate::primitives::quietly;
use crate::scheduler::relief::Substitute;
use crate::threads::ThreadState;
use crate::topology::CpuSet;
use crate::trace::{self, LongPollEvent};

use super::MonitorConfig;
use super::patrol::{Relief, Watched};

/// For how many thresholds a thread whose state is unknown may use no CPU time before it counts as blocked.
const BLOCKED_AFTER: u32 = 4;

/// Has a thread that has been in one poll for `elapsed`, the threshold at least, really been at it? One
/// that computes has used nearly as much CPU time as the threshold, but for what the system has taken;
/// otherwise it is blocked, or has waited for a CPU.
pub(super) fn is_long(
    state: ThreadState,
    elapsed: Duration,
    used: Option<Duration>,
    threshold: Duration,
) -> bool {
    let Some(used) = used else { return true };
    let computes = used >= threshold / 4 * 3;
    match state {
        ThreadState::Running => computes,
        ThreadState::Blocked => true,
        ThreadState::Unknown => computes || elapsed / BLOCKED_AFTER >= threshold,
    }
}

/// A poll that has lasted longer than the threshold, and lasts on.
///
/// For [`Builder::on_long_poll`](crate::runtime::Builder::on_long_poll).
///
/// # Examples
///
/// ```
/// use fastwake::runtime::{LongPoll, ThreadState};
///
/// fn advice(poll: &LongPoll) -> &'static str {
///     match poll.state {
///         ThreadState::Running => "give it to spawn_cpu_intensive",
///         _ => "give it to spawn_blocking",
///     }
/// }
/// let runtime = fastwake::runtime::Builder::new_multi_thread()
///     .on_long_poll(|poll| eprintln!("{}: {}", poll.spawned_at, advice(poll)))
///     .build()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LongPoll {
    /// The task.
    pub task_id: Id,
    /// Its name, if it has one.
    pub task_name: Option<Arc<str>>,
    /// Where it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// How long the poll has lasted so far: at least, for it has been seen so long ago.
    pub elapsed: Duration,
    /// Does the thread compute, or is it blocked?
    pub state: ThreadState,
    /// The number of the worker among those of the runtime, if it has one.
    pub worker: Option<usize>,
    /// What the worker's pool is for.
    pub pool_kind: PoolKind,
    /// The CPUs of the worker's pool.
    pub pool_cpus: CpuSet,
    /// How many long polls tasks have had so far that were spawned in the same place.
    pub hits: u64,
    /// Who has taken the worker's place.
    pub substitute: Substitute,
}

impl LongPoll {
    fn trace(&self) {
        trace::long_poll(&LongPollEvent {
            task_id: self.task_id.number(),
            task_name: self.task_name.as_deref(),
            spawned_at: self.spawned_at,
            elapsed: self.elapsed,
            state: &self.state,
            worker: self.worker,
            pool: &self.pool_kind,
            cpus: &self.pool_cpus,
            hits: self.hits,
            substitute: &self.substitute,
        });
    }
}

/// How often the tasks of each place have had long polls.
#[derive(Default)]
pub(super) struct Offenders(HashMap<usize, u64>);

/// Of so many places the hits are counted each by itself, of further ones together.
const MOST_PLACES: usize = 1024;

impl Offenders {
    /// Counts a long poll, and tells of it, unless enough has been told of such.
    pub(super) fn report(&mut self, worker: &Watched<'_>, relief: &Relief, config: &MonitorConfig) {
        let Watched { pool, index, slot } = *worker;
        let task = slot.poll.get();
        slot.counters.long_polls.increment();
        // A poll that has ended meanwhile is counted, but the next task is not to be blamed for it.
        let is_same = slot.counters.polls.get() == relief.poll;
        let Some(task) = task.filter(|_| is_same) else {
            return;
        };
        let hits = self.count(task.location);
        if !is_told(hits) {
            return;
        }
        let Relief {
            elapsed,
            state,
            substitute,
            poll: _,
        } = *relief;
        let report = LongPoll {
            task_id: task.id,
            task_name: task.name,
            spawned_at: task.location,
            elapsed,
            state,
            worker: pool.config.worker_number(index as u32),
            pool_kind: pool.config.kind,
            pool_cpus: pool.config.cpus.clone(),
            hits,
            substitute,
        };
        // A subscriber is the user's own, and so is the hook, and this thread has more to do.
        quietly(|| report.trace());
        if let Some(hook) = &config.on_long_poll {
            quietly(|| hook(&report));
        }
    }

    fn count(&mut self, place: &'static Location<'static>) -> u64 {
        let place = ptr::from_ref(place).addr();
        let known = self.0.len() < MOST_PLACES || self.0.contains_key(&place);
        let hits = self.0.entry(if known { place } else { 0 }).or_default();
        *hits += 1;
        *hits
    }
}

/// The workqueue's doubling: of the first, the second, the fourth, the eighth, and so on.
fn is_told(hits: u64) -> bool {
    hits.is_power_of_two()
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn time_that_a_thread_waits_for_a_cpu_does_not_count() {
        let is_long = |state, used| is_long(state, 20 * MS, used, 10 * MS);
        assert!(is_long(ThreadState::Running, Some(9 * MS)));
        assert!(!is_long(ThreadState::Running, Some(MS)));
        assert!(is_long(ThreadState::Running, None));
        assert!(is_long(ThreadState::Blocked, Some(Duration::ZERO)));
        assert!(is_long(ThreadState::Unknown, None));
        assert!(is_long(ThreadState::Unknown, Some(9 * MS)));
        assert!(!is_long(ThreadState::Unknown, Some(MS)));
        assert!(super::is_long(
            ThreadState::Unknown,
            40 * MS,
            Some(MS),
            10 * MS
        ));
    }

    #[test]
    fn repeated_offences_are_told_at_powers_of_two_for_each_place() {
        let (mut offenders, here, there) = (Offenders::default(), Location::caller(), place());
        let told: Vec<u64> = (0..100)
            .map(|_| offenders.count(here))
            .filter(|hits| is_told(*hits))
            .collect();
        assert_eq!(told, [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!(offenders.count(there), 1);
    }

    fn place() -> &'static Location<'static> {
        Location::caller()
    }

    #[test]
    fn places_without_end_are_counted_together() {
        let mut offenders = Offenders((1..=MOST_PLACES).map(|place| (place, 1)).collect());
        assert_eq!(offenders.count(place()), 1);
        assert_eq!(offenders.count(Location::caller()), 2);
        assert_eq!(offenders.0.len(), MOST_PLACES + 1);
    }
}
