#![forbid(unsafe_code)]
//! What strace says, read.

use std::collections::BTreeMap;

/// How many system calls of each kind.
pub(super) type Kinds = BTreeMap<String, usize>;

/// The call with which a [`Stopwatch`](crate::cost::Stopwatch) begins and ends; nothing else makes it.
const MARK: &str = "getrusage";

/// The system calls that a process began between the first mark of its last run and the last one, if
/// it has made `runs` runs that set the same marks. None if the marks are not as they must be.
///
/// What began before (a worker that was parked then, and is woken now) is not of this run.
pub(super) fn of_last_run(log: &str, runs: usize) -> Option<Kinds> {
    let calls: Vec<Call<'_>> = log.lines().filter_map(Call::read).collect();
    let marks: Vec<usize> = (0..calls.len())
        .filter(|&place| calls[place].name == MARK)
        .collect();
    let each = marks.len() / runs;
    if each == 0 || !each.is_multiple_of(2) || each * runs != marks.len() {
        return None;
    }
    let first = marks[marks.len() - each];
    let last = marks[marks.len() - 1];
    let mut kinds = Kinds::new();
    for call in &calls[first..last] {
        if call.name != MARK {
            *kinds.entry(call.kind()).or_default() += 1;
        }
    }
    Some(kinds)
}

/// The beginning of a system call.
struct Call<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Call<'a> {
    /// What a line says; None if it says something else: how a call went on, that a thread ended.
    fn read(line: &'a str) -> Option<Self> {
        // As long as there is one thread, strace does not say which.
        let line = match line.strip_prefix("[pid") {
            Some(rest) => rest.split_once(']')?.1.trim_start(),
            None => line,
        };
        let (name, arguments) = line.split_once('(')?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        (!name.is_empty() && name.bytes().all(is_name)).then_some(Self { name, arguments })
    }

    /// Its name; a futex call wakes or waits, which is not the same.
    fn kind(&self) -> String {
        match self.name {
            "futex" if self.arguments.contains("FUTEX_WAKE") => "futex wake".to_owned(),
            "futex" if self.arguments.contains("FUTEX_WAIT") => "futex wait".to_owned(),
            name => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two runs: one to warm up, one that counts.
    const LOG: &str = r#"execve("target/release/workload", [...], 0x7ffcbb09af58 /* 35 vars */) = 0
brk(NULL)                               = 0x55f421f4d000
clone3({flags=CLONE_VM|CLONE_FS, child_tid=0x7f} => {parent_tid=[9501]}, 88) = 9501
[pid  9501] futex(0x7f73, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, NULL, FUTEX_BITSET_MATCH_ANY <unfinished ...>
[pid  9500] getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0, tv_usec=2183}, ...}) = 0
[pid  9500] mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, -1, 0) = 0x7f73a7b41000
[pid  9500] getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0, tv_usec=2190}, ...}) = 0
[pid  9500] clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=2000000}, 0x7ffc) = 0
[pid  9500] getrusage(RUSAGE_SELF,  <unfinished ...>
[pid  9501] <... futex resumed>)        = 0
[pid  9500] <... getrusage resumed>{ru_utime={tv_sec=0, tv_usec=2183}, ...}) = 0
[pid  9501] epoll_wait(4,  <unfinished ...>
[pid  9500] futex(0x7f73, FUTEX_WAKE_PRIVATE, 1) = 1
[pid  9501] <... epoll_wait resumed>[], 1024, 0) = 0
[pid  9501] futex(0x7f73, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, FUTEX_BITSET_MATCH_ANY) = -1 EAGAIN (Resource temporarily unavailable)
[pid  9501] futex(0x7f73, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, FUTEX_BITSET_MATCH_ANY <unfinished ...>
[pid  9500] write(1, ""..., 31)         = 31
[pid  9500] getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0, tv_usec=2183}, ...}) = 0
[pid  9501] <... futex resumed>)        = ?
[pid  9501] +++ exited with 0 +++
exit_group(0)                           = ?
"#;

    #[test]
    fn calls_are_counted_where_they_begin_and_by_kind() {
        let kinds = of_last_run(LOG, 2).expect("it has the marks of two runs");
        let expected = [
            ("epoll_wait", 1),
            ("futex wait", 2),
            ("futex wake", 1),
            ("write", 1),
        ];
        let expected = expected.map(|(kind, count)| (kind.to_owned(), count));
        assert_eq!(kinds, Kinds::from(expected));
    }

    #[test]
    fn one_run_reaches_from_its_first_mark_to_its_last() {
        // A stopwatch within another: all of it counts.
        let kinds = of_last_run(LOG, 1).expect("it has marks");
        assert_eq!(kinds.get("mmap"), Some(&1));
        assert_eq!(kinds.get("clock_nanosleep"), Some(&1));
        assert_eq!(kinds.values().sum::<usize>(), 7);
    }

    #[test]
    fn without_its_marks_nothing_is_counted() {
        assert_eq!(of_last_run("", 1), None);
        assert_eq!(of_last_run("brk(NULL) = 0x55f4\n", 1), None);
        assert_eq!(of_last_run(LOG, 4), None);
        assert_eq!(of_last_run(LOG, 3), None);
    }

    #[test]
    fn what_the_program_says_is_no_system_call() {
        for line in [
            "thread 'main' panicked at src/main.rs (it is there)",
            "(why)",
            "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---",
            "[pid  9501] +++ exited with 0 +++",
            "[pid",
        ] {
            assert!(Call::read(line).is_none(), "{line}");
        }
    }
}
