#![forbid(unsafe_code)]
//! A dump as text.

use std::fmt;
use std::time::Duration;

use super::table::Table;
use super::{DriverState, Dump, PoolDump, QueueDump, ScopeDump};
use crate::metrics::PoolKind;
use crate::metrics::QueueMetrics;
use crate::runtime::RuntimeFlavor;

/// What is guarded by a lock that was held.
const BUSY: &str = "busy";

/// Sections, in the order in which they are printed.
const SECTIONS: [fn(&Dump, &mut fmt::Formatter<'_>) -> fmt::Result; 7] =
    [runtime, scopes, pools, workers, cpus, queues, blocking];

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, section) in SECTIONS.into_iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            section(self, f)?;
        }
        Ok(())
    }
}

pub(super) fn flavor_name(flavor: RuntimeFlavor) -> &'static str {
    match flavor {
        RuntimeFlavor::CurrentThread => "current_thread",
        RuntimeFlavor::MultiThread => "multi_thread",
    }
}

pub(super) fn kind_name(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Unbound => "unbound",
        PoolKind::PerCpu => "per_cpu",
        PoolKind::CpuIntensive => "cpu_intensive",
        PoolKind::CurrentThread => "current_thread",
    }
}

pub(super) fn driver_name(driver: DriverState) -> &'static str {
    match driver {
        DriverState::Unused => "unused",
        DriverState::Attended => "attended",
        DriverState::Unattended => "unattended",
    }
}

fn heading(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    writeln!(f, "{text}\n{}", "=".repeat(text.chars().count()))
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn or_busy<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| BUSY.to_owned(), |value| value.to_string())
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(
        || "-".to_owned(),
        |time| format!("{:.3}", time.as_secs_f64()),
    )
}

/// The indices of a list with what is there, as the kernel prints them: `[0]=0-3 [1]=4-7`.
fn indexed<T: fmt::Display>(items: impl IntoIterator<Item = (usize, T)>) -> String {
    let items = items.into_iter();
    let items = items.map(|(index, item)| format!("[{index}]={item}"));
    items.collect::<Vec<_>>().join(" ")
}

fn runtime(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut title = format!("Runtime {} of process {}", dump.id, dump.process);
    if let Some(name) = &dump.name {
        // A terminal is not to take it for orders.
        title.push_str(&format!(": {}", name.escape_debug()));
    }
    heading(f, &title)?;
    writeln!(f, "flavor        {}", flavor_name(dump.flavor))?;
    writeln!(f, "allowed CPUs  {}", dump.allowed_cpus)?;
    let scope = dump.scope.map_or("-", |scope| scope.as_str());
    let strict = if dump.strict { " (strict)" } else { "" };
    writeln!(f, "scope         {scope}{strict}")
}

fn scopes(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    heading(f, "Affinity scopes")?;
    for (index, scope) in dump.scopes.iter().enumerate() {
        if index > 0 {
            writeln!(f)?;
        }
        self::scope(scope, f)?;
    }
    Ok(())
}

fn scope(scope: &ScopeDump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mark = match (scope.is_default, scope.is_current) {
        (true, true) => " (default, current)",
        (true, false) => " (default)",
        (false, true) => " (current)",
        (false, false) => "",
    };
    let pods = || scope.pods.iter().enumerate();
    let nodes = |nodes: &[u32]| match nodes {
        [] => "-".to_owned(),
        nodes => nodes
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(","),
    };
    writeln!(f, "{}{mark}", scope.scope)?;
    writeln!(f, "  pods       {}", scope.pods.len())?;
    writeln!(
        f,
        "  pod CPUs   {}",
        indexed(pods().map(|(index, pod)| (index, &pod.cpus)))
    )?;
    writeln!(
        f,
        "  pod nodes  {}",
        indexed(pods().map(|(index, pod)| (index, nodes(&pod.nodes))))
    )?;
    let by_cpu = scope.pods_by_cpu.iter().map(|(&cpu, pod)| (cpu, pod));
    writeln!(f, "  CPU pods   {}", indexed(by_cpu))
}

fn pools(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    heading(f, "Worker pools")?;
    let mut table = Table::new(
        5,
        [
            "pool",
            "kind",
            "CPUs",
            "strict",
            "driver",
            "nice",
            "limit",
            "threads",
            "running",
            "searching",
            "idle",
            "blocked",
            "starting",
            "worklist",
            "local",
            "suspended",
            "CPU s",
        ],
    );
    for (index, pool) in dump.pools.iter().enumerate() {
        table.row(pool_row(index, pool));
    }
    write!(f, "{table}")
}

fn pool_row(index: usize, pool: &PoolDump) -> [String; 17] {
    let metrics = &pool.metrics;
    let cpus = match metrics.cpus.is_empty() {
        true => "-".to_owned(),
        false => metrics.cpus.to_string(),
    };
    let closed = if pool.is_closed { " (closed)" } else { "" };
    [
        format!("[{index}]"),
        format!("{}{closed}", kind_name(metrics.kind)),
        cpus,
        yes(metrics.strict).to_owned(),
        driver_name(pool.driver).to_owned(),
        pool.nice.to_string(),
        metrics.workers.to_string(),
        or_busy(pool.threads),
        or_busy(pool.running),
        pool.searching.to_string(),
        or_busy(pool.idle),
        or_busy(pool.blocked()),
        or_busy(pool.starting),
        or_busy(pool.worklist),
        metrics.local_queue_depth.to_string(),
        metrics.suspended_tasks.to_string(),
        seconds(pool.cpu_time),
    ]
}

fn workers(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    heading(f, "Workers")?;
    let mut table = Table::new(
        4,
        [
            "pool",
            "slot",
            "thread",
            "state",
            "polls",
            "parks",
            "local",
            "suspended",
            "CPU s",
        ],
    );
    for (index, pool) in dump.pools.iter().enumerate() {
        for worker in &pool.workers {
            let thread = worker.thread.map(|thread| thread.to_string());
            table.row([
                format!("[{index}]"),
                worker.slot.to_string(),
                thread.unwrap_or_else(|| "-".to_owned()),
                worker.state.as_str().to_owned(),
                worker.polls.to_string(),
                worker.parks.to_string(),
                worker.local_queue_depth.to_string(),
                worker.suspended_tasks.to_string(),
                seconds(worker.cpu_time),
            ]);
        }
    }
    write!(f, "{table}")
}

fn cpus(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    heading(f, "CPU -> pool")?;
    let pools = dump.pools_by_cpu.iter().map(|(&cpu, pool)| (cpu, pool));
    let pools = indexed(pools);
    writeln!(f, "{}", if pools.is_empty() { "-" } else { &pools })
}

fn queues(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    heading(f, "Work queues")?;
    let queues = match dump.queues.as_deref() {
        None => return writeln!(f, "{BUSY}"),
        Some([]) => return writeln!(f, "-"),
        Some(queues) => queues,
    };
    let mut table = Table::new(
        4,
        [
            "queue",
            "attributes",
            "CPUs",
            "state",
            "max_active",
            "active",
            "inactive",
            "queued",
            "started",
            "completed",
            "panicked",
            "cancelled",
            "refused",
            "rescued",
            "busy s",
        ],
    );
    for queue in queues {
        table.row(queue_row(queue));
    }
    write!(f, "{table}")
}

fn queue_row(queue: &QueueDump) -> [String; 15] {
    let metrics = queue.metrics.as_ref();
    let count = |of: fn(&QueueMetrics) -> u64| or_busy(metrics.map(of));
    [
        queue.name.escape_debug().to_string(),
        or_busy(metrics.map(attributes)),
        or_busy(metrics.map(|queue| &queue.cpus)),
        or_busy(metrics.map(state)),
        or_busy(metrics.map(|queue| queue.max_active)),
        or_busy(metrics.map(|queue| queue.active)),
        or_busy(metrics.map(|queue| queue.inactive)),
        count(|queue| queue.queued),
        count(|queue| queue.started),
        count(|queue| queue.completed),
        count(|queue| queue.panicked),
        count(|queue| queue.cancelled),
        count(|queue| queue.refused),
        count(|queue| queue.rescued),
        or_busy(metrics.map(|queue| seconds(Some(queue.busy)))),
    ]
}

/// What a queue was asked to be, in short.
fn attributes(queue: &QueueMetrics) -> String {
    let mut words = Vec::new();
    words.extend(queue.affinity_scope.map(|scope| scope.as_str().to_owned()));
    let flags = [
        (queue.percpu, "percpu"),
        (queue.cpu_intensive, "cpu_intensive"),
        // On its CPU a per-CPU queue stays anyway.
        (queue.affinity_strict && !queue.percpu, "strict"),
        (queue.ordered, "ordered"),
        (queue.high_priority, "high_priority"),
        (queue.mem_reclaim, "mem_reclaim"),
    ];
    let set = flags.into_iter().filter(|(is_so, _)| *is_so);
    words.extend(set.map(|(_, name)| name.to_owned()));
    if queue.nice != 0 {
        words.push(format!("nice={}", queue.nice));
    }
    words.join(" ")
}

fn state(queue: &QueueMetrics) -> &'static str {
    match (queue.paused, queue.draining) {
        (false, false) => "open",
        (true, false) => "paused",
        (false, true) => "draining",
        (true, true) => "paused, draining",
    }
}

fn blocking(dump: &Dump, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    heading(f, "Blocking threads")?;
    let blocking = &dump.blocking;
    let mut table = Table::new(
        0,
        [
            "limit", "base", "threads", "running", "idle", "watched", "queue", "queued", "started",
            "made", "wakes", "refused",
        ],
    );
    table.row([
        blocking.max_threads.to_string(),
        blocking.base_threads.to_string(),
        or_busy(blocking.threads),
        or_busy(blocking.running),
        or_busy(blocking.idle),
        or_busy(blocking.is_watched.map(yes)),
        or_busy(blocking.queue_depth),
        or_busy(blocking.tasks_queued),
        or_busy(blocking.tasks_started),
        blocking.threads_made.to_string(),
        blocking.wakes.to_string(),
        blocking.refused_threads.to_string(),
    ]);
    write!(f, "{table}")
}
