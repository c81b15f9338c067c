#![forbid(unsafe_code)]
//! The scheduler's questions, as pure functions: every threshold stands here.

use std::time::Duration;

/// What a pool's lock guards, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Workers that run tasks or look for some.
    pub(super) running: u32,
    /// Threads that have been asked for and have not arrived.
    pub(super) starting: u32,
    /// Workers that may run at once.
    pub(super) limit: u32,
    /// Threads, whatever they do; those that are starting not included.
    pub(super) threads: u32,
    /// Threads that are there for one poll, whatever they do; not among `threads`.
    pub(super) guests: u32,
    /// Threads that stay for good.
    pub(super) kept: u32,
    /// Tasks on the worklist.
    pub(super) work: usize,
}

/// How many tasks a worker runs from its LIFO slot before it lets the queue go first. The slot is
/// for the answer to a message that has just been sent; two tasks that only talk to each other must
/// not keep the rest waiting.
pub(super) const LIFO_STREAK: u32 = 3;

/// From how many polls on, since it woke up or ran dry, a worker takes what it had for a part of
/// something larger.
pub(super) const BURST: u64 = 4;

/// How many turns pass between two looks at the worklist of a worker that has local work; without
/// them, a worker that keeps itself busy would never see what comes from outside. Prime, so as not
/// to fall into step with a program's own pattern.
pub(crate) const GLOBAL_QUEUE_INTERVAL: u32 = 61;

/// How many turns pass between two looks at the driver of a worker that has work, and on a
/// current-thread runtime also at the future of `block_on`; tokio's. A look is a system call, a
/// microsecond or less.
pub(crate) const EVENT_INTERVAL: u32 = 61;

/// After how many looks at the driver that found something, one after the other, a worker lets other
/// threads go first: some milliseconds' work. Fewer make for a shorter p99 and cost requests; each time
/// would cost one in twenty.
pub(super) const LOOKS_IN_A_ROW: u32 = 16;

/// What a worker does every so many turns although it has local work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Intervals {
    /// It looks at the worklist.
    pub(crate) global_queue: u32,
    /// It looks at the driver.
    pub(crate) event: u32,
}

/// How many workers beyond those that may run a pool can have, unless the builder says otherwise: one
/// more in `block_in_place` or in a long poll than this, and the pool waits for one of them. As many
/// threads as tokio gives to blocking work.
pub(crate) const SPARE_WORKERS: u32 = 512;

/// By how much the threads for CPU-intensive work are nicer than the others. At 10 a normal thread
/// has ten times the weight: the workers get the CPU when they want it, and the work still goes on
/// beside other programs. 19 would be a seventieth, which starves it there.
pub(crate) const CPU_INTENSIVE_NICE: i32 = 10;

/// How long a surplus thread stays without work; tokio's default for its blocking threads.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// May one more worker run? Asked by whoever has put work down, before a pick.
pub(super) fn room_for_worker(counts: &Counts) -> bool {
    counts.running + counts.starting < counts.limit
}

/// Is there nobody among those who run who looks after the driver between tasks? A guest does not. It may be
/// blocked, and one of those who run a worker: then this is wrong, and somebody is called who need not come.
pub(super) fn only_guests_run(counts: &Counts) -> bool {
    counts.running <= counts.guests
}

/// Is there more to do than those who run will take? Asked by a worker that has just taken a task,
/// before it runs it.
pub(super) fn need_more_worker(counts: &Counts, taken_to_local: usize) -> bool {
    (counts.work > 0 || taken_to_local > 0) && room_for_worker(counts)
}

/// May a worker that was woken, or has come back from blocking, go on?
pub(super) fn may_run(counts: &Counts) -> bool {
    counts.running < counts.limit
}

/// Is somebody to go, now that one has come back from blocking?
pub(super) fn too_many_running(counts: &Counts) -> bool {
    counts.running > counts.limit
}

/// Could an idle worker be spared, if it stays without work?
pub(super) fn too_many_threads(counts: &Counts) -> bool {
    counts.threads > counts.kept
}

/// May a worker whose keep-alive has passed go? It may not while anybody could have picked it for
/// work that is still there (rule I6); work for which there is no room keeps nobody.
pub(super) fn may_retire(counts: &Counts, picked: bool) -> bool {
    too_many_threads(counts) && (counts.work == 0 || !may_run(counts)) && !picked
}

/// How many tasks to take from the worklist at once: all, if they fit into half of the room in the
/// local queue, for a list that is taken whole need not be walked under the lock, and siblings can
/// steal; otherwise a fair share, and not many. One always: it is run at once and needs no room.
pub(super) fn batch(counts: &Counts, room: usize) -> usize {
    let half = room / 2;
    if counts.work <= half {
        return counts.work;
    }
    let share = counts.work.div_ceil(counts.limit.max(1) as usize);
    share.min(half).clamp(1, WALK)
}

/// How many tasks to take from another pool's worklist: half, and not many, for the rest is at home
/// there.
pub(super) fn batch_across(counts: &Counts) -> usize {
    counts.work.div_ceil(2).min(WALK)
}

/// How many tasks of a longer list are taken: each is a line of another CPU's cache that is read
/// under the lock, some 30 ns, and producers wait meanwhile.
const WALK: usize = 32;

/// Is it worth searching, or do enough others? Half the workers at most search at once: more would
/// only meet at the same queues.
pub(super) fn may_search(searching: u32, limit: u32) -> bool {
    2 * searching < limit.max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Counts = Counts {
        running: 0,
        starting: 0,
        limit: 2,
        threads: 2,
        guests: 0,
        kept: 2,
        work: 1,
    };

    #[test]
    fn a_pool_at_its_limit_needs_nobody() {
        assert!(room_for_worker(&IDLE));
        assert!(room_for_worker(&Counts { running: 1, ..IDLE }));
        assert!(!room_for_worker(&Counts { running: 2, ..IDLE }));
        assert!(!room_for_worker(&Counts {
            running: 1,
            starting: 1,
            ..IDLE
        }));
        assert!(may_run(&Counts { running: 1, ..IDLE }));
        assert!(!may_run(&Counts { running: 2, ..IDLE }));
        assert!(too_many_running(&Counts { running: 3, ..IDLE }));
    }

    #[test]
    fn a_guest_looks_after_no_driver() {
        assert!(only_guests_run(&IDLE));
        let one = Counts { running: 1, ..IDLE };
        assert!(!only_guests_run(&one));
        assert!(only_guests_run(&Counts { guests: 1, ..one }));
    }

    #[test]
    fn a_chain_kick_needs_work_that_is_left() {
        assert!(need_more_worker(&Counts { running: 1, ..IDLE }, 0));
        assert!(need_more_worker(
            &Counts {
                running: 1,
                work: 0,
                ..IDLE
            },
            3
        ));
        assert!(!need_more_worker(
            &Counts {
                running: 1,
                work: 0,
                ..IDLE
            },
            0
        ));
        assert!(!need_more_worker(&Counts { running: 2, ..IDLE }, 9));
    }

    #[test]
    fn a_worker_retires_only_when_surplus_unpicked_and_without_work() {
        let surplus = Counts {
            threads: 3,
            work: 0,
            ..IDLE
        };
        assert!(may_retire(&surplus, false));
        assert!(!may_retire(&surplus, true));
        assert!(!may_retire(&Counts { work: 1, ..surplus }, false));
        let full = Counts {
            work: 1,
            running: 2,
            ..surplus
        };
        assert!(may_retire(&full, false));
        assert!(!may_retire(&full, true));
        assert!(!may_retire(
            &Counts {
                threads: 2,
                ..surplus
            },
            false
        ));
    }

    #[test]
    fn a_batch_is_all_that_fits_or_a_fair_share_of_what_does_not() {
        let of = |work, limit, room| {
            batch(
                &Counts {
                    work,
                    limit,
                    ..IDLE
                },
                room,
            )
        };
        assert_eq!(of(0, 2, 256), 0);
        assert_eq!(of(1, 2, 256), 1);
        assert_eq!(of(128, 2, 256), 128);
        assert_eq!(of(129, 2, 256), WALK);
        assert_eq!(of(10_000, 2, 256), WALK);
        assert_eq!(of(130, 26, 256), 5);
        assert_eq!(of(9, 2, 8), 4);
        assert_eq!(of(9, 2, 0), 1, "it is run at once and needs no room");
        assert_eq!(of(9, 0, 2), 1);
        let across = |work| batch_across(&Counts { work, ..IDLE });
        assert_eq!(
            (across(0), across(1), across(9), across(999)),
            (0, 1, 5, WALK)
        );
    }

    #[test]
    fn half_of_the_workers_search() {
        assert!(may_search(0, 1));
        assert!(may_search(0, 2));
        assert!(!may_search(1, 2));
        assert!(may_search(3, 8));
        assert!(!may_search(4, 8));
    }
}
