//! How much CPU time the process has used.

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
