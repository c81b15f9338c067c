#![forbid(unsafe_code)]
//! How a runtime is put together.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::driver::DriverConfig;
use crate::primitives::ThreadId;
use crate::scheduler::policy::{EVENT_INTERVAL, GLOBAL_QUEUE_INTERVAL, KEEP_ALIVE, SPARE_WORKERS};
use crate::scheduler::{LongPoll, LongPollHook, PoolStall, StallHook};
use crate::threads::{NameFn, ThreadConfig};
use crate::topology::{AffinityScope, CpuSet};

use super::{LocalOptions, LocalRuntime, Runtime, RuntimeFlavor, config};

/// Events taken from the system in one go; tokio's.
const IO_EVENTS: usize = 1_024;

/// The threads for blocking closures, at most; tokio's.
const MAX_BLOCKING_THREADS: usize = 512;

/// As the system shows it: 15 bytes, all that Linux keeps.
/// How long a pool may have work and not get on, unless the builder says otherwise: the workqueue's.
const STALL: Duration = Duration::from_secs(30);

const THREAD_NAME: &str = "fastwake-worker";

/// Builds a [`Runtime`] that is not the default one.
///
/// What the code does not set, the environment may: `FASTWAKE_WORKER_THREADS` (a whole number),
/// `FASTWAKE_AFFINITY_SCOPE` (`cpu`, `smt`, `cache_shard`, `cache`, `numa` or `system`) and, on Unix,
/// `FASTWAKE_INSPECT` (a folder). A value that makes no sense is refused by [`build`](Self::build),
/// never ignored.
///
/// # Examples
///
/// ```
/// use fastwake::runtime::Builder;
/// use fastwake::topology::AffinityScope;
///
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(4)
///     .affinity_scope(AffinityScope::Cache)
///     .thread_name("my-service")
///     .build()?;
/// runtime.block_on(async { println!("hello") });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Builder {
    pub(super) flavor: RuntimeFlavor,
    pub(super) name: Option<String>,
    pub(super) worker_threads: Option<usize>,
    pub(super) affinity_scope: Option<AffinityScope>,
    pub(super) affinity_strict: bool,
    pub(super) cpus: Option<CpuSet>,
    pub(super) max_blocking_threads: usize,
    pub(super) thread_keep_alive: Duration,
    pub(super) long_poll: Option<Duration>,
    pub(super) stall: Duration,
    pub(super) on_long_poll: Option<LongPollHook>,
    pub(super) on_stall: Option<StallHook>,
    pub(super) max_spare_workers: u32,
    pub(super) global_queue_interval: u32,
    pub(super) event_interval: u32,
    pub(super) driver: DriverConfig,
    pub(super) start_paused: bool,
    pub(super) threads: ThreadConfig,
    #[cfg(unix)]
    pub(super) inspect: Option<PathBuf>,
}

impl Builder {
    fn new(flavor: RuntimeFlavor) -> Self {
        let name: NameFn = Arc::new(|| THREAD_NAME.to_owned());
        Self {
            flavor,
            name: None,
            worker_threads: None,
            affinity_scope: None,
            affinity_strict: false,
            cpus: None,
            max_blocking_threads: MAX_BLOCKING_THREADS,
            thread_keep_alive: KEEP_ALIVE,
            long_poll: None,
            stall: STALL,
            on_long_poll: None,
            on_stall: None,
            max_spare_workers: SPARE_WORKERS,
            global_queue_interval: GLOBAL_QUEUE_INTERVAL,
            event_interval: EVENT_INTERVAL,
            driver: DriverConfig {
                io: false,
                time: false,
                events: IO_EVENTS,
                busy_events: None,
            },
            start_paused: false,
            threads: ThreadConfig {
                name: Some(name),
                ..ThreadConfig::default()
            },
            #[cfg(unix)]
            inspect: None,
        }
    }

    /// A runtime whose tasks run on worker threads, in one pool per pod of the machine.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().enable_all().build()?;
    /// let answer = runtime.block_on(async { fastwake::spawn(async { 42 }).await });
    /// assert_eq!(answer.unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn new_multi_thread() -> Self {
        Self::new(RuntimeFlavor::MultiThread)
    }

    /// A runtime whose tasks run on the thread that is in [`Runtime::block_on`]. Blocking and
    /// CPU-intensive closures have threads of their own all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().enable_all().build()?;
    /// let here = std::thread::current().id();
    /// let task = runtime.spawn(async { std::thread::current().id() });
    /// assert_eq!(runtime.block_on(task).unwrap(), here);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn new_current_thread() -> Self {
        Self::new(RuntimeFlavor::CurrentThread)
    }

    /// Enables I/O and timers, as far as the crate's features have them.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// // Without it, the first socket or timer panics.
    /// let runtime = Builder::new_multi_thread().enable_all().build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_all(&mut self) -> &mut Self {
        self.enable_io().enable_time()
    }

    /// Enables I/O: what is in `fastwake::net`, `signal` and `process`. Without it, making such a
    /// thing panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// # #[cfg(feature = "net")]
    /// # {
    /// let runtime = Builder::new_current_thread().enable_io().build()?;
    /// let listener = runtime.block_on(fastwake::net::TcpListener::bind("127.0.0.1:0"))?;
    /// # drop(listener);
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_io(&mut self) -> &mut Self {
        self.driver.io = true;
        self
    }

    /// Enables timers: what is in `fastwake::time`. Without it, making one panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// # #[cfg(feature = "time")]
    /// # {
    /// use std::time::Duration;
    ///
    /// let runtime = Builder::new_current_thread().enable_time().build()?;
    /// // A timer is made in the runtime: in an `async` block, not before it.
    /// runtime.block_on(async { fastwake::time::sleep(Duration::from_millis(1)).await });
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enable_time(&mut self) -> &mut Self {
        self.driver.time = true;
        self
    }

    /// How many events are taken from the system in one go. Default: 1,024.
    ///
    /// # Panics
    ///
    /// If `events` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// // A small program: a buffer for 64 events is as good.
    /// let runtime = Builder::new_current_thread().enable_io().max_io_events_per_tick(64).build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_io_events_per_tick(&mut self, events: usize) -> &mut Self {
        assert!(
            events > 0,
            "max_io_events_per_tick must be non-zero: at least one event is taken"
        );
        self.driver.events = events;
        self
    }

    /// How many events are taken in one go by a worker that has other work, and so does not wait for
    /// them. Fewer keep what they wake from crowding out the tasks that wait already; the rest stay
    /// with the system. Default: as many as [`max_io_events_per_tick`](Self::max_io_events_per_tick).
    ///
    /// # Panics
    ///
    /// If `events` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .enable_io()
    ///     .max_io_events_per_tick(128)
    ///     .max_io_events_per_busy_tick(8)
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_io_events_per_busy_tick(&mut self, events: usize) -> &mut Self {
        assert!(
            events > 0,
            "max_io_events_per_busy_tick must be non-zero: at least one event is taken"
        );
        self.driver.busy_events = Some(events);
        self
    }

    /// Starts the runtime with its clock stopped; see [`time::pause`](crate::time::pause).
    ///
    /// [`build`](Self::build) refuses this for a multi-thread runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// use fastwake::time::{Duration, Instant, sleep};
    ///
    /// let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// runtime.block_on(async {
    ///     let start = Instant::now();
    ///     // Takes no time: the clock jumps when all wait.
    ///     sleep(Duration::from_secs(3_600)).await;
    ///     assert_eq!(start.elapsed(), Duration::from_secs(3_600));
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "test-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    pub fn start_paused(&mut self, start_paused: bool) -> &mut Self {
        self.start_paused = start_paused;
        self
    }

    /// Names the runtime; shown by [`Handle::name`](super::Handle::name) and in `Debug` output.
    ///
    /// # Panics
    ///
    /// If the name is empty, or only white space.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread().name("ingest").build()?;
    /// assert_eq!(runtime.handle().name(), Some("ingest"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(
            !name.trim().is_empty(),
            "runtime name shouldn't be empty: it is {name:?}; leave `name` out for none"
        );
        self.name = Some(name);
        self
    }

    /// Lets other processes look into the runtime: it listens on a Unix socket at `path`, and answers
    /// with [dumps](super::Handle::dump) and metrics. `fastwake-top` is a program that asks; the
    /// protocol is told in
    /// [`docs/inspecting.md`](https://github.com/fastwake/fastwake/blob/main/docs/inspecting.md).
    ///
    /// Only processes of the same user, and root's, can connect. A thread of its own answers, also
    /// when every worker is stuck. The socket goes when the runtime is shut down; one that a dead
    /// process has left is replaced. Default: if the environment variable `FASTWAKE_INSPECT` is set,
    /// a socket in that folder, named after the numbers of the process and of the runtime, such as
    /// `4711.1`; otherwise none.
    ///
    /// [`build`](Self::build) refuses a path where a process listens already, or where there is
    /// something that is no socket ([`AddrInUse`](std::io::ErrorKind::AddrInUse)), and what the
    /// system refuses.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::runtime::Builder;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("runtime");
    /// let runtime = Builder::new_multi_thread().inspect(&path).build()?;
    ///
    /// // Elsewhere:
    /// let mut socket = UnixStream::connect(&path)?;
    /// socket.write_all(b"dump text\n")?;
    /// let mut answer = String::new();
    /// socket.read_to_string(&mut answer)?;
    /// assert!(answer.starts_with("fastwake-inspect 1 ok "));
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(unix)]
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    pub fn inspect(&mut self, path: impl Into<PathBuf>) -> &mut Self {
        self.inspect = Some(path.into());
        self
    }

    /// How many workers the pods' pools run at once, all together. Default:
    /// `FASTWAKE_WORKER_THREADS` or, if that is not set, the number of CPUs that the process may
    /// use, bounded by the CPU quota of its cgroup (rounded up).
    ///
    /// With fewer workers than pods, neighbouring pods share a pool. A current-thread runtime has
    /// no workers and ignores this.
    ///
    /// # Panics
    ///
    /// If `workers` is 0 or more than 8,192.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(2).build()?;
    /// assert_eq!(runtime.metrics().num_workers(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn worker_threads(&mut self, workers: usize) -> &mut Self {
        let (least, most) = (config::WORKERS.start(), config::WORKERS.end());
        assert!(
            config::WORKERS.contains(&workers),
            "worker_threads is {workers}; it must be from {least} to {most}"
        );
        self.worker_threads = Some(workers);
        self
    }

    /// Which CPUs share a pool. Default: `FASTWAKE_AFFINITY_SCOPE` or, if that is not set,
    /// [`CacheShard`](AffinityScope::CacheShard).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// use fastwake::topology::AffinityScope;
    ///
    /// // One pool for each memory node, whose workers do not leave it.
    /// let runtime = Builder::new_multi_thread()
    ///     .affinity_scope(AffinityScope::Numa)
    ///     .affinity_strict(true)
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn affinity_scope(&mut self, scope: AffinityScope) -> &mut Self {
        self.affinity_scope = Some(scope);
        self
    }

    /// Do tasks stay in their pod? Then its workers are pinned to its CPUs, and nobody else takes
    /// its work. Default: no. Work begins in its pod, idle pods may take it, and the kernel may
    /// move a worker, which is brought home when it next sleeps.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{Builder, PoolKind};
    ///
    /// let runtime = Builder::new_multi_thread().affinity_strict(true).build()?;
    /// let pools = runtime.metrics().pools();
    /// let mut pods = pools.iter().filter(|pool| pool.kind == PoolKind::Unbound);
    /// assert!(pods.all(|pod| pod.strict));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn affinity_strict(&mut self, strict: bool) -> &mut Self {
        self.affinity_strict = strict;
        self
    }

    /// The CPUs that the runtime may use. Default: all that the process may.
    ///
    /// [`build`](Self::build) refuses an empty set, and one with CPUs that the process may not use.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// use fastwake::topology::allowed_cpus;
    ///
    /// // All but the first, which is for something else.
    /// let mut cpus = allowed_cpus()?;
    /// if let (Some(first), true) = (cpus.first(), cpus.len() > 1) {
    ///     cpus.remove(first);
    /// }
    /// let runtime = Builder::new_multi_thread().cpus(cpus).build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn cpus(&mut self, cpus: CpuSet) -> &mut Self {
        self.cpus = Some(cpus);
        self
    }

    /// How many threads there may be for [`spawn_blocking`](crate::task::spawn_blocking). Default:
    /// 512. At the limit, closures wait for one another. A number beyond 32,768 is as good as that.
    ///
    /// A thread whose closure has ended may go on with the task that awaits it, instead of waking a worker;
    /// not while all threads are there and other closures wait. Those that are spawned meanwhile may then
    /// have to wait for the end of that poll: until it enters
    /// [`block_in_place`](crate::task::block_in_place), or has become a
    /// [long one](Self::long_poll_threshold). From then on the thread is not one of these any more.
    ///
    /// # Panics
    ///
    /// If `threads` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// // No more than four queries at a time; the others wait.
    /// let runtime = Builder::new_multi_thread().max_blocking_threads(4).build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_blocking_threads(&mut self, threads: usize) -> &mut Self {
        assert!(
            threads > 0,
            "max_blocking_threads is 0; it must be at least 1"
        );
        self.max_blocking_threads = threads;
        self
    }

    /// Names all threads. Linux shows the first 15 bytes. Default: `fastwake-worker`.
    ///
    /// # Panics
    ///
    /// If the name holds a NUL byte, which no thread's name can.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().thread_name("ingest").build()?;
    /// let task = runtime.spawn(async { std::thread::current().name().map(str::to_owned) });
    /// assert_eq!(runtime.block_on(task).unwrap().as_deref(), Some("ingest"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn thread_name(&mut self, name: impl Into<String>) -> &mut Self {
        let name = name.into();
        assert!(
            !name.contains('\0'),
            "thread_name is {name:?}; it must not hold a NUL byte"
        );
        self.thread_name_fn(move || name.clone())
    }

    /// Names each thread by a function. One for which it panics or gives a NUL byte goes without a
    /// name.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let next = AtomicUsize::new(0);
    /// let runtime = Builder::new_multi_thread()
    ///     .thread_name_fn(move || format!("service-{}", next.fetch_add(1, Ordering::Relaxed)))
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name_fn<F>(&mut self, name: F) -> &mut Self
    where
        F: Fn() -> String + Send + Sync + 'static,
    {
        self.threads.name = Some(Arc::new(name));
        self
    }

    /// The stack of each thread, in bytes. Default: the standard library's, 2 MiB.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().thread_stack_size(8 << 20).build()?;
    /// let task = runtime.spawn_blocking(|| {
    ///     // More than the default has room for.
    ///     let mut table = [0_u8; 3 << 20];
    ///     table.fill(1);
    ///     std::hint::black_box(&table).iter().map(|&byte| u32::from(byte)).sum::<u32>()
    /// });
    /// assert_eq!(runtime.block_on(task).unwrap(), 3 << 20);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_stack_size(&mut self, bytes: usize) -> &mut Self {
        self.threads.stack_size = Some(bytes);
        self
    }

    /// How long a thread that could be spared stays without work: one for blocking or CPU-intensive
    /// closures, or a spare worker. Default: 10 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fastwake::runtime::Builder;
    ///
    /// // Files are read once a minute: the thread for that stays until the next time.
    /// let runtime = Builder::new_multi_thread()
    ///     .thread_keep_alive(Duration::from_secs(90))
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_keep_alive(&mut self, time: Duration) -> &mut Self {
        self.thread_keep_alive = time;
        self
    }

    /// Runs `hook` on each new thread before anything else.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread()
    ///     .thread_name("my-service")
    ///     .on_thread_start(|| println!("{:?} begins", std::thread::current().name()))
    ///     .build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_start<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.threads.on_start = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on each thread that ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// use fastwake::runtime::Builder;
    ///
    /// let threads = Arc::new(AtomicUsize::new(0));
    /// let (started, stopped) = (Arc::clone(&threads), Arc::clone(&threads));
    /// let runtime = Builder::new_multi_thread()
    ///     .on_thread_start(move || drop(started.fetch_add(1, Relaxed)))
    ///     .on_thread_stop(move || drop(stopped.fetch_sub(1, Relaxed)))
    ///     .build()?;
    /// drop(runtime);
    /// assert_eq!(threads.load(Relaxed), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_stop<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.threads.on_stop = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on a worker that is about to sleep because there is no work.
    ///
    /// A panic in a hook is reported and otherwise ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use fastwake::runtime::Builder;
    ///
    /// let (sender, parked) = mpsc::channel();
    /// let runtime = Builder::new_current_thread()
    ///     .on_thread_park(move || drop(sender.send(())))
    ///     .build()?;
    /// // There is nothing to do before the closure ends, and that waits for the hook.
    /// let waiting = runtime.spawn_blocking(move || parked.recv());
    /// assert_eq!(runtime.block_on(waiting)?, Ok(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_thread_park<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.threads.on_park = Some(Arc::new(hook));
        self
    }

    /// Runs `hook` on a worker that has woken up. Not on a thread of
    /// [`spawn_blocking`](crate::task::spawn_blocking) that polls the task which awaited its closure.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// use fastwake::runtime::Builder;
    ///
    /// let asleep = Arc::new(AtomicUsize::new(0));
    /// let (parked, woken) = (Arc::clone(&asleep), Arc::clone(&asleep));
    /// let runtime = Builder::new_current_thread()
    ///     .on_thread_park(move || drop(parked.fetch_add(1, Relaxed)))
    ///     .on_thread_unpark(move || drop(woken.fetch_sub(1, Relaxed)))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn_blocking(|| "done")).unwrap();
    /// assert_eq!(asleep.load(Relaxed), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_thread_unpark<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.threads.on_unpark = Some(Arc::new(hook));
        self
    }

    /// From when on a poll is a long one: 10 ms unless something else is said here or in the environment
    /// (`FASTWAKE_LONG_POLL_US`, in microseconds).
    ///
    /// A worker that stays in one poll for longer, be it that it computes or that it is blocked in a
    /// system call, does not count as running from then on: another worker takes its place, with its
    /// queue, and the pool's I/O and timers. The task is on probation for a while: its next polls do not
    /// count from the beginning. A poll is found out at the latest after one and a half times the threshold.
    /// Time for which the thread has to wait for a CPU does not count, on Linux; where the system does not
    /// tell what a thread does, one that uses no CPU time counts as blocked after four thresholds.
    ///
    /// On a current-thread runtime nobody could take the place: there this has no effect.
    ///
    /// # Panics
    ///
    /// If it is less than 1 ms: polls of that length are common, and each would take a thread.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = fastwake::runtime::Builder::new_multi_thread()
    ///     .worker_threads(1)
    ///     .long_poll_threshold(Duration::from_millis(2))
    ///     .build()?;
    /// let answer = runtime.block_on(async {
    ///     // It keeps the only worker until the other has run.
    ///     let (sender, receiver) = std::sync::mpsc::channel();
    ///     let careless = fastwake::spawn(async move { receiver.recv() });
    ///     fastwake::spawn(async move { sender.send(42) });
    ///     careless.await
    /// });
    /// assert_eq!(answer.unwrap(), Ok(42));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn long_poll_threshold(&mut self, threshold: Duration) -> &mut Self {
        let least = config::LEAST_LONG_POLL;
        assert!(
            threshold >= least,
            "long_poll_threshold is {threshold:?}; it must be at least {least:?}"
        );
        self.long_poll = Some(threshold);
        self
    }

    /// Has `hook` called when a poll turns out to be a long one, while it lasts. It is called on the
    /// monitor's thread, and is to be quick: until it returns, no other long poll is found. A panic in it
    /// is ignored.
    ///
    /// Of the tasks that were spawned in the same place, it is told of the first long poll, the second, the
    /// fourth, the eighth and so on, so that a repeat offender does not flood; all are counted in
    /// [`PoolMetrics::long_polls`](super::PoolMetrics::long_polls).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let runtime = fastwake::runtime::Builder::new_multi_thread()
    ///     .on_long_poll(|poll| {
    ///         eprintln!(
    ///             "a task spawned at {} has been in one poll for {:?} ({:?}, hit {})",
    ///             poll.spawned_at, poll.elapsed, poll.state, poll.hits,
    ///         );
    ///     })
    ///     .build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_long_poll<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn(&LongPoll) + Send + Sync + 'static,
    {
        self.on_long_poll = Some(Arc::new(hook));
        self
    }

    /// How long a pool may have work and begin no poll before it counts as stalled: 30 s unless
    /// something else is said here.
    ///
    /// # Panics
    ///
    /// If it is less than a second.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = fastwake::runtime::Builder::new_multi_thread()
    ///     .stall_threshold(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn stall_threshold(&mut self, threshold: Duration) -> &mut Self {
        let least = Duration::from_secs(1);
        assert!(
            threshold >= least,
            "stall_threshold is {threshold:?}; it must be at least {least:?}"
        );
        self.stall = threshold;
        self
    }

    /// Has `hook` called when a pool is stalled, and again each time that the
    /// [threshold](Self::stall_threshold) has passed once more. It is called on the monitor's thread. A
    /// panic in it is ignored.
    ///
    /// Long polls alone stall no pool, for others take the places of those who are in them; it takes as
    /// many as there may be threads, see [`max_spare_workers`](Self::max_spare_workers), or a system that
    /// gives no more threads.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let runtime = fastwake::runtime::Builder::new_multi_thread()
    ///     .on_stall(|stall| eprintln!("no progress for {:?}: {:?}", stall.elapsed, stall.pool))
    ///     .build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_stall<F>(&mut self, hook: F) -> &mut Self
    where
        F: Fn(&PoolStall) + Send + Sync + 'static,
    {
        self.on_stall = Some(Arc::new(hook));
        self
    }

    /// How many threads a pool can have beyond the workers that may run, to take the places of those in
    /// [`block_in_place`](crate::task::block_in_place) and in long polls: 512 unless something else is
    /// said here. With that many in such places and one more, work waits for one of them. A spare thread
    /// that has nothing to do ends after the [keep-alive](Self::thread_keep_alive).
    ///
    /// # Panics
    ///
    /// If it is more than 8,192.
    ///
    /// # Examples
    ///
    /// ```
    /// let runtime = fastwake::runtime::Builder::new_multi_thread()
    ///     .max_spare_workers(16)
    ///     .build()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn max_spare_workers(&mut self, spares: usize) -> &mut Self {
        let most = *config::WORKERS.end();
        assert!(
            spares <= most,
            "max_spare_workers is {spares}; it must be at most {most}"
        );
        self.max_spare_workers = spares as u32;
        self
    }

    /// After how many turns a worker that has local work looks at the worklist. Default: 61.
    ///
    /// # Panics
    ///
    /// If `turns` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// // Work comes from threads outside: workers look for it more often than for each other's.
    /// let runtime = Builder::new_multi_thread().global_queue_interval(8).build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn global_queue_interval(&mut self, turns: u32) -> &mut Self {
        assert!(
            turns > 0,
            "global_queue_interval is 0; it must be at least 1"
        );
        self.global_queue_interval = turns;
        self
    }

    /// After how many turns a worker that has work looks for events of the system and for timers
    /// that are due, and a current-thread runtime also at the future of its `block_on`. Default: 61.
    ///
    /// # Panics
    ///
    /// If `turns` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::Builder;
    ///
    /// // For long polls: fewer of them between two looks, so that events wait less.
    /// let runtime = Builder::new_multi_thread().enable_all().event_interval(8).build()?;
    /// # drop(runtime);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn event_interval(&mut self, turns: u32) -> &mut Self {
        assert!(turns > 0, "event_interval is 0; it must be at least 1");
        self.event_interval = turns;
        self
    }

    /// Builds the runtime and starts its threads.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a CPU set that is empty or not allowed,
    /// for an environment variable that makes no sense, and for a multi-thread runtime that is to
    /// start with its clock stopped; [`AddrInUse`](io::ErrorKind::AddrInUse) for a socket to
    /// [inspect](Self::inspect) the runtime at that is another's; the system's error if it gives no
    /// thread, no descriptor for I/O or timers, or no such socket.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::runtime::Builder;
    /// use fastwake::topology::CpuSet;
    ///
    /// let runtime = Builder::new_multi_thread().enable_all().build()?;
    /// assert_eq!(runtime.block_on(async { 5 }), 5);
    ///
    /// let error = Builder::new_multi_thread().cpus(CpuSet::new()).build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build(&mut self) -> io::Result<Runtime> {
        self.build_for(None)
    }

    /// Builds a runtime that stays on this thread, and whose tasks need not be `Send`. For now there
    /// is only one set of options, the default.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    ///
    /// # Panics
    ///
    /// If this is the builder of a multi-thread runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{Builder, LocalOptions};
    ///
    /// let runtime = Builder::new_current_thread().build_local(LocalOptions::default())?;
    /// let task = runtime.spawn_local(async { "here" });
    /// assert_eq!(runtime.block_on(task)?, "here");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn build_local(&mut self, options: LocalOptions) -> io::Result<LocalRuntime> {
        let LocalOptions { .. } = options;
        assert!(
            self.flavor == RuntimeFlavor::CurrentThread,
            "multi_thread is not supported for LocalRuntime: use `Builder::new_current_thread`"
        );
        self.build_for(Some(ThreadId::current()))
            .map(LocalRuntime::from_runtime)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All fields, so that a new one is not forgotten here.
        let Self {
            flavor,
            name,
            worker_threads,
            affinity_scope,
            affinity_strict,
            cpus,
            max_blocking_threads,
            thread_keep_alive,
            long_poll,
            stall,
            on_long_poll,
            on_stall,
            max_spare_workers,
            global_queue_interval,
            event_interval,
            driver,
            start_paused,
            threads,
            #[cfg(unix)]
            inspect,
        } = self;
        let mut debug = f.debug_struct("Builder");
        debug
            .field("flavor", flavor)
            .field("name", name)
            .field("worker_threads", worker_threads)
            .field("affinity_scope", affinity_scope)
            .field("affinity_strict", affinity_strict)
            .field("cpus", cpus)
            .field("max_blocking_threads", max_blocking_threads)
            .field("thread_keep_alive", thread_keep_alive)
            .field("long_poll_threshold", long_poll)
            .field("stall_threshold", stall)
            .field("on_long_poll", &on_long_poll.is_some())
            .field("on_stall", &on_stall.is_some())
            .field("max_spare_workers", max_spare_workers)
            .field("global_queue_interval", global_queue_interval)
            .field("event_interval", event_interval)
            .field("driver", driver)
            .field("start_paused", start_paused)
            .field("threads", threads);
        #[cfg(unix)]
        debug.field("inspect", inspect);
        debug.finish()
    }
}
