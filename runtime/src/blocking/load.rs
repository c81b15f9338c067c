#![forbid(unsafe_code)]
//! Whether one thread more would help: what the watcher measures while it sleeps.

use std::time::{Duration, Instant};

use crate::threads::process_cpu_time;

/// How long the watcher sleeps before it looks whether the others have got on: about what it costs
/// to wake a thread, so that closures shorter than that are left to those that run.
pub(super) const WATCH_MIN: Duration = Duration::from_micros(50);

/// Time and CPU time, since the watcher looked last.
pub(super) struct Load {
    since: Instant,
    cpu: Option<Duration>,
}

impl Load {
    pub(super) fn begin() -> Self {
        Self {
            since: Instant::now(),
            cpu: process_cpu_time(),
        }
    }

    /// How many closures each thread should have finished since the last call. With CPUs that the
    /// process leaves idle, closures that take longer than [`WATCH_MIN`] wait for something, and
    /// more threads would wait at the same time. With all CPUs busy more threads would only share
    /// them: then none is due.
    pub(super) fn closures_due(&mut self, cpus: usize) -> u64 {
        let before = std::mem::replace(self, Self::begin());
        let elapsed = self.since.duration_since(before.since);
        let used = self
            .cpu
            .zip(before.cpu)
            .map(|(now, then)| now.saturating_sub(then));
        due(elapsed, used, cpus)
    }
}

/// `used` is the CPU time in `elapsed`, if it is known.
fn due(elapsed: Duration, used: Option<Duration>, cpus: usize) -> u64 {
    // Nine tenths, for the watcher itself sleeps, and clocks are read one after the other.
    let all = elapsed.saturating_mul(cpus.try_into().unwrap_or(u32::MAX)) / 10 * 9;
    if used.is_some_and(|used| used >= all) {
        return 0;
    }
    (elapsed.as_nanos() / WATCH_MIN.as_nanos()).clamp(1, u64::MAX.into()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_due_in_proportion_to_time_unless_all_cpus_are_busy() {
        let us = Duration::from_micros;
        assert_eq!(due(us(50), Some(us(0)), 2), 1);
        assert_eq!(due(us(400), Some(us(300)), 2), 8);
        assert_eq!(due(us(400), None, 2), 8);
        assert_eq!(due(us(10), None, 2), 1);
        assert_eq!(due(us(400), Some(us(790)), 2), 0);
        assert_eq!(due(us(0), Some(us(0)), 1), 0);
        assert_eq!(
            due(Duration::MAX, None, usize::MAX),
            u64::try_from(Duration::MAX.as_nanos() / 50_000).unwrap_or(u64::MAX)
        );
    }
}
