#![forbid(unsafe_code)]
//! What the kernel knows of another thread of this process: is it on a CPU?

use super::ThreadNumber;

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

#[cfg(all(target_os = "linux", not(fastwake_portable)))]
impl ThreadNumber {
    pub(crate) fn state(self) -> ThreadState {
        self.read_state().unwrap_or(ThreadState::Unknown)
    }

    fn read_state(self) -> Option<ThreadState> {
        let stat = std::fs::read_to_string(format!("/proc/self/task/{}/stat", self.0)).ok()?;
        // The name, in parentheses, may hold anything.
        let (_, fields) = stat.rsplit_once(')')?;
        Some(match fields.trim_start().chars().next()? {
            'R' => ThreadState::Running,
            'S' | 'D' | 'T' | 't' => ThreadState::Blocked,
            _ => ThreadState::Unknown,
        })
    }
}

#[cfg(not(all(target_os = "linux", not(fastwake_portable))))]
impl ThreadNumber {
    pub(crate) fn state(self) -> ThreadState {
        ThreadState::Unknown
    }
}

#[cfg(all(test, target_os = "linux", not(fastwake_portable), not(fastwake_loom)))]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_thread_that_waits_is_blocked_and_one_that_asks_is_running() {
        let (tell, told) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let other = thread::spawn(move || {
            tell.send(ThreadNumber::current().unwrap()).unwrap();
            wait.recv().unwrap_err();
        });
        let number = told.recv().unwrap();
        let start = Instant::now();
        while number.state() != ThreadState::Blocked {
            assert!(start.elapsed() < Duration::from_secs(60), "it never blocks");
            thread::yield_now();
        }
        drop(go);
        other.join().unwrap();
        let own = ThreadNumber::current().unwrap();
        assert_eq!(own.state(), ThreadState::Running);
        assert_eq!(ThreadNumber(u32::MAX).state(), ThreadState::Unknown);
    }
}
