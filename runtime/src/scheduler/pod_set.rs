//! Pools that share work: one for each pod of a set of CPUs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};

use crate::driver::Driver;
use crate::metrics::PoolKind;
use crate::topology::{AffinityScope, CpuSet, Topology, current_cpu};

use super::injector::Offers;
use super::placement::{self, Plan};
use super::pool::{Host, Pool, PoolConfig};

/// What the pools of a set are like.
#[derive(Debug)]
pub(super) struct Shape {
    /// The CPUs of the set, and how they hang together.
    pub(super) machine: Arc<Topology>,
    pub(super) scope: AffinityScope,
    pub(super) strict: bool,
    /// How many run at once, in all pools together; none, and there are no pools.
    pub(super) workers: usize,
    pub(super) nice: i32,
    /// Threads of each pool beyond the workers that may run.
    pub(super) spares: u32,
    /// Have the workers numbers, and threads that stay for good? Otherwise threads are made on demand.
    pub(super) resident: bool,
}

/// The pools of a runtime's pods, or those of the work queues with the same attributes.
pub(crate) struct PodSet {
    /// One for each pod, or for each group of merged pods.
    pools: Box<[Pool]>,
    /// For each pool the places of those that it shares work with, nearest first.
    neighbours: Box<[Box<[usize]>]>,
    /// The place of the pool for each CPU number that is in one.
    pod_of_cpu: Box<[u16]>,
    /// Is it somebody's? For sets that are reserved; one that is made is taken.
    taken: AtomicBool,
}

impl PodSet {
    /// Makes the pools, as yet without threads.
    ///
    /// # Errors
    ///
    /// Those of `new_driver`, which is called for each pool.
    pub(super) fn new(
        shape: &Shape,
        new_driver: impl Fn() -> io::Result<Option<Arc<Driver>>>,
    ) -> io::Result<Self> {
        let machine = &shape.machine;
        let plans = match shape.workers {
            0 => Vec::new(),
            workers => placement::plan(machine, shape.scope, workers),
        };
        let neighbours = match shape.strict {
            true => vec![Box::default(); plans.len()],
            false => placement::neighbours(machine, &plans),
        };
        let mut pod_of_cpu = vec![0; machine.cpus().last().map_or(0, |last| last + 1)];
        for (index, plan) in plans.iter().enumerate() {
            plan.cpus
                .iter()
                .for_each(|cpu| pod_of_cpu[cpu] = index as u16);
        }
        let pods = plans.len();
        let shared = Offers::new();
        let mut workers_before = 0;
        let pool = |plan: Plan| {
            let config = shape.pool(plan, workers_before, pods);
            workers_before += config.limit as usize;
            // What a strict pool has to offer is nobody else's business.
            let offers = match shape.strict {
                true => Offers::new(),
                false => shared.clone(),
            };
            Ok(Pool::new(config, offers, new_driver()?))
        };
        Ok(Self {
            pools: plans.into_iter().map(pool).collect::<io::Result<_>>()?,
            neighbours: neighbours.into_boxed_slice(),
            pod_of_cpu: pod_of_cpu.into_boxed_slice(),
            taken: AtomicBool::new(true),
        })
    }

    /// A set of one pool, for all of `cpus`.
    pub(super) fn of_one(config: PoolConfig) -> Self {
        let cpus = config.cpus.last().map_or(0, |last| last + 1);
        Self {
            // Its workers wait behind all others for a CPU: no place to wait for events.
            pools: Box::new([Pool::new(config, Offers::new(), None)]),
            neighbours: Box::new([Box::default()]),
            pod_of_cpu: vec![0; cpus].into_boxed_slice(),
            taken: AtomicBool::new(true),
        }
    }

    /// # Safety
    ///
    /// The pools belong to `host`, and are not used after it. The set is where it is going to stay.
    pub(super) unsafe fn join(&self, host: *const (dyn Host + 'static)) {
        for (pool, neighbours) in self.pools.iter().zip(&self.neighbours) {
            let neighbours = neighbours.iter().map(|&n| self.pools[n].as_scheduler());
            // SAFETY: the caller's promise; the neighbours are in the same box as the pool.
            unsafe { pool.join(host, neighbours) };
        }
    }

    /// Takes the set for somebody, unless it is taken.
    pub(super) fn take(&self) -> bool {
        // ORDERING: pairs with the Release in `give_back`; the pools' locks do the rest.
        !self.taken.swap(true, Acquire)
    }

    pub(super) fn give_back(&self) {
        self.taken.store(false, Release);
    }

    pub(super) fn pools(&self) -> &[Pool] {
        &self.pools
    }

    pub(super) fn contains(&self, pool: &Pool) -> bool {
        self.pools
            .as_ptr_range()
            .contains(&std::ptr::from_ref(pool))
    }

    /// The pool of the pod that the calling thread is in.
    pub(super) fn pool_of_caller(&self) -> &Pool {
        match self.pools.len() {
            1 => &self.pools[0],
            _ => self.pool_of_cpu(current_cpu().unwrap_or(0)),
        }
    }

    /// The pool of the pod that a CPU is in; the first one's for a CPU that is in none.
    pub(super) fn pool_of_cpu(&self, cpu: usize) -> &Pool {
        &self.pools[self.place_of_cpu(cpu)]
    }

    /// The place of that pool.
    pub(super) fn place_of_cpu(&self, cpu: usize) -> usize {
        self.pod_of_cpu.get(cpu).copied().unwrap_or(0).into()
    }

    /// How many workers may run at once.
    pub(super) fn workers(&self) -> usize {
        self.pools
            .iter()
            .map(|pool| pool.config.limit as usize)
            .sum()
    }
}

impl Shape {
    fn pool(&self, plan: Plan, workers_before: usize, pods: usize) -> PoolConfig {
        let Plan { cpus, workers } = plan;
        let limit = workers as u32;
        let roams = || -> CpuSet { self.machine.cpus().clone() };
        PoolConfig {
            kind: PoolKind::Unbound,
            cpus,
            strict: self.strict,
            guests: self.resident && !self.strict,
            roams: (!self.strict && pods > 1).then(roams),
            first_worker: self.resident.then_some(workers_before),
            nice: self.nice,
            limit,
            kept: if self.resident { limit } else { 0 },
            spares: self.spares,
        }
    }
}
