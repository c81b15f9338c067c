#![forbid(unsafe_code)]
//! What a pool and its workers look like at one moment, for the user.

use std::time::Duration;

use super::PoolMetrics;
use crate::cell::Id;

/// A worker pool at one moment; part of a [`Dump`](crate::runtime::dump::Dump).
///
/// What the pool's lock guards is `None` if the lock was held just then.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// for pool in &runtime.handle().dump().pools {
///     println!("CPUs {}: {:?} threads, {:?} idle", pool.metrics.cpus, pool.threads, pool.idle);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolDump {
    /// What it has counted, its kind and its CPUs.
    pub metrics: PoolMetrics,
    /// By how much its threads are nicer than others, as Linux has it.
    pub nice: i32,
    /// How many threads it can have, with those that stand in for blocked workers.
    pub max_threads: usize,
    /// Has it been shut down?
    pub is_closed: bool,
    /// Its threads, without those that are starting; with those for blocking closures that poll one of its
    /// tasks.
    pub threads: Option<usize>,
    /// Workers that run tasks or look for some.
    pub running: Option<usize>,
    /// Threads that have been made and have not arrived.
    pub starting: Option<usize>,
    /// Workers on the idle list: asleep, or woken and on their way.
    pub idle: Option<usize>,
    /// Tasks on the worklist.
    pub worklist: Option<usize>,
    /// Workers among those that run that look for tasks elsewhere.
    pub searching: usize,
    /// Its event queue.
    pub driver: DriverState,
    /// CPU time of all the threads that it has had; `None` where the system does not tell, and for
    /// a current-thread runtime, whose thread does other things, too.
    pub cpu_time: Option<Duration>,
    /// The workers that have a thread.
    pub workers: Vec<WorkerDump>,
}

impl PoolDump {
    /// Was its lock held, so that part of what is here is not known?
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let pool = &runtime.handle().dump().pools[0];
    /// assert_eq!(pool.is_busy(), pool.threads.is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.threads.is_none()
    }

    /// Workers that have a thread and do not count as running: inside
    /// [`block_in_place`](crate::task::block_in_place), in long polls, or apart.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Runtime::new()?;
    /// let dump = runtime.handle().dump();
    /// assert!(dump.pools.iter().all(|pool| pool.blocked().unwrap_or(0) == 0));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn blocked(&self) -> Option<usize> {
        let awake = self.threads?.saturating_sub(self.running?);
        Some(awake.saturating_sub(self.idle?))
    }
}

/// Whether somebody waits for a pool's I/O events and timers.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::Builder;
/// use fastwake::runtime::dump::DriverState;
///
/// let runtime = Builder::new_multi_thread().build()?;
/// assert_eq!(runtime.handle().dump().pools[0].driver, DriverState::Unused);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriverState {
    /// There is none, or it has been given nothing to wait for.
    Unused,
    /// A worker sleeps in it.
    Attended,
    /// None does. One that runs tasks looks at it now and then, and if all are in long polls, nobody.
    Unattended,
}

/// A worker at one moment.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// for worker in runtime.handle().dump().pools.iter().flat_map(|pool| &pool.workers) {
///     println!("thread {:?}: {:?}, {} polls", worker.thread, worker.state, worker.polls);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WorkerDump {
    /// Its place in the pool. Counts belong to the place, and go on with the next thread that takes
    /// it.
    pub slot: usize,
    /// The number under which the system knows its thread, on Linux; for the worker of a
    /// current-thread runtime it is not known.
    pub thread: Option<u32>,
    /// What it does.
    pub state: WorkerState,
    /// CPU time of the threads that have had the place, where the system tells; not of those for blocking
    /// closures, which come for one poll.
    pub cpu_time: Option<Duration>,
    /// Polls begun. One that stays the same in a worker that runs is a long poll.
    pub polls: u64,
    /// The task that it polls, or has polled last; for the worker of a current-thread runtime it is not
    /// known.
    pub task: Option<Id>,
    /// Times that it went to sleep.
    pub parks: u64,
    /// Tasks in its own queue.
    pub local_queue_depth: usize,
    /// Tasks that were suspended here and are not complete.
    pub suspended_tasks: usize,
}

/// What a worker does.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::dump::WorkerState;
///
/// assert_eq!(WorkerState::Driving.as_str(), "driving");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkerState {
    /// It polls a task, or looks for one.
    Running,
    /// It is inside [`block_in_place`](crate::task::block_in_place).
    Blocked,
    /// It is in a long poll, and another has taken its place.
    Relieved,
    /// It polls a task that has been in a long poll not long ago, and does not count among those that run.
    Apart,
    /// It sleeps.
    Idle,
    /// It sleeps in the pool's driver, where I/O events and timers wake it.
    Driving,
    /// It has been woken, and is not awake yet.
    Waking,
}

impl WorkerState {
    /// The name, in lower case.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::dump::WorkerState;
    ///
    /// assert_eq!(WorkerState::Blocked.as_str(), "blocked");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Blocked => "blocked",
            Self::Relieved => "relieved",
            Self::Apart => "apart",
            Self::Idle => "idle",
            Self::Driving => "driving",
            Self::Waking => "waking",
        }
    }
}

/// The threads for blocking closures at one moment. `None`: the lock was held just then.
///
/// # Examples
///
/// ```
/// let runtime = fastwake::runtime::Runtime::new()?;
/// runtime.block_on(runtime.spawn_blocking(|| "done")).unwrap();
/// assert_eq!(runtime.handle().dump().blocking.threads_made, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BlockingDump {
    /// How many threads there may be.
    pub max_threads: usize,
    /// How many take closures at once, without having to wait whether the others get on.
    pub base_threads: usize,
    /// Threads, with those that are starting.
    pub threads: Option<usize>,
    /// Threads that run closures, or the tasks that have awaited them.
    pub running: Option<usize>,
    /// Threads that sleep.
    pub idle: Option<usize>,
    /// Closures that wait for a thread.
    pub queue_depth: Option<usize>,
    /// Closures accepted since the runtime began.
    pub tasks_queued: Option<u64>,
    /// Closures that a thread has taken since.
    pub tasks_started: Option<u64>,
    /// Does a thread watch whether those that run get on?
    pub is_watched: Option<bool>,
    /// Threads made since.
    pub threads_made: u64,
    /// Sleeping threads woken since.
    pub wakes: u64,
    /// Threads that the system refused since.
    pub refused_threads: u64,
}
