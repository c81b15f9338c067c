//! What a run costs.

use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The cost of one operation, as the mean of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Wall-clock time, in nanoseconds.
    pub wall: f64,
    /// CPU time of all threads of the process, in nanoseconds. The kernel brings the running
    /// time of other threads up to date at its ticks, so that of a short run is a few ms off.
    pub cpu: f64,
    /// Voluntary context switches of all threads.
    pub switches: f64,
}

/// Runs from a workload's gate to its last operation.
#[derive(Debug)]
pub struct Stopwatch {
    usage: Usage,
    started: Instant,
}

impl Stopwatch {
    /// Starts; the wall clock last, so that it does not see what the rest costs.
    #[must_use]
    pub fn start() -> Self {
        Self {
            usage: Usage::now(),
            started: Instant::now(),
        }
    }

    /// Stops after `operations` operations.
    #[must_use]
    pub fn stop(self, operations: usize) -> Cost {
        let wall = self.started.elapsed();
        let usage = Usage::now();
        let cpu = usage.cpu.saturating_sub(self.usage.cpu);
        let switches = usage.switches - self.usage.switches;
        let operations = operations as f64;
        Cost {
            wall: wall.as_nanos() as f64 / operations,
            cpu: cpu.as_nanos() as f64 / operations,
            switches: switches as f64 / operations,
        }
    }
}

/// What the process has used so far.
#[derive(Debug, Clone, Copy)]
struct Usage {
    cpu: Duration,
    switches: i64,
}

impl Usage {
    fn now() -> Self {
        let mut usage = MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the pointer is good for writing a `rusage`.
        let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
        assert_eq!(result, 0, "getrusage fails only for a bad argument");
        // SAFETY: written by the call; all-zero bytes would be a valid value as well.
        let usage = unsafe { usage.assume_init() };
        Self {
            cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
            switches: usage.ru_nvcsw,
        }
    }
}

fn duration(time: libc::timeval) -> Duration {
    // The kernel gives no negative times.
    Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
}
