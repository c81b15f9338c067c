#![forbid(unsafe_code)]
//! The simulation: threads, each of which waits for its next event, for a lock, or to be woken.
//!
//! Nothing happens but through [`Engine::after`]; events of one time happen in the order in which they
//! were entered, so a run depends on its costs, its setup and its seed alone.

mod cpus;
mod pool;
mod producer;
#[cfg(test)]
mod tests;
mod wake;
mod worker;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use self::cpus::Cpus;
use self::pool::{Counter, Item, Pool};
use self::producer::Producer;
use self::wake::Kick;
use super::costs::Costs;
use super::outcome::{Outcome, Record};
use super::random::Random;
use super::setup::Setup;

/// Producers come first, then the workers, pool by pool.
type ThreadId = usize;

/// What a thread does at its next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It runs: for a producer, the call that enqueues begins.
    Run,
    /// It asks for the lock.
    Request,
    /// It has the lock, and the lines that the lock protects.
    Locked,
    /// It changes the items and the idle list, and picks.
    Change,
    /// The wake-up under the lock is done.
    WokeLocked,
    /// The wake-up after the lock is done, or there was none.
    Woke,
    /// A worker: the item has run.
    Ran,
    /// A worker: the item's producer has been told.
    Told,
}

#[derive(Debug)]
struct Thread {
    pool: usize,
    /// Where it ran last.
    cpu: usize,
    phase: Phase,
    asleep: bool,
    /// Somebody has begun to wake it.
    woken: bool,
    /// The wake-up that it is busy with.
    kick: Option<Kick>,
    /// A worker's: the item in hand, or the one that it has just run.
    item: Option<Item>,
    /// Its own noise, so that who draws first does not matter.
    random: Random,
}

/// A machine at work.
#[derive(Debug)]
pub(super) struct Engine<'a> {
    costs: &'a Costs,
    setup: &'a Setup,
    now: u64,
    entered: u64,
    events: BinaryHeap<Reverse<(u64, u64, ThreadId)>>,
    cpus: Cpus,
    pools: Vec<Pool>,
    /// One for each node.
    counters: Vec<Counter>,
    threads: Vec<Thread>,
    producers: Vec<Producer>,
    record: Record,
}

impl<'a> Engine<'a> {
    pub(super) fn new(costs: &'a Costs, setup: &'a Setup) -> Self {
        let shape = setup.shape;
        let producers = setup.producers.min(shape.cpus());
        let (pools, workers) = pools(setup);
        let mut engine = Self {
            costs,
            setup,
            now: 0,
            entered: 0,
            events: BinaryHeap::new(),
            cpus: Cpus::new(shape.cpus()),
            counters: vec![Counter::default(); shape.node_of(shape.cpus() - 1) + 1],
            threads: (0..producers)
                .map(|cpu| {
                    Thread::new(shape.pod_of(setup.scope, cpu), cpu, false, seed(setup, cpu))
                })
                .chain(workers)
                .collect(),
            producers: vec![Producer::new(setup.rounds); producers],
            record: Record::new(producers * setup.batch * setup.rounds),
            pools,
        };
        for (thread, worker) in engine.threads.iter().enumerate().skip(producers) {
            engine.pools[worker.pool].idle.push(thread);
        }
        for producer in 0..producers {
            engine.cpus.take(producer);
            engine.after(0, producer, Phase::Run);
        }
        engine
    }

    /// Runs until nothing is left to do.
    pub(super) fn run(mut self) -> Self {
        while let Some(Reverse((time, _, thread))) = self.events.pop() {
            self.now = time;
            if thread < self.producers.len() {
                self.step_producer(thread);
            } else {
                self.step_worker(thread);
            }
        }
        assert!(
            self.record.all_ran(),
            "an item was left, and nobody is awake"
        );
        self
    }

    pub(super) fn outcome(self) -> Outcome {
        let held: Vec<u64> = self.pools.iter().map(|pool| pool.lock.held).collect();
        self.record.outcome(&held, self.now)
    }

    fn after(&mut self, time: u64, thread: ThreadId, phase: Phase) {
        self.threads[thread].phase = phase;
        self.entered += 1;
        let event = (self.now + time, self.entered, thread);
        self.events.push(Reverse(event));
    }

    /// `time` with its noise.
    fn noisy(&mut self, thread: ThreadId, time: u64) -> u64 {
        self.threads[thread].random.around(time, self.costs.noise)
    }

    fn pool_of(&mut self, thread: ThreadId) -> &mut Pool {
        &mut self.pools[self.threads[thread].pool]
    }

    /// Fetching a line that was last written on CPU `from`.
    fn transfer(&self, from: usize, to: usize) -> u64 {
        let shape = self.setup.shape;
        if shape.core_of(from) == shape.core_of(to) {
            0
        } else if shape.cache_of(from) == shape.cache_of(to) {
            self.costs.line.near
        } else {
            self.costs.line.far
        }
    }

    fn request_lock(&mut self, thread: ThreadId) {
        let now = self.now;
        if self.pool_of(thread).lock.request(thread, now) {
            self.enter_lock(thread);
        }
    }

    /// The lock is the thread's; its line and those under it have to come.
    fn enter_lock(&mut self, thread: ThreadId) {
        let lines = if thread < self.producers.len() {
            self.costs.rules.enqueue_lines
        } else {
            self.costs.rules.worker_lines
        };
        let cpu = self.threads[thread].cpu;
        let lock = &mut self.pool_of(thread).lock;
        let from = std::mem::replace(&mut lock.last_cpu, cpu);
        let waiting = lock.waiters() * self.costs.line.waiter;
        let time = self.costs.line.lock + (1 + lines) * self.transfer(from, cpu) + waiting;
        let time = self.noisy(thread, time);
        self.after(time, thread, Phase::Locked);
    }

    fn release_lock(&mut self, thread: ThreadId) {
        let now = self.now;
        let lock = &mut self.pool_of(thread).lock;
        debug_assert!(lock.is_held_by(thread), "a lock is released by its holder");
        if let Some(next) = lock.release(now) {
            self.enter_lock(next);
        }
    }

    /// Counts an item that comes or is done; the change under the lock follows.
    fn count(&mut self, thread: ThreadId) {
        if !self.costs.rules.counted {
            return self.after(0, thread, Phase::Change);
        }
        let cpu = self.threads[thread].cpu;
        let node = self.pool_of(thread).node;
        let Counter { last_cpu, free_at } = self.counters[node];
        let free_at = free_at.max(self.now) + self.transfer(last_cpu, cpu);
        self.counters[node] = Counter {
            last_cpu: cpu,
            free_at,
        };
        self.after(free_at - self.now, thread, Phase::Change);
    }

    /// The thread sleeps, and its CPU is free for the next: one of its own queue, or a worker that waits
    /// for another CPU of the pod.
    fn sleep(&mut self, thread: ThreadId) {
        let producers = self.producers.len();
        let Thread { pool, cpu, .. } = self.threads[thread];
        self.threads[thread].asleep = true;
        let own = self.cpus.leave(cpu);
        let next = own.or_else(|| {
            let pod = self.pools[pool].cpus.clone();
            self.cpus.pull(cpu, pod, |waiting| waiting >= producers)
        });
        if let Some(next) = next {
            self.threads[next].cpu = cpu;
            let time = self.noisy(next, self.costs.wake.switch);
            self.after(time, next, Phase::Run);
        }
    }
}

impl Thread {
    fn new(pool: usize, cpu: usize, asleep: bool, seed: u64) -> Self {
        Self {
            pool,
            cpu,
            phase: Phase::Run,
            asleep,
            woken: false,
            kick: None,
            item: None,
            random: Random::new(seed),
        }
    }
}

/// The pools of the scope, and their workers, all of them asleep.
fn pools(setup: &Setup) -> (Vec<Pool>, Vec<Thread>) {
    let Setup { shape, scope, .. } = *setup;
    let mut pools: Vec<Pool> = Vec::new();
    let mut workers = Vec::new();
    for cpu in 0..shape.cpus() {
        let pod = shape.pod_of(scope, cpu);
        match pools.get_mut(pod) {
            Some(pool) => pool.cpus.end = cpu + 1,
            None => pools.push(Pool::new(cpu..cpu + 1, shape.node_of(cpu))),
        }
        workers.push(Thread::new(pod, cpu, true, seed(setup, shape.cpus() + cpu)));
    }
    (pools, workers)
}

/// All streams of SplitMix64 are one sequence, from different starts; seeds are scattered so that they
/// do not start near each other.
fn seed(setup: &Setup, thread: usize) -> u64 {
    (setup.seed << 32) ^ (thread as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93)
}
