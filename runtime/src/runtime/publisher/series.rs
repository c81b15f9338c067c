//! What is published: names, meanings, and where the numbers come from.

use std::time::Duration;

use ::metrics::{Label, Unit};

use crate::metrics::{BlockingMetrics, PoolMetrics};
use crate::runtime::RuntimeMetrics;

/// The numbers that there are for each `T`.
pub(super) struct Series<T: 'static> {
    counters: &'static [Counter<T>],
    gauges: &'static [Gauge<T>],
}

/// Only grows.
struct Counter<T> {
    name: &'static str,
    means: &'static str,
    unit: Unit,
    read: fn(&T) -> u64,
}

/// Goes up and down, and is unknown at times.
struct Gauge<T> {
    name: &'static str,
    means: &'static str,
    read: fn(&T) -> Option<usize>,
}

const fn counter<T>(name: &'static str, means: &'static str, read: fn(&T) -> u64) -> Counter<T> {
    Counter {
        name,
        means,
        unit: Unit::Count,
        read,
    }
}

const fn gauge<T>(
    name: &'static str,
    means: &'static str,
    read: fn(&T) -> Option<usize>,
) -> Gauge<T> {
    Gauge { name, means, read }
}

impl<T> Series<T> {
    pub(super) fn describe(&self) {
        for counter in self.counters {
            ::metrics::describe_counter!(counter.name, counter.unit, counter.means);
        }
        for gauge in self.gauges {
            ::metrics::describe_gauge!(gauge.name, Unit::Count, gauge.means);
        }
    }

    pub(super) fn publish(&self, of: &T, labels: &[Label]) {
        for counter in self.counters {
            ::metrics::counter!(counter.name, labels.iter()).absolute((counter.read)(of));
        }
        for gauge in self.gauges {
            if let Some(value) = (gauge.read)(of) {
                ::metrics::gauge!(gauge.name, labels.iter()).set(value as f64);
            }
        }
    }
}

pub(super) const POOL: Series<PoolMetrics> = Series {
    counters: &[
        counter(
            "fastwake_tasks_spawned_total",
            "Tasks spawned on the pool, or by one of its workers.",
            |pool| pool.tasks_spawned,
        ),
        counter(
            "fastwake_tasks_started_total",
            "Tasks polled for the first time.",
            |pool| pool.tasks_started,
        ),
        counter(
            "fastwake_tasks_completed_total",
            "Tasks that gave an output, panicked, or were dropped by a worker.",
            |pool| pool.tasks_completed,
        ),
        counter(
            "fastwake_tasks_dropped_total",
            "Tasks dropped by a shutdown, or for want of a thread.",
            |pool| pool.tasks_dropped,
        ),
        counter("fastwake_polls_total", "Polls of tasks.", |pool| pool.polls),
        counter(
            "fastwake_picks_total",
            "Idle workers chosen to be woken.",
            |pool| pool.picks,
        ),
        counter(
            "fastwake_chain_kicks_total",
            "Picks by a worker that took work and left some.",
            |pool| pool.chain_kicks,
        ),
        counter(
            "fastwake_coalesced_kicks_total",
            "Work put down while the worker to be picked was on its way.",
            |pool| pool.coalesced_kicks,
        ),
        counter(
            "fastwake_wakes_total",
            "Wake-ups that made a system call.",
            |pool| pool.wakes,
        ),
        counter(
            "fastwake_wakes_without_system_call_total",
            "Wake-ups that found the worker awake.",
            |pool| pool.wakes_without_system_call,
        ),
        counter(
            "fastwake_appeals_total",
            "Times that a full pool asked a neighbour to come for its work.",
            |pool| pool.appeals,
        ),
        counter(
            "fastwake_steals_in_pod_total",
            "Batches that workers took from a sibling.",
            |pool| pool.steals_in_pod,
        ),
        counter(
            "fastwake_steals_across_pods_total",
            "Batches that workers took from another pool.",
            |pool| pool.steals_across_pods,
        ),
        counter(
            "fastwake_repatriated_total",
            "Workers that the kernel had moved out of the pod and that were sent back.",
            |pool| pool.repatriated,
        ),
        counter(
            "fastwake_parks_total",
            "Times that a worker went to sleep.",
            |pool| pool.parks,
        ),
        counter(
            "fastwake_futile_wakes_total",
            "Times that a worker woke and found that enough others ran.",
            |pool| pool.futile_wakes,
        ),
        counter(
            "fastwake_overflows_total",
            "Local queues that were full and gave half to the worklist.",
            |pool| pool.overflows,
        ),
        counter(
            "fastwake_retired_total",
            "Workers that ended after their keep-alive.",
            |pool| pool.retired,
        ),
        counter(
            "fastwake_refused_threads_total",
            "Threads that the system refused.",
            |pool| pool.refused_threads,
        ),
        Counter {
            name: "fastwake_worker_busy_microseconds_total",
            means: "For how long the workers were awake, up to the last time that each went to sleep.",
            unit: Unit::Microseconds,
            read: busy,
        },
    ],
    gauges: &[
        gauge(
            "fastwake_workers",
            "Workers that may run at once.",
            |pool| Some(pool.workers),
        ),
        gauge("fastwake_threads", "Threads of the pool.", |pool| {
            pool.threads
        }),
        gauge(
            "fastwake_running_workers",
            "Workers that run tasks or look for some.",
            |pool| pool.running_workers,
        ),
        gauge("fastwake_idle_workers", "Workers that sleep.", |pool| {
            pool.idle_workers
        }),
        gauge(
            "fastwake_worklist_depth",
            "Tasks on the worklist.",
            |pool| Some(pool.worklist_depth),
        ),
        gauge(
            "fastwake_local_queue_depth",
            "Tasks in the workers' local queues.",
            |pool| Some(pool.local_queue_depth),
        ),
        gauge(
            "fastwake_suspended_tasks",
            "Tasks that have been polled and are not complete.",
            |pool| Some(pool.suspended_tasks),
        ),
    ],
};

fn busy(pool: &PoolMetrics) -> u64 {
    let busy: Duration = pool.by_worker.iter().map(|worker| worker.busy).sum();
    u64::try_from(busy.as_micros()).unwrap_or(u64::MAX)
}

pub(super) const BLOCKING: Series<BlockingMetrics> = Series {
    counters: &[
        counter(
            "fastwake_blocking_tasks_queued_total",
            "Blocking closures accepted.",
            |blocking| blocking.tasks_queued,
        ),
        counter(
            "fastwake_blocking_tasks_started_total",
            "Blocking closures that a thread has taken.",
            |blocking| blocking.tasks_started,
        ),
        counter(
            "fastwake_blocking_threads_made_total",
            "Threads made for blocking closures.",
            |blocking| blocking.threads_made,
        ),
        counter(
            "fastwake_blocking_wakes_total",
            "Sleeping threads woken for blocking closures.",
            |blocking| blocking.wakes,
        ),
        counter(
            "fastwake_blocking_refused_threads_total",
            "Threads for blocking closures that the system refused.",
            |blocking| blocking.refused_threads,
        ),
    ],
    gauges: &[
        gauge(
            "fastwake_blocking_threads",
            "Threads for blocking closures.",
            |blocking| Some(blocking.threads),
        ),
        gauge(
            "fastwake_blocking_idle_threads",
            "Threads for blocking closures that sleep.",
            |blocking| Some(blocking.idle_threads),
        ),
        gauge(
            "fastwake_blocking_queue_depth",
            "Blocking closures that wait for a thread.",
            |blocking| Some(blocking.queue_depth),
        ),
    ],
};

pub(super) const RUNTIME: Series<RuntimeMetrics> = Series {
    counters: &[],
    gauges: &[gauge(
        "fastwake_alive_tasks",
        "Tasks spawned and neither complete nor dropped.",
        |runtime| Some(runtime.num_alive_tasks()),
    )],
};
