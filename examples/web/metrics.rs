//! The runtime's counts in Prometheus' text format.
#![forbid(unsafe_code)]

use std::fmt::Write;

use fastwake::runtime::{PoolKind, PoolMetrics, RuntimeMetrics};

/// What a number is to Prometheus.
#[derive(Clone, Copy)]
enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// A number that each pool has. Some are unknown at times.
struct OfPool {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    value: fn(&PoolMetrics) -> Option<u64>,
}

const OF_POOLS: [OfPool; 12] = [
    counter("polls", "Polls of tasks.", |pool| Some(pool.polls)),
    counter(
        "tasks_started",
        "Tasks polled for the first time.",
        |pool| Some(pool.tasks_started),
    ),
    counter("tasks_completed", "Tasks that have ended.", |pool| {
        Some(pool.tasks_completed)
    }),
    counter("picks", "Idle workers chosen to be woken.", |pool| {
        Some(pool.picks)
    }),
    counter("wakes", "Wake-ups that made a system call.", |pool| {
        Some(pool.wakes)
    }),
    counter("parks", "Times that a worker went to sleep.", |pool| {
        Some(pool.parks)
    }),
    counter("steals_in_pod", "Batches taken from a sibling.", |pool| {
        Some(pool.steals_in_pod)
    }),
    counter(
        "steals_across_pods",
        "Batches taken from another pool.",
        |pool| Some(pool.steals_across_pods),
    ),
    gauge("threads", "Threads of the pool.", |pool| {
        pool.threads.map(as_u64)
    }),
    gauge("worklist_depth", "Tasks on the worklist.", |pool| {
        Some(as_u64(pool.worklist_depth))
    }),
    gauge("local_queue_depth", "Tasks in local queues.", |pool| {
        Some(as_u64(pool.local_queue_depth))
    }),
    gauge("suspended_tasks", "Tasks that wait to be woken.", |pool| {
        Some(as_u64(pool.suspended_tasks))
    }),
];

const fn counter(
    name: &'static str,
    help: &'static str,
    value: fn(&PoolMetrics) -> Option<u64>,
) -> OfPool {
    let kind = Kind::Counter;
    OfPool {
        name,
        kind,
        help,
        value,
    }
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    value: fn(&PoolMetrics) -> Option<u64>,
) -> OfPool {
    let kind = Kind::Gauge;
    OfPool {
        name,
        kind,
        help,
        value,
    }
}

pub(crate) fn text(metrics: &RuntimeMetrics) -> String {
    let mut out = Text(String::new());
    out.head("workers", Kind::Gauge, "Workers of the pods' pools.");
    out.line("workers", "", as_u64(metrics.num_workers()));
    for number in OF_POOLS {
        let name = match number.kind {
            Kind::Counter => format!("pool_{}_total", number.name),
            Kind::Gauge => format!("pool_{}", number.name),
        };
        out.head(&name, number.kind, number.help);
        for (index, pool) in metrics.pools().iter().enumerate() {
            if let Some(value) = (number.value)(pool) {
                let labels = format!("{{pool=\"{index}\",kind=\"{}\"}}", kind_of(pool));
                out.line(&name, &labels, value);
            }
        }
    }
    let blocking = metrics.blocking();
    let name = "blocking_threads";
    out.head(name, Kind::Gauge, "Threads for blocking closures.");
    out.line(name, "", as_u64(blocking.threads));
    let name = "blocking_queue_depth";
    out.head(name, Kind::Gauge, "Closures that wait for a thread.");
    out.line(name, "", as_u64(blocking.queue_depth));
    let name = "blocking_tasks_total";
    out.head(name, Kind::Counter, "Closures that a thread has taken.");
    out.line(name, "", blocking.tasks_started);
    out.0
}

fn kind_of(pool: &PoolMetrics) -> &'static str {
    match pool.kind {
        PoolKind::Unbound => "unbound",
        PoolKind::PerCpu => "per_cpu",
        PoolKind::CpuIntensive => "cpu_intensive",
        PoolKind::CurrentThread => "current_thread",
        _ => "other",
    }
}

/// No machine counts further.
fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

struct Text(String);

/// Writing to a string cannot fail.
impl Text {
    fn head(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let _ = writeln!(self.0, "# HELP fastwake_{name} {help}");
        let _ = writeln!(self.0, "# TYPE fastwake_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.0, "fastwake_{name}{labels} {value}");
    }
}
