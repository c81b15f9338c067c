//! What the kernel knows of another thread of this process: is it on a CPU, and how much CPU time
//! has it used?

use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What a thread does, as far as the kernel tells.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::ThreadState;
///
/// fn describe(state: ThreadState) -> &'static str {
///     match state {
///         ThreadState::Running => "computes",
///         ThreadState::Blocked => "sleeps in a system call",
///         _ => "does something",
///     }
/// }
/// assert_eq!(describe(ThreadState::Blocked), "sleeps in a system call");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThreadState {
    /// It is on a CPU, or waits for one.
    Running,
    /// It sleeps in a system call, or waits for a disk.
    Blocked,
    /// Nobody can tell: other systems than Linux, or no `/proc`.
    Unknown,
}

/// The kernel's number of a thread; none as yet, or where there are no such numbers.
#[derive(Debug, Default)]
pub(crate) struct ThreadNumber(AtomicI32);

impl ThreadNumber {
    /// From now on it is that of the calling thread.
    pub(crate) fn set_to_current(&self) {
        self.0.store(sys::current(), Relaxed);
    }

    fn get(&self) -> Option<i32> {
        let number = self.0.load(Relaxed);
        (number > 0).then_some(number)
    }

    pub(crate) fn state(&self) -> ThreadState {
        self.get()
            .and_then(sys::state)
            .unwrap_or(ThreadState::Unknown)
    }

    /// How much CPU time the thread has used.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        self.get().and_then(sys::cpu_time)
    }
}

#[cfg(all(target_os = "linux", not(fastwake_portable)))]
mod sys {
    use std::time::Duration;

    use super::ThreadState;

    pub(super) fn current() -> i32 {
        // SAFETY: the function has no preconditions.
        unsafe { libc::gettid() }
    }

    pub(super) fn state(thread: i32) -> Option<ThreadState> {
        let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
        // The name, in parentheses, may hold anything.
        let (_, fields) = stat.rsplit_once(')')?;
        Some(match fields.trim_start().chars().next()? {
            'R' => ThreadState::Running,
            'S' | 'D' | 'T' | 't' => ThreadState::Blocked,
            _ => ThreadState::Unknown,
        })
    }

    pub(super) fn cpu_time(thread: i32) -> Option<Duration> {
        // The kernel's clocks of single threads: `CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED` below
        // the inverted number.
        let clock = (!thread << 3) | 0b110;
        // SAFETY: all-zero bytes are a valid `timespec`, a plain struct of integers.
        let mut time: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: `time` is a live `timespec` for the system to write to. A thread that has ended has
        // no clock, and the call fails.
        if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
            return None;
        }
        Some(Duration::new(
            time.tv_sec.try_into().ok()?,
            time.tv_nsec.try_into().ok()?,
        ))
    }
}

#[cfg(not(all(target_os = "linux", not(fastwake_portable))))]
mod sys {
    use std::time::Duration;

    use super::ThreadState;

    pub(super) fn current() -> i32 {
        0
    }

    pub(super) fn state(_thread: i32) -> Option<ThreadState> {
        None
    }

    pub(super) fn cpu_time(_thread: i32) -> Option<Duration> {
        None
    }
}

#[cfg(all(test, target_os = "linux", not(fastwake_portable), not(fastwake_loom)))]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_thread_that_waits_is_blocked_and_one_that_computes_uses_cpu_time() {
        let number = Arc::new(ThreadNumber::default());
        assert_eq!(number.state(), ThreadState::Unknown);
        assert_eq!(number.cpu_time(), None);
        let (go, wait) = mpsc::channel::<()>();
        let of_other = Arc::clone(&number);
        let other = thread::spawn(move || {
            of_other.set_to_current();
            wait.recv().unwrap_err();
        });
        let start = Instant::now();
        while number.state() != ThreadState::Blocked {
            assert!(start.elapsed() < Duration::from_secs(60), "it never blocks");
            thread::yield_now();
        }
        assert!(number.cpu_time().is_some());
        drop(go);
        other.join().unwrap();

        let own = ThreadNumber::default();
        own.set_to_current();
        assert_eq!(own.state(), ThreadState::Running);
        let before = own.cpu_time().unwrap();
        while own.cpu_time().unwrap() < before + Duration::from_millis(2) {
            std::hint::black_box(before);
        }
    }
}
