//! One run: a runtime, its producers, and what they saw.

use std::sync::Barrier;
use std::time::Duration;
use std::{io, thread};

use fastwake::runtime::{Builder, PoolKind, PoolMetrics, Runtime};
use fastwake::topology::Topology;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::cost::{Cost, Stopwatch};

use super::round_trip::{self, Tally};
use super::setting::{Form, Mode, Setting};
use super::switch;

/// What one run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The affinity scope, by its name.
    pub scope: String,
    /// When wake-ups were issued.
    pub mode: Mode,
    /// How many items a producer had in flight.
    pub form: Form,
    /// That many: 1 in the closed form.
    pub batch: usize,
    /// Producers.
    pub producers: usize,
    /// Was producer `i` pinned to the CPU `i` modulo the number of CPUs?
    pub pinned: bool,
    /// Workers of the runtime, over all its pools.
    pub workers: usize,
    /// Pools, one for each pod of the scope.
    pub pools: usize,
    /// Items that have run, of all producers.
    pub items: usize,
    /// Items a second, from the start gate until all have run.
    pub items_per_second: f64,
    /// How long enqueues took, in nanoseconds; each is the call alone.
    pub enqueue_ns: Percentiles,
    /// Futex wakes of workers, by the runtime's own count, for each item. Those of producers, of
    /// whom one is woken for each batch, are not counted.
    pub wakes_per_item: f64,
    /// Wake-ups of workers that were issued inside a lock, for each item.
    pub wakes_inside_lock_per_item: f64,
    /// Voluntary context switches of the whole process, for each item.
    pub switches_per_item: f64,
    /// CPU time of the whole process, in seconds.
    pub cpu_seconds: f64,
    /// How long the injectors' locks were held, if that was to be measured and could be.
    pub holds: Option<Holds>,
}

/// How values lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50: u64,
    /// 95 of 100 are at most this.
    pub p95: u64,
    /// 99 of 100 are at most this.
    pub p99: u64,
    /// The greatest.
    pub max: u64,
    /// The mean.
    pub mean: f64,
}

/// How long the injectors' locks were held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holds {
    /// Cycles of the time stamp counter in a locked section, to a sixteenth.
    pub cycles: Percentiles,
    /// The locked sections by their length: the least number of cycles that falls into a bucket, a
    /// sixteenth of a power of two wide, and how many sections did. Empty buckets are left out.
    pub histogram: Vec<(u64, u64)>,
    /// Locked sections.
    pub sections: u64,
    /// Such cycles in a nanosecond, as seen in this run.
    pub cycles_per_ns: f64,
    /// The share of the run's time for which a lock was held, added up over the pools.
    pub share_of_time: f64,
}

impl Percentiles {
    fn of(values: &Histogram<u64>) -> Self {
        Self {
            p50: values.value_at_quantile(0.50),
            p95: values.value_at_quantile(0.95),
            p99: values.value_at_quantile(0.99),
            max: values.max(),
            mean: values.mean(),
        }
    }
}

impl Holds {
    /// Of a run of `elapsed` cycles, which were so many nanoseconds.
    fn of(histogram: Vec<(u64, u64)>, elapsed: u64, wall: f64) -> Self {
        let longest = elapsed.max(2);
        let mut cycles =
            Histogram::new_with_bounds(1, longest, 3).expect("the bounds are in order");
        for &(held, sections) in &histogram {
            cycles.saturating_record_n(held, sections);
        }
        let cycles_in_all = cycles.mean() * cycles.len() as f64;
        Self {
            cycles: Percentiles::of(&cycles),
            histogram,
            sections: cycles.len(),
            cycles_per_ns: elapsed as f64 / wall,
            share_of_time: cycles_in_all / elapsed as f64,
        }
    }
}

/// Long enough for every worker to have gone to sleep.
const SETTLING: Duration = Duration::from_millis(5);

/// A producer's items before the gate, as a share of those behind it.
const WARM_UP: usize = 50;

/// Runs once, in this process. What it switches on holds for the whole process, so the next run with
/// another mode had better be in another; one run at a time.
///
/// # Errors
///
/// * [`io::ErrorKind::Unsupported`] if this build, or this machine, cannot do what the setting says.
/// * The system's, if it gives no threads for the workers.
///
/// # Panics
///
/// If an item has not been run exactly once.
pub fn run(setting: Setting) -> io::Result<Outcome> {
    prepare(setting)?;
    let machine = Topology::current();
    let cpus: Vec<usize> = machine.cpus().iter().collect();
    let runtime = Builder::new_multi_thread()
        .worker_threads(cpus.len())
        .affinity_scope(setting.scope)
        .build()?;
    let seen = measure(setting, &runtime, &cpus);
    let outcome = seen.outcome(setting, &runtime);
    drop(runtime);
    let expected = setting.items + warm_up(setting);
    for tally in seen.tallies {
        assert_eq!(tally.ran(), expected, "items of one producer that have run");
    }
    Ok(outcome)
}

fn prepare(setting: Setting) -> io::Result<()> {
    let unsupported = |text: &str| Err(io::Error::new(io::ErrorKind::Unsupported, text));
    if !switch::AVAILABLE && (setting.mode == Mode::InLock || setting.holds) {
        return unsupported(
            "this build only wakes after the unlock and does not measure its lock: \
             build with RUSTFLAGS=\"--cfg fastwake_experiment\", or use `experiment all`, which does",
        );
    }
    if setting.holds && switch::cycles().is_none() {
        return unsupported("the time for which the lock is held is measured on x86-64 only");
    }
    switch::wake_inside_lock(setting.mode == Mode::InLock);
    Ok(())
}

fn warm_up(setting: Setting) -> usize {
    setting.items.div_ceil(WARM_UP).max(setting.form.batch())
}

/// What is counted by the runtime and the build.
#[derive(Clone, Copy)]
struct Counted {
    wakes: u64,
    inside_lock: u64,
    cycles: Option<u64>,
}

impl Counted {
    fn now(runtime: &Runtime) -> Self {
        Self {
            wakes: pods(runtime).iter().map(|pool| pool.wakes).sum(),
            inside_lock: switch::wakes_inside_lock(),
            cycles: switch::cycles(),
        }
    }
}

/// What is known when all items have run.
struct Seen {
    cost: Cost,
    before: Counted,
    after: Counted,
    enqueue: Histogram<u64>,
    pinned: bool,
    tallies: Vec<&'static Tally>,
}

fn measure(setting: Setting, runtime: &Runtime, cpus: &[usize]) -> Seen {
    let Setting {
        form,
        producers,
        items,
        ..
    } = setting;
    let gate = Barrier::new(producers + 1);
    let produce = |cpu: usize| {
        let pinned = pin_to(cpu);
        let tally = Tally::new();
        let mut enqueue = round_trip::nanoseconds();
        let runtime = runtime.handle();
        round_trip::produce(runtime, tally, warm_up(setting), form.batch(), &mut enqueue);
        enqueue.reset();
        gate.wait();
        gate.wait();
        round_trip::produce(runtime, tally, items, form.batch(), &mut enqueue);
        gate.wait();
        (pinned, tally, enqueue)
    };
    thread::scope(|scope| {
        let produce = &produce;
        let spawned: Vec<_> = (0..producers)
            .map(|i| cpus[i % cpus.len()])
            .map(|cpu| scope.spawn(move || produce(cpu)))
            .collect();
        gate.wait();
        thread::sleep(SETTLING);
        switch::measure_lock_holds(setting.holds);
        let before = Counted::now(runtime);
        let stopwatch = Stopwatch::start();
        gate.wait();
        gate.wait();
        let halted = stopwatch.halt();
        let after = Counted::now(runtime);
        switch::measure_lock_holds(false);
        let mut seen = Seen {
            cost: halted.cost(producers * items),
            before,
            after,
            enqueue: round_trip::nanoseconds(),
            pinned: true,
            tallies: Vec::new(),
        };
        for producer in spawned {
            let (pinned, tally, enqueue) = producer.join().expect("a producer does not panic");
            seen.pinned &= pinned;
            seen.tallies.push(tally);
            seen.enqueue
                .add(&enqueue)
                .expect("they have the same bounds");
        }
        seen
    })
}

impl Seen {
    fn outcome(&self, setting: Setting, runtime: &Runtime) -> Outcome {
        let Self {
            cost,
            before,
            after,
            ..
        } = self;
        let items = setting.producers * setting.items;
        let for_each = |count: u64| count as f64 / items as f64;
        let elapsed = cost.wall * items as f64;
        let cycles = after.cycles.zip(before.cycles);
        let cycles = cycles.filter(|_| setting.holds);
        Outcome {
            scope: setting.scope.to_string(),
            mode: setting.mode,
            form: setting.form,
            batch: setting.form.batch(),
            producers: setting.producers,
            pinned: self.pinned,
            workers: runtime.metrics().num_workers(),
            pools: pods(runtime).len(),
            items,
            items_per_second: 1e9 / cost.wall,
            enqueue_ns: Percentiles::of(&self.enqueue),
            wakes_per_item: for_each(after.wakes - before.wakes),
            wakes_inside_lock_per_item: for_each(after.inside_lock - before.inside_lock),
            switches_per_item: cost.switches,
            cpu_seconds: cost.cpu * items as f64 / 1e9,
            holds: cycles
                .map(|(after, before)| Holds::of(switch::lock_holds(), after - before, elapsed)),
        }
    }
}

fn pods(runtime: &Runtime) -> Vec<PoolMetrics> {
    let mut pools = runtime.metrics().pools();
    pools.retain(|pool| pool.kind == PoolKind::Unbound);
    pools
}

/// As the kernel's test does; false if the system has no such call, or refuses.
#[cfg(target_os = "linux")]
fn pin_to(cpu: usize) -> bool {
    use rustix::thread::{CpuSet, sched_setaffinity};
    if cpu >= CpuSet::MAX_CPU {
        return false;
    }
    let mut cpus = CpuSet::new();
    cpus.set(cpu);
    sched_setaffinity(None, &cpus).is_ok()
}

/// As the kernel's test does; false if the system has no such call, or refuses.
#[cfg(not(target_os = "linux"))]
fn pin_to(_cpu: usize) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_locked_section_is_in_the_histogram_and_counts() {
        let histogram = vec![(20, 98), (5_000, 2)];
        let holds = Holds::of(histogram.clone(), 1_000_000, 500_000.0);
        assert_eq!((holds.sections, holds.cycles_per_ns), (100, 2.0));
        assert_eq!((holds.cycles.p50, holds.cycles.p95), (20, 20));
        assert!(holds.cycles.p99 >= 5_000, "{holds:?}");
        assert!((holds.share_of_time - 0.012).abs() < 1e-4, "{holds:?}");
        assert_eq!(holds.histogram, histogram);
    }
}
