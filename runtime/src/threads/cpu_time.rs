//! How much CPU time the process has used, and each of its threads.

use std::time::Duration;

/// CPU time of all threads of the process; `None` where it cannot be told.
#[cfg(unix)]
pub(crate) fn process_cpu_time() -> Option<Duration> {
    // SAFETY: all-zero bytes are a valid `timespec`, a plain struct of integers.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: `time` is a live `timespec` for the system to write to.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    let (seconds, nanoseconds) = (time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?);
    (status == 0).then(|| Duration::new(seconds, nanoseconds))
}

/// CPU time of all threads of the process; `None` where it cannot be told.
#[cfg(not(unix))]
pub(crate) fn process_cpu_time() -> Option<Duration> {
    None
}

/// Names a thread of this process for as long as it lives; the system may then give the name to the
/// next. Never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadNumber(pub(crate) u32);

#[cfg(target_os = "linux")]
impl ThreadNumber {
    /// The number under which `/proc` and `top` know the calling thread.
    pub(crate) fn current() -> Option<Self> {
        // SAFETY: the function has no preconditions.
        let number = unsafe { libc::gettid() };
        u32::try_from(number).ok().map(Self)
    }

    /// The thread's CPU time; `None` if there is no such thread in this process.
    pub(crate) fn cpu_time(self) -> Option<Duration> {
        // The kernel's number for the clock of a thread, as the C library makes it, too: the
        // thread's number inverted, and below it 4 for "a thread's" and 2 for "time on a CPU". Of
        // another process's thread there is no such clock.
        let clock = (!self.0 << 3) | 6;
        // SAFETY: all-zero bytes are a valid `timespec`, a plain struct of integers.
        let mut time: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: `time` is a live `timespec` for the system to write to; a clock that there is not
        // is an error.
        let status = unsafe { libc::clock_gettime(clock as libc::clockid_t, &mut time) };
        let (seconds, nanoseconds) = (time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?);
        (status == 0).then(|| Duration::new(seconds, nanoseconds))
    }
}

#[cfg(not(target_os = "linux"))]
impl ThreadNumber {
    /// Other systems have numbers of other sizes, or none.
    pub(crate) fn current() -> Option<Self> {
        None
    }

    pub(crate) fn cpu_time(self) -> Option<Duration> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod thread_tests {
    use std::sync::mpsc;
    use std::thread;

    use super::{Duration, ThreadNumber};

    #[test]
    fn another_thread_reads_how_much_cpu_time_a_thread_has_used() {
        let (number, numbers) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let worker = thread::spawn(move || {
            let own = ThreadNumber::current().unwrap();
            while own.cpu_time().unwrap() < Duration::from_millis(20) {
                std::hint::black_box(own);
            }
            number.send(own).unwrap();
            let _ = ended.recv();
        });
        let number = numbers.recv().unwrap();
        assert!(number.cpu_time().unwrap() >= Duration::from_millis(20));
        assert_ne!(ThreadNumber::current(), Some(number));
        drop(end);
        worker.join().unwrap();
    }

    #[test]
    fn a_thread_of_another_process_has_no_time_here() {
        assert_eq!(ThreadNumber(1).cpu_time(), None);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::process_cpu_time;

    #[test]
    fn cpu_time_grows_with_work() {
        let before = process_cpu_time().unwrap();
        while process_cpu_time().unwrap() == before {
            std::hint::black_box(before);
        }
        assert!(process_cpu_time().unwrap() > before);
    }
}
