//! What a run costs.

use std::mem::MaybeUninit;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The cost of one operation, as the mean of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Wall-clock time, in nanoseconds.
    pub wall: f64,
    /// CPU time of all threads of the process, in nanoseconds, with what they need to go to sleep.
    pub cpu: f64,
    /// Voluntary context switches of all threads.
    pub switches: f64,
}

/// Long enough for every thread that has nothing to do to have gone to sleep, under any runtime.
pub(crate) const SETTLING: Duration = Duration::from_millis(2);

/// Runs from a workload's gate to its last operation.
#[derive(Debug)]
pub struct Stopwatch {
    cpu: Duration,
    switches: i64,
    started: Instant,
}

impl Stopwatch {
    /// Starts; the wall clock last, so that it does not see what the rest costs.
    #[must_use]
    pub fn start() -> Self {
        Self {
            cpu: cpu_time(),
            switches: switches(),
            started: Instant::now(),
        }
    }

    /// Stops after `operations` operations, with nothing left to be done in this process.
    #[must_use]
    pub fn stop(self, operations: usize) -> Cost {
        self.halt().cost(operations)
    }

    /// Stops the wall clock, while something still runs that has to be ended.
    #[must_use]
    pub fn halt(self) -> Halted {
        Halted {
            wall: self.started.elapsed(),
            switches: switches() - self.switches,
            cpu: self.cpu,
        }
    }
}

/// A stopwatch that has stopped, but for the CPU time.
#[derive(Debug)]
pub struct Halted {
    wall: Duration,
    switches: i64,
    /// At the start.
    cpu: Duration,
}

impl Halted {
    /// What each of `operations` operations has cost, when nothing is left to be done in this process.
    ///
    /// The kernel brings the time of a thread that runs on another CPU up to date at its ticks, every few
    /// milliseconds, and when it leaves the CPU. So they are left to go to sleep first.
    #[must_use]
    pub fn cost(self, operations: usize) -> Cost {
        thread::sleep(SETTLING);
        let cpu = cpu_time().saturating_sub(self.cpu);
        let operations = operations as f64;
        Cost {
            wall: self.wall.as_nanos() as f64 / operations,
            cpu: cpu.as_nanos() as f64 / operations,
            switches: self.switches as f64 / operations,
        }
    }
}

/// CPU time of all threads of the process so far.
fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is good for writing a `timespec`.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "every process has this clock");
    // The kernel gives no negative times.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Voluntary context switches of all threads of the process so far. What is traced is told from the rest
/// by this system call: nothing else makes it.
fn switches() -> i64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is good for writing a `rusage`.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    assert_eq!(result, 0, "getrusage fails only for a bad argument");
    // SAFETY: written by the call; all-zero bytes would be a valid value as well.
    unsafe { usage.assume_init() }.ru_nvcsw
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::sync::mpsc;

    use super::*;

    /// Computes without a system call: one that asks for its time would bring it up to date.
    fn burn(steps: u64) {
        let sum = (0..steps).fold(1_u64, |sum, n| black_box(sum ^ n).wrapping_mul(3));
        black_box(sum);
    }

    /// Steps that take about so long, however fast this thread may be at its best.
    fn steps_of(time: Duration) -> u64 {
        const TRIAL: u64 = 100_000;
        let trial = |_| {
            let start = Instant::now();
            burn(TRIAL);
            start.elapsed()
        };
        let fastest = (0..50).map(trial).min().unwrap();
        TRIAL * time.as_nanos() as u64 / fastest.as_nanos() as u64
    }

    #[test]
    fn the_time_of_a_thread_that_runs_until_the_end_is_counted() {
        // Less than the kernel's tick.
        let time = Duration::from_micros(1_500);
        let steps = steps_of(time);
        for _ in 0..20 {
            let (begin, beginning) = mpsc::channel();
            let (report, reports) = mpsc::channel();
            let other = thread::spawn(move || {
                beginning.recv().unwrap();
                burn(steps);
                report.send(()).unwrap();
                // It is still on its CPU when the stopwatch stops.
                burn(steps / 5);
            });
            let stopwatch = Stopwatch::start();
            begin.send(()).unwrap();
            reports.recv().unwrap();
            let cost = stopwatch.stop(1);
            other.join().unwrap();
            assert!(cost.cpu >= 0.5 * time.as_nanos() as f64, "{cost:?}");
        }
    }
}
