//! The pools of one runtime, from its first thread to its last task.

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use std::{fmt, io, thread};

use crate::cell::{self, JoinHandle, TaskList, TaskMeta};
use crate::driver::{Clock, Driver, DriverConfig};
use crate::metrics::{PoolDump, PoolKind, PoolMetrics, WorkerCounters};
use crate::primitives::atomic::AtomicUsize;
use crate::primitives::atomic::Ordering::{AcqRel, Acquire};
use crate::threads::{Role, ThreadConfig, Threads};
use crate::topology::{
    AffinityScope, CpuSet, Topology, allowed_cpus, current_cpu, set_current_thread,
};

use super::current_thread::CurrentThread;
use super::guest::{self, Guests, Held};
use super::injector::Offers;
use super::monitor::{Monitor, MonitorConfig};
use super::pod_set::{PodSet, Shape};
use super::policy::{CPU_INTENSIVE_NICE, Intervals};
use super::pool::{Host, Lease, Pool, PoolConfig};
use super::sets::Sets;
use super::worker::{Blocked, Worker};

/// What a group is made from.
#[derive(Debug, Clone)]
pub(crate) struct GroupConfig {
    /// The CPUs that may be used, and how they hang together.
    pub(crate) machine: Arc<Topology>,
    /// Have its CPUs been chosen?
    pub(crate) confined: bool,
    /// The workers of the pods' pools; `None` for a runtime that has none of its own.
    pub(crate) workers: Option<usize>,
    pub(crate) scope: AffinityScope,
    pub(crate) strict: bool,
    /// How many CPU-intensive tasks run at once.
    pub(crate) cpu_intensive: usize,
    pub(crate) intervals: Intervals,
    pub(crate) keep_alive: Duration,
    pub(crate) driver: DriverConfig,
    pub(crate) clock: Arc<Clock>,
    pub(crate) monitor: MonitorConfig,
    /// Threads of each pool beyond the workers that may run.
    pub(crate) spares: u32,
}

impl GroupConfig {
    /// A driver for one of the pools, if the runtime is to have any.
    pub(super) fn new_driver(&self) -> io::Result<Option<Arc<Driver>>> {
        let new = || Driver::new(self.driver, Arc::clone(&self.clock));
        self.driver.is_enabled().then(new).transpose()
    }

    /// The pods' pools.
    fn pods(&self) -> Shape {
        Shape {
            machine: Arc::clone(&self.machine),
            scope: self.scope,
            strict: self.strict,
            workers: self.workers.unwrap_or(0),
            nice: 0,
            spares: self.spares,
            resident: true,
        }
    }

    /// The pool for CPU-intensive work.
    pub(super) fn cpu_intensive(&self) -> PoolConfig {
        PoolConfig {
            kind: PoolKind::CpuIntensive,
            cpus: self.machine.cpus().clone(),
            strict: false,
            guests: false,
            roams: None,
            first_worker: None,
            nice: CPU_INTENSIVE_NICE,
            limit: self.cpu_intensive as u32,
            kept: 0,
            spares: self.spares,
        }
    }
}

/// All worker pools of a runtime.
///
/// The group ends when its last user leaves: every worker is one, and so is the runtime until it
/// shuts down. The last one waits until no task is left that has not completed, and until every
/// wake-up that was owed has been issued: from then on no waker can lead into a pool, and the
/// memory may go whenever the last `Arc` does.
pub(crate) struct Group {
    pub(super) config: GroupConfig,
    pub(super) threads: Arc<Threads>,
    pub(super) pods: PodSet,
    pub(super) cpu_intensive: Pool,
    /// Made when the first task is spawned on that CPU.
    per_cpu: Box<[(usize, OnceLock<Box<Pool>>)]>,
    /// For work queues whose attributes are not the runtime's own.
    pub(super) sets: Sets,
    /// Held while a pool is made on demand, and while the group is closed.
    pub(super) closed: Mutex<bool>,
    /// For runtimes with workers of their own.
    monitor: Option<Monitor>,
    guests: Box<dyn Guests>,
    users: AtomicUsize,
    this: Weak<Group>,
}

impl Group {
    /// Makes the pools, as yet without threads.
    ///
    /// # Errors
    ///
    /// The system's, if it gives no driver for one of them.
    pub(crate) fn new(
        config: GroupConfig,
        threads: Arc<Threads>,
        guests: Box<dyn Guests>,
    ) -> io::Result<Arc<Self>> {
        let pods = PodSet::new(&config.pods(), || config.new_driver())?;
        let monitor = match config.workers {
            Some(_) => Some(Monitor::new(config.monitor.clone())?),
            None => None,
        };
        let group = Arc::new_cyclic(|this| Self {
            pods,
            // Whether it has somebody to pick is nobody else's business.
            // Its workers wait behind all others for a CPU: no place to wait for events.
            cpu_intensive: Pool::new(config.cpu_intensive(), Offers::new(), None),
            per_cpu: config
                .machine
                .cpus()
                .iter()
                .map(|cpu| (cpu, OnceLock::new()))
                .collect(),
            sets: Sets::default(),
            closed: Mutex::new(false),
            monitor,
            guests,
            users: AtomicUsize::new(1),
            config,
            threads,
            this: Weak::clone(this),
        });
        let host: *const Self = Arc::as_ptr(&group);
        // SAFETY: the pools lie in the group, and end with it.
        unsafe {
            group.pods.join(host);
            group.cpu_intensive.join(host, std::iter::empty());
        }
        Ok(group)
    }

    /// Makes the threads that stay for good.
    ///
    /// # Errors
    ///
    /// The system's, if it refuses one. Those that were made stay until the shutdown.
    pub(crate) fn start(&self) -> io::Result<()> {
        // A hook may keep a thread from its place for as long as it likes.
        let ThreadConfig {
            on_start, on_park, ..
        } = self.threads.config();
        if let Some(monitor) = &self.monitor
            && on_start.is_none()
            && on_park.is_none()
        {
            monitor.expect_guards(self.pods.workers() as u32);
        }
        self.pods.pools().iter().try_for_each(Pool::start)
    }

    fn pools(&self) -> impl Iterator<Item = &Pool> {
        let per_cpu = self
            .per_cpu
            .iter()
            .filter_map(|(_, pool)| pool.get().map(|pool| &**pool));
        let pods = self.pods.pools().iter();
        let sets = self.sets.iter().flat_map(PodSet::pools);
        pods.chain([&self.cpu_intensive]).chain(per_cpu).chain(sets)
    }

    /// Gives the calling thread, which is no worker, all CPUs of the runtime: it may have been made
    /// by a worker that is pinned.
    pub(crate) fn spread_current_thread(&self) {
        let _ = set_current_thread(self.config.machine.cpus());
    }

    /// From now on the calling thread may be a guest of these pools.
    pub(crate) fn be_home(&self) {
        guest::be_at_home(self);
    }

    /// Is this a task of one of these pools?
    pub(crate) fn is_home_of(&self, held: &Held) -> bool {
        held.is_of(self)
    }

    /// Spawns a task where the caller is: in a worker's own pool, otherwise in its pod's.
    pub(crate) fn spawn<F>(&self, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Worker::with_current(|worker| {
            let pool = self.pool_for_spawn(worker);
            let (task, handle) = cell::new(future, pool.as_scheduler(), meta);
            pool.accept_new(worker, task);
            handle
        })
    }

    fn pool_for_spawn<'a>(&'a self, worker: Option<&Worker<'a>>) -> &'a Pool {
        match worker.map(Worker::pool) {
            Some(pool) if self.pods.contains(pool) => pool,
            _ => self.pods.pool_of_caller(),
        }
    }

    /// Spawns many tasks in one locked section.
    pub(crate) fn spawn_batch<I>(
        &self,
        futures: I,
        meta: &TaskMeta,
    ) -> Vec<JoinHandle<<I::Item as Future>::Output>>
    where
        I: IntoIterator<Item: Future<Output: Send> + Send + 'static>,
    {
        // Several kicks are delivered one after the other; the group is not to end in between, for
        // its last user would wait for the others.
        let _lease = self.lease();
        Worker::with_current(|worker| {
            let pool = self.pool_for_spawn(worker);
            let mut tasks = TaskList::new();
            let new = |future| {
                let (task, handle) = cell::new(future, pool.as_scheduler(), meta.clone());
                tasks.push_back(task);
                handle
            };
            let handles = futures.into_iter().map(new).collect();
            if !tasks.is_empty() {
                let spawned = tasks.len();
                pool.submit_batch(tasks, spawned);
            }
            handles
        })
    }

    /// Spawns a task on the pool for CPU-intensive work.
    pub(crate) fn spawn_cpu_intensive<F>(&self, future: F, meta: TaskMeta) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let pool = &self.cpu_intensive;
        let (task, handle) = cell::new(future, pool.as_scheduler(), meta);
        Worker::with_current(|worker| pool.accept_new(worker, task));
        handle
    }

    /// Spawns a task on the pool that is bound to `cpu`.
    ///
    /// # Errors
    ///
    /// If the runtime may not use that CPU.
    pub(crate) fn spawn_on<F>(
        &self,
        cpu: usize,
        future: F,
        meta: TaskMeta,
    ) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let pool = self.pool_bound_to(cpu)?;
        let (task, handle) = cell::new(future, pool.as_scheduler(), meta);
        Worker::with_current(|worker| pool.accept_new(worker, task));
        Ok(handle)
    }

    pub(super) fn pool_bound_to(&self, cpu: usize) -> io::Result<&Pool> {
        let found = self.per_cpu.binary_search_by_key(&cpu, |(cpu, _)| *cpu);
        let Ok(index) = found else {
            let allowed = self.config.machine.cpus();
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("CPU {cpu} is not among those that this runtime may use: {allowed}"),
            ));
        };
        let (_, pool) = &self.per_cpu[index];
        if let Some(pool) = pool.get() {
            return Ok(pool);
        }
        // Under the lock, so that a shutdown either closes the new pool or is seen here.
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.get().is_none() {
            let new = self.new_per_cpu_pool(cpu)?;
            pool.get_or_init(|| Box::new(new));
        }
        let pool = pool.get().expect("it has just been made, or was there");
        if *closed {
            pool.end();
        }
        Ok(pool)
    }

    fn new_per_cpu_pool(&self, cpu: usize) -> io::Result<Pool> {
        let config = PoolConfig {
            kind: PoolKind::PerCpu,
            cpus: CpuSet::from_iter([cpu]),
            strict: true,
            guests: false,
            roams: None,
            first_worker: None,
            nice: 0,
            limit: 1,
            kept: 0,
            spares: self.config.spares,
        };
        let pool = Pool::new(config, Offers::new(), self.config.new_driver()?);
        // SAFETY: it is going to lie in this group, and ends with it.
        unsafe { pool.join(self, std::iter::empty()) };
        Ok(pool)
    }

    /// The driver for what is made by the calling thread: that of a worker's own pool, otherwise
    /// that of the pod which the thread is in.
    #[cfg(any(feature = "net", feature = "time"))]
    pub(crate) fn use_driver(&self) -> Option<Arc<Driver>> {
        self.call_monitor();
        Worker::with_current(|worker| {
            let own = worker
                .map(Worker::pool)
                .filter(|pool| pool.config.kind != PoolKind::CpuIntensive && pool.is_in(self));
            let pod = || (self.pods.workers() > 0).then(|| self.pods.pool_of_caller());
            own.or_else(pod)?.use_driver().cloned()
        })
    }

    fn is_closed(&self) -> bool {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the monitor's thread.
    fn start_patrol(&self) -> io::Result<()> {
        let Some(group) = self.this.upgrade() else {
            return Ok(());
        };
        let patrol = move || {
            // Whoever was the first to use a driver may be bound to a pod.
            group.spread_current_thread();
            if let Some(monitor) = &group.monitor {
                monitor.patrol(&*group);
            }
        };
        self.threads.spawn_silent("fastwake-monitor", patrol)
    }

    /// Fires what is due on a clock that has been moved.
    #[cfg(feature = "test-util")]
    pub(crate) fn drivers(&self) -> impl Iterator<Item = &Driver> {
        self.pools().filter_map(Pool::driver_in_use)
    }

    // The end.

    /// Takes no more work. Tasks that are being polled are left to their workers; everything else
    /// is dropped by whoever leaves the group next. Returns at once.
    pub(crate) fn shutdown(&self) {
        {
            let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::replace(&mut *closed, true) {
                return;
            }
            self.pools().for_each(Pool::close);
        }
        if let Some(monitor) = &self.monitor {
            monitor.stop();
        }
        // Now, for a poll that does not end keeps the last user from leaving, and others may wait for
        // what nobody drives any more.
        self.pools().for_each(Pool::shut_down_driver);
        self.leave();
    }

    pub(crate) fn metrics(&self) -> Vec<PoolMetrics> {
        self.pools().map(Pool::metrics).collect()
    }

    /// In the order of [`metrics`](Self::metrics).
    pub(crate) fn dump(&self) -> Vec<PoolDump> {
        self.pools().map(Pool::dump).collect()
    }

    pub(crate) fn machine(&self) -> &Topology {
        &self.config.machine
    }

    /// The scope of the pods' pools, and whether these are strict; `None` if there are none.
    pub(crate) fn scope(&self) -> Option<(AffinityScope, bool)> {
        let GroupConfig { scope, strict, .. } = self.config;
        (!self.pods.pools().is_empty()).then_some((scope, strict))
    }

    /// Each CPU, and the place among the pods' pools of the one that serves it.
    pub(crate) fn pools_by_cpu(&self) -> impl Iterator<Item = (usize, usize)> {
        let cpus = self.config.machine.cpus().iter();
        let served = cpus.filter(|_| !self.pods.pools().is_empty());
        served.map(|cpu| (cpu, self.pods.place_of_cpu(cpu)))
    }

    /// Spawns a task in one of the pods' pools, wherever the caller is.
    ///
    /// # Panics
    ///
    /// If there is no such pool.
    pub(crate) fn spawn_in_pod<F>(
        &self,
        pod: usize,
        future: F,
        meta: TaskMeta,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let pool = &self.pods.pools()[pod];
        let (task, handle) = cell::new(future, pool.as_scheduler(), meta);
        Worker::with_current(|worker| pool.accept_new(worker, task));
        handle
    }

    /// How many pools the pods have.
    pub(crate) fn pods(&self) -> usize {
        self.pods.pools().len()
    }

    /// How many workers the pods' pools may run at once.
    pub(crate) fn workers(&self) -> usize {
        self.pods.workers()
    }
}

/// The number among its runtime's workers of the one that this thread is, or stands in for.
pub(crate) fn worker_index() -> Option<usize> {
    CurrentThread::worker_index().or_else(|| Worker::with_current(|worker| worker?.number()))
}

/// Is this thread a worker of a pool that the system gives no more threads?
pub(crate) fn is_short_of_threads() -> bool {
    Worker::with_current(|worker| worker.is_some_and(|worker| worker.pool().is_short_of_threads()))
}

impl Host for Group {
    fn lease(&self) -> Option<Lease> {
        let group = self.this.upgrade()?;
        let more = |users: usize| (users > 0).then_some(users + 1);
        // ORDERING: as `Arc`'s count.
        group.users.fetch_update(AcqRel, Acquire, more).ok()?;
        Some(Lease::new(group))
    }

    fn leave(&self) {
        if self.users.fetch_sub(1, AcqRel) != 1 {
            return;
        }
        // The last one. What is left is with threads that are about to find the pools closed, or
        // have yet to issue a wake-up: a matter of microseconds, unless they are held up.
        let mut pause = Duration::from_micros(10);
        while self.cancel_all() > 0 || !self.pools().all(|pool| pool.injector.is_even()) {
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        self.pools().for_each(Pool::shut_down_driver);
    }

    fn spawn_worker(&self, pool: &Pool, slot: u32) -> io::Result<()> {
        let Some(lease) = self.lease() else {
            return Err(io::Error::other("the runtime has ended"));
        };
        let nice = pool.config.nice;
        let pool = pool.as_scheduler();
        let body = move || {
            // SAFETY: the lease keeps the group, which the pool lies in, until the thread's end.
            let _here = unsafe { pool.pool() }.slot(slot).occupant.settle();
            Worker::main(&lease, pool, slot);
        };
        match nice {
            0 => self.threads.spawn(Role::Worker, body),
            _ => self.threads.spawn_nicer(Role::Worker, nice, body),
        }
    }

    fn place_current_thread(&self, pool: &PoolConfig) {
        // The thread has inherited its maker's mask, which may be that of a pod.
        let cpus = pool.roams.as_ref().unwrap_or(&pool.cpus);
        // Often it is the right one. To see that costs a fraction of what the kernel takes to set it. But if
        // CPUs come online, or into the cpuset, a mask that has been set stays as it is.
        let is_chosen = pool.strict || self.config.confined;
        if !is_chosen && allowed_cpus().is_ok_and(|allowed| allowed == *cpus) {
            return;
        }
        // A kernel that refuses (a sandbox's filter, a cpuset that has shrunk since the start)
        // leaves the thread where it may run: the work goes on, only not where it would be best.
        let _ = set_current_thread(cpus);
    }

    /// Its next wake-up begins where it sleeps.
    fn bring_home(&self, pool: &PoolConfig, counters: &WorkerCounters) {
        let Some(roams) = &pool.roams else { return };
        if current_cpu().is_none_or(|cpu| pool.cpus.contains(cpu)) {
            return;
        }
        // To ask for the pod alone moves the thread; then it may be moved again.
        if set_current_thread(&pool.cpus).is_ok() {
            counters.repatriated.increment();
            let _ = set_current_thread(roams);
        }
    }

    fn watch(&self, pool: &PoolConfig) {
        if let Some(monitor) = &self.monitor
            && pool.kind != PoolKind::CpuIntensive
        {
            monitor.watch();
            if monitor.was_refused() {
                self.call_monitor();
            }
        }
    }

    fn call_monitor(&self) {
        if let Some(monitor) = &self.monitor {
            monitor.call(|| self.start_patrol());
        }
    }

    fn enlist(&self) -> bool {
        self.monitor.as_ref().is_some_and(Monitor::enlist)
    }

    fn leave_guard(&self, has_slept: bool) {
        if let Some(monitor) = &self.monitor {
            monitor.leave_guard(has_slept, || match self.is_closed() {
                true => Ok(()),
                false => self.start_patrol(),
            });
        }
    }

    fn has_monitor(&self) -> bool {
        self.monitor.as_ref().is_none_or(Monitor::is_called)
    }

    fn excuse_guest(&self, guest: u32) {
        self.guests.step_aside(guest);
    }

    fn for_each_pool<'a>(&'a self, each: &mut dyn FnMut(&'a Pool)) {
        self.pools().for_each(each);
    }

    fn cancel_all(&self) -> usize {
        self.pools().map(Pool::cancel_all).sum()
    }

    fn intervals(&self) -> Intervals {
        self.config.intervals
    }

    fn keep_alive(&self) -> Duration {
        self.config.keep_alive
    }

    fn thread_config(&self) -> &ThreadConfig {
        self.threads.config()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("pools", &self.metrics())
            .finish_non_exhaustive()
    }
}

/// Tells the pool that this thread's worker is going to block, if it is one.
pub(crate) fn block_in_place<R>(f: impl FnOnce() -> R) -> R {
    let _blocked: Option<Blocked> = Worker::block_current();
    f()
}

/// Is this thread a worker of a runtime that has been shut down? Then the task that it polls is dropped
/// as soon as it suspends.
#[cfg(feature = "time")]
pub(crate) fn is_ending() -> bool {
    Worker::with_current(|worker| {
        worker.is_some_and(|worker| worker.pool().injector.hints.is_closed())
    })
}
