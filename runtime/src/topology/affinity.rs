//! What the kernel lets a thread choose: its CPUs and its niceness.
//!
//! The counterpart for other systems is `affinity_portable.rs`.

use std::ffi::{c_int, c_ulong};
use std::io;
use std::iter;

use super::CpuSet;

#[cfg(test)]
mod tests;

/// Where this system describes its CPUs.
pub(super) const SYSFS: Option<&str> = Some("/sys");

/// The kernel's masks are made of these, whatever [`CpuSet`] is made of.
type Word = c_ulong;
const WORD_BITS: usize = Word::BITS as usize;

/// The CPUs that the calling thread may run on.
///
/// That is its affinity mask, which the cpuset of its cgroup narrows, too. Elsewhere than on Linux
/// it is as many CPUs as [`available_parallelism`](std::thread::available_parallelism) reports,
/// numbered from 0.
///
/// # Examples
///
/// ```
/// let allowed = fastwake::topology::allowed_cpus()?;
/// println!("{} CPUs to run on: {allowed}", allowed.len());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// If the kernel refuses to tell, as a sandbox can make it do.
pub fn allowed_cpus() -> io::Result<CpuSet> {
    // The kernel refuses a buffer that is smaller than its own masks, so begin with what nearly all
    // get by with.
    let mut bits = 1024;
    loop {
        let mut words: Vec<Word> = vec![0; bits / WORD_BITS];
        // SAFETY: the pointer and the size in bytes describe the vector, which is aligned as the
        // kernel's masks are and outlives the call. Thread 0 is the calling thread.
        let status = unsafe {
            libc::sched_getaffinity(0, size_of_val(&words[..]), words.as_mut_ptr().cast())
        };
        if status == 0 {
            return Ok(from_words(&words));
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINVAL) || bits >= CpuSet::MAX_CPUS {
            return Err(error);
        }
        bits *= 2;
    }
}

/// Confines the calling thread to `cpus`.
///
/// # Errors
///
/// If none of the CPUs is online and permitted by the thread's cpuset.
pub(crate) fn set_current_thread(cpus: &CpuSet) -> io::Result<()> {
    let words = to_words(cpus);
    let (mask, size) = (words.as_ptr().cast(), size_of_val(&words[..]));
    // SAFETY: the pointer and the size in bytes describe the vector, which is aligned as the
    // kernel's masks are and outlives the call; the kernel takes CPUs beyond its end as not in the
    // mask. Thread 0 is the calling thread.
    let status = unsafe { libc::sched_setaffinity(0, size, mask) };
    if status == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    let message = format!("cannot run on the CPUs \"{cpus}\": {error}");
    Err(io::Error::new(error.kind(), message))
}

fn from_words(words: &[Word]) -> CpuSet {
    let members = |(index, &word): (usize, &Word)| {
        let not_empty = |word: Word| (word != 0).then_some(word);
        let without_first = move |word: &Word| not_empty(word & (word - 1));
        iter::successors(not_empty(word), without_first)
            .map(move |word| index * WORD_BITS + word.trailing_zeros() as usize)
    };
    let cpus = words.iter().enumerate().flat_map(members);
    cpus.filter(|&cpu| cpu < CpuSet::MAX_CPUS).collect()
}

fn to_words(cpus: &CpuSet) -> Vec<Word> {
    let bits = cpus.last().map_or(0, |last| last + 1);
    let mut words = vec![0; bits.div_ceil(WORD_BITS)];
    for cpu in cpus {
        words[cpu / WORD_BITS] |= 1 << (cpu % WORD_BITS);
    }
    words
}

/// The CPU this thread runs on at the moment, as a hint: it may be another by the time the caller
/// looks at it. It is cheap, and makes no system call where the C library can avoid it.
pub(crate) fn current_cpu() -> Option<usize> {
    // SAFETY: the function has no preconditions.
    let cpu = unsafe { libc::sched_getcpu() };
    usize::try_from(cpu).ok()
}

/// Sets the niceness of the calling thread alone, from -20 (favoured) to 19. The kernel brings
/// other values into that range.
///
/// # Errors
///
/// If it would be lowered, and the process has neither the privilege nor the resource limit for
/// that.
pub(crate) fn set_current_thread_nice(nice: i32) -> io::Result<()> {
    // SAFETY: the function has no preconditions.
    let thread = unsafe { libc::gettid() } as libc::id_t;
    // SAFETY: the call takes its arguments by value. On Linux niceness belongs to threads, and
    // `PRIO_PROCESS` with the number of a thread means that thread.
    let status = unsafe { libc::setpriority(libc::PRIO_PROCESS as _, thread, nice as c_int) };
    if status == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    Err(io::Error::new(
        error.kind(),
        format!("cannot set niceness {nice}: {error}"),
    ))
}

/// The niceness of the calling thread.
pub(crate) fn current_thread_nice() -> io::Result<i32> {
    // SAFETY: the call takes its arguments by value; process 0 is the calling thread.
    let status = unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, 0) };
    // The bare system call gives 20 minus the niceness, so that only errors are negative.
    if status < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(20 - status as i32)
    }
}
