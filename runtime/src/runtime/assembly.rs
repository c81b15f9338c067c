#![forbid(unsafe_code)]
//! How a runtime is put together from what its builder says.

use std::io;
use std::sync::Arc;

use crate::blocking::{BlockingConfig, BlockingPool};
use crate::driver::{Clock, Driver};
use crate::metrics::Queues;
use crate::primitives::ThreadId;
use crate::scheduler::policy::Intervals;
use crate::scheduler::{
    CurrentThread, CurrentThreadConfig, Group, GroupConfig, Held, MonitorConfig,
};
use crate::threads::{Role, Threads};
use crate::topology::{Topology, available_workers};

use super::context::Polls;
use super::handle::Inner;
#[cfg(unix)]
use super::inspect::{Inspector, Unattended};
use super::{Builder, Handle, Id, Runtime, RuntimeFlavor, config, context};

impl Builder {
    /// With an owner, it is a local runtime of that thread.
    pub(super) fn build_for(&mut self, owner: Option<ThreadId>) -> io::Result<Runtime> {
        let machine = config::machine(self.cpus.as_ref())?;
        let is_multi_thread = self.flavor == RuntimeFlavor::MultiThread;
        let workers = match is_multi_thread {
            true => Some(config::worker_threads(self.worker_threads, machine.cpus())?),
            false => None,
        };
        if self.start_paused && is_multi_thread {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "start_paused needs a current-thread runtime: the clock can only be stopped there",
            ));
        }
        #[cfg(feature = "tokio-compat")]
        super::tokio_compat::start()?;
        let id = Id::next();
        #[cfg(unix)]
        let (inspector, unattended) = self.inspector(id)?.unzip();
        let available = available_workers(machine.cpus());
        let clock = Arc::new(Clock::new());
        let driver = match !is_multi_thread && self.driver.is_enabled() {
            true => Some(Driver::new(self.driver, Arc::clone(&clock))?),
            false => None,
        };
        let group = self.group_config(machine, workers, &clock)?;
        let blocking = self.blocking_config(available, driver.clone());
        let current_thread = CurrentThreadConfig {
            global_queue_interval: self.global_queue_interval,
            event_interval: self.event_interval,
            threads: self.threads.clone(),
            driver,
            owner,
        };
        let threads = Arc::new(Threads::new(self.threads.clone()));
        let blocking = BlockingPool::new(blocking, Arc::clone(&threads));
        let guests = Box::new(Arc::clone(&blocking));
        let handle = Handle::new(Arc::new(Inner {
            id,
            name: self.name.clone(),
            current_thread: (!is_multi_thread).then(|| CurrentThread::new(current_thread)),
            group: Group::new(group, Arc::clone(&threads), guests)?,
            blocking,
            threads,
            #[cfg(unix)]
            inspector,
            queues: Queues::default(),
            #[cfg(feature = "test-util")]
            clock,
        }));
        #[cfg(feature = "test-util")]
        if self.start_paused {
            handle.inner().clock.stop();
        }
        let runtime = start(handle)?;
        // If it is refused a thread, the runtime ends with this.
        #[cfg(unix)]
        unattended.map_or(Ok(()), |socket| socket.attend(runtime.handle().inner()))?;
        Ok(runtime)
    }

    /// The socket for those who want to look into the runtime, if there is to be one.
    #[cfg(unix)]
    fn inspector(&self, id: Id) -> io::Result<Option<(Inspector, Unattended)>> {
        let path = config::inspection(self.inspect.as_deref(), id)?;
        path.map(|path| Inspector::bind(&path)).transpose()
    }

    fn blocking_config(&self, cpus: usize, driver: Option<Arc<Driver>>) -> BlockingConfig {
        BlockingConfig {
            max_threads: self.max_blocking_threads,
            keep_alive: self.thread_keep_alive,
            cpus,
            driver,
            visit: visit_as_worker,
        }
    }

    fn group_config(
        &self,
        machine: Arc<Topology>,
        workers: Option<usize>,
        clock: &Arc<Clock>,
    ) -> io::Result<GroupConfig> {
        Ok(GroupConfig {
            workers,
            scope: config::affinity_scope(self.affinity_scope)?,
            strict: self.affinity_strict,
            cpu_intensive: available_workers(machine.cpus()),
            machine,
            confined: self.cpus.is_some(),
            intervals: Intervals {
                global_queue: self.global_queue_interval,
                event: self.event_interval,
            },
            keep_alive: self.thread_keep_alive,
            driver: self.driver,
            clock: Arc::clone(clock),
            monitor: MonitorConfig {
                long_poll: config::long_poll(self.long_poll)?,
                stall: self.stall,
                on_long_poll: self.on_long_poll.clone(),
                on_stall: self.on_stall.clone(),
            },
            spares: self.max_spare_workers,
        })
    }
}

/// Polls a task on a thread that otherwise runs what blocks, unless the thread has been left in another
/// runtime's context.
fn visit_as_worker(held: Held, guest: u32) {
    let here = context::with_current(|handle| handle.inner().group.is_home_of(&held));
    match here {
        Ok(true) => context::forbid_blocking(RuntimeFlavor::MultiThread, Polls::Tasks, || {
            held.visit(guest);
        }),
        _ => held.submit(),
    }
}

/// Starts the threads that stay for good.
fn start(handle: Handle) -> io::Result<Runtime> {
    let inner = Arc::downgrade(handle.inner());
    handle
        .inner()
        .threads
        .run_inside(Box::new(move |role, body| {
            let Some(inner) = inner.upgrade() else {
                return body();
            };
            let handle = Handle::new(inner);
            let _entered = handle.enter();
            match role {
                Role::Worker => {
                    context::forbid_blocking(RuntimeFlavor::MultiThread, Polls::Tasks, body)
                }
                Role::Blocking => {
                    handle.inner().group.spread_current_thread();
                    handle.inner().group.be_home();
                    body();
                }
            }
        }));
    let started = handle.inner().group.start();
    let runtime = Runtime::from_handle(handle);
    match started {
        Ok(()) => Ok(runtime),
        Err(error) => {
            runtime.shutdown_background();
            let text = format!("the system gave no thread for a worker: {error}");
            Err(io::Error::new(error.kind(), text))
        }
    }
}
