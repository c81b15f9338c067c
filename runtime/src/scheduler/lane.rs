//! Where the tasks of a work queue go: pools that are shared by all queues with the same attributes.
//!
//! The set of pools for attributes that are not the runtime's own is made for the first queue that
//! has them, without threads, which are made on demand and end after their keep-alive. It stays as
//! long as the runtime does, so that pools can be gone through without a lock.

use std::future::Future;
use std::io;
use std::sync::{Arc, PoisonError};

use crate::cell::{self, AbortHandle, JoinHandle, TaskList, TaskMeta, again};
use crate::topology::{available_workers, current_cpu};

use super::group::Group;
use super::pod_set::{PodSet, Shape};
use super::policy::CPU_INTENSIVE_NICE;
use super::pool::{Host, Pool, PoolConfig};
use super::sets::{Class, NICE, PoolAttributes};
use super::worker::Worker;

/// The pools for some attributes.
#[derive(Clone)]
pub(crate) enum Lane {
    /// The pods' own.
    Pods,
    /// The runtime's own for CPU-intensive work.
    CpuIntensive,
    /// Those that are bound to a CPU.
    PerCpu,
    Set(Arc<PodSet>),
    Reserved(Arc<Reserved>),
}

/// Pools that one queue has to itself, each with a thread that has been made beforehand.
pub(crate) struct Reserved(Arc<PodSet>);

impl Reserved {
    /// # Errors
    ///
    /// The system's, if it has no thread to give.
    fn new(set: Arc<PodSet>) -> io::Result<Self> {
        let reserved = Self(set);
        let made = reserved.0.pools().iter().try_for_each(Pool::reserve);
        made.map(|()| reserved).map_err(|error| {
            let text = format!("the system gave no thread to reserve: {error}");
            io::Error::new(error.kind(), text)
        })
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.0.pools().iter().for_each(Pool::unreserve);
        self.0.give_back();
    }
}

/// Where a new task goes.
#[derive(Clone, Copy)]
pub(crate) struct Place<'l> {
    pub(crate) lane: &'l Lane,
    /// To the pod that this CPU is in, or to the pool that is bound to it; otherwise the caller's.
    pub(crate) cpu: Option<usize>,
}

/// When a new task runs.
pub(crate) enum Turn {
    Now,
    /// When it is woken through the handle that is left with this number.
    Later(u64),
}

impl Group {
    /// What the pools of a queue are like of which nothing is said.
    pub(crate) fn default_attributes(&self) -> PoolAttributes {
        PoolAttributes {
            class: Class::Normal,
            scope: self.config.scope,
            strict: self.config.strict,
            cpus: self.config.machine.cpus().clone(),
            nice: 0,
            reserved: false,
        }
    }

    /// The pools for these attributes, which are made if there are none yet.
    ///
    /// # Errors
    ///
    /// The system's, if it does not permit the threads to be as favoured as they are to be, or gives
    /// no thread to find out; or no driver.
    pub(crate) fn lane(&self, attributes: &PoolAttributes) -> io::Result<Lane> {
        let default = self.default_attributes();
        if *attributes == default {
            return Ok(Lane::Pods);
        }
        let cpu_intensive = PoolAttributes {
            class: Class::CpuIntensive,
            nice: CPU_INTENSIVE_NICE,
            ..default
        };
        if *attributes == cpu_intensive {
            return Ok(Lane::CpuIntensive);
        }
        let set = match self.sets.find(attributes) {
            Some(set) => Arc::clone(set),
            None => self.make_set(attributes)?,
        };
        Ok(match attributes.reserved {
            true => Lane::Reserved(Arc::new(Reserved::new(set)?)),
            false => Lane::Set(set),
        })
    }

    /// # Errors
    ///
    /// As [`lane`](Self::lane).
    fn make_set(&self, attributes: &PoolAttributes) -> io::Result<Arc<PodSet>> {
        // Not under the lock, for it takes a thread. Whoever makes the same set meanwhile is found.
        let nice = self.permitted_nice(attributes)?;
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(set) = self.sets.find(attributes) {
            return Ok(Arc::clone(set));
        }
        let set = Arc::new(self.new_set(attributes, nice)?);
        // SAFETY: the group and the queues hold the set, and a queue holds the group. It is in its
        // place.
        unsafe { set.join(self) };
        self.sets.push(attributes.clone(), Arc::clone(&set));
        if *closed {
            set.pools().iter().for_each(Pool::end);
        }
        Ok(set)
    }

    /// By how much nicer the threads are going to be.
    fn permitted_nice(&self, attributes: &PoolAttributes) -> io::Result<i32> {
        let favoured = || *NICE.start()..=0;
        match (attributes.class, attributes.nice) {
            (Class::High, _) => self.threads.try_nice(favoured()),
            (_, 0) => Ok(0),
            // Nobody has asked for it, and work that gets no such thread is done at another priority.
            (Class::CpuIntensive, CPU_INTENSIVE_NICE) => Ok(CPU_INTENSIVE_NICE),
            (_, nice) => self.threads.try_nice(nice..=nice),
        }
    }

    fn new_set(&self, attributes: &PoolAttributes, nice: i32) -> io::Result<PodSet> {
        let machine = self.config.machine.restricted_to(&attributes.cpus);
        if attributes.class == Class::CpuIntensive {
            let limit = available_workers(machine.cpus()).min(machine.cpus().len());
            return Ok(PodSet::of_one(PoolConfig {
                nice,
                limit: limit as u32,
                cpus: machine.cpus().clone(),
                roams: None,
                ..self.config.cpu_intensive()
            }));
        }
        // As many as the runtime has for as many CPUs.
        let all = self.config.machine.cpus().len();
        let workers = self.config.workers.unwrap_or(all) * machine.cpus().len();
        let shape = Shape {
            workers: workers.div_ceil(all).max(1),
            machine: Arc::new(machine),
            scope: attributes.scope,
            strict: attributes.strict,
            nice,
            spares: self.config.spares,
            resident: false,
        };
        PodSet::new(&shape, || self.config.new_driver())
    }

    /// The pool for a new task.
    fn pool_in<'g>(
        &'g self,
        place: Place<'g>,
        worker: Option<&Worker<'g>>,
    ) -> io::Result<&'g Pool> {
        let Place { lane, cpu } = place;
        let set = match lane {
            Lane::Pods => &self.pods,
            Lane::Set(set) => set,
            Lane::Reserved(reserved) => &reserved.0,
            Lane::CpuIntensive => return Ok(&self.cpu_intensive),
            Lane::PerCpu => {
                let here = || current_cpu().filter(|cpu| self.config.machine.cpus().contains(*cpu));
                let first = || self.config.machine.cpus().first();
                let cpu = cpu.or_else(here).or_else(first).unwrap_or(0);
                return self.pool_bound_to(cpu);
            }
        };
        Ok(match (cpu, worker.map(Worker::pool)) {
            (Some(cpu), _) => set.pool_of_cpu(cpu),
            (None, Some(pool)) if set.contains(pool) => pool,
            (None, _) => set.pool_of_caller(),
        })
    }

    /// Spawns a task. One whose turn is later waits to be woken.
    ///
    /// # Errors
    ///
    /// For a pool that is bound to a CPU and does not exist yet: if the runtime may not use that CPU,
    /// or the system gives no driver.
    pub(crate) fn spawn_in<F>(
        &self,
        place: Place<'_>,
        future: F,
        turn: &Turn,
        meta: TaskMeta,
    ) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        Worker::with_current(|worker| {
            let pool = self.pool_in(place, worker)?;
            let (task, handle) = cell::new(future, pool.as_scheduler(), meta);
            match turn {
                Turn::Now => pool.accept_new(worker, task),
                Turn::Later(_) => pool.keep_waiting(task),
            }
            Ok(handle)
        })
    }

    /// Spawns many tasks, those that are to run now in one locked section. What is left to wake each of
    /// the others goes to `leave`.
    ///
    /// # Errors
    ///
    /// As [`spawn_in`](Self::spawn_in), for each task; and in the place of one that has been refused.
    pub(crate) fn spawn_batch_in<F>(
        &self,
        lane: &Lane,
        tasks: impl Iterator<Item = io::Result<(F, Turn)>>,
        meta: &TaskMeta,
        leave: impl Fn(u64, AbortHandle),
    ) -> Vec<io::Result<JoinHandle<F::Output>>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        // As in `spawn_batch`.
        let _lease = Host::lease(self);
        Worker::with_current(|worker| {
            let pool = match self.pool_in(Place { lane, cpu: None }, worker) {
                Ok(pool) => pool,
                Err(error) => {
                    let refuse =
                        |task: io::Result<_>| Err(task.err().unwrap_or_else(|| again(&error)));
                    return tasks.map(refuse).collect();
                }
            };
            let mut now = TaskList::new();
            let spawn = |task: io::Result<(F, Turn)>| {
                let (future, turn) = task?;
                let (task, handle) = cell::new(future, pool.as_scheduler(), meta.clone());
                match turn {
                    Turn::Now => now.push_back(task),
                    Turn::Later(number) => {
                        pool.keep_waiting(task);
                        leave(number, handle.abort_handle());
                    }
                }
                Ok(handle)
            };
            let handles = tasks.map(spawn).collect();
            if !now.is_empty() {
                let spawned = now.len();
                pool.submit_batch(now, spawned);
            }
            handles
        })
    }
}
