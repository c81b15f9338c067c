#![forbid(unsafe_code)]
//! A dump as JSON.

use super::{BlockingDump, Dump, PodDump, PoolDump, QueueDump, ScopeDump, WorkerDump};
use crate::cell::Id;
use crate::metrics::QueueMetrics;
use crate::runtime::json::{Object, Value, object};

use super::text::{driver_name, flavor_name, kind_name};

/// Of the whole format; told in the documentation of `Dump::to_json`.
const VERSION: u32 = 1;

pub(super) fn write(dump: &Dump) -> String {
    let mut out = String::new();
    object(&mut out, |object| {
        object.put("version", VERSION);
        object.put("process", dump.process);
        object.put("id", dump.id.to_string());
        object.put("name", &dump.name);
        object.put("flavor", flavor_name(dump.flavor));
        object.put("allowed_cpus", &dump.allowed_cpus);
        object.put("scope", dump.scope.map(|scope| scope.as_str()));
        object.put("strict", dump.strict);
        object.array("scopes", &dump.scopes, write_scope);
        object.array("pools", &dump.pools, |out, pool| {
            crate::runtime::json::object(out, |object| {
                write_pool(object, pool);
                object.array("workers", &pool.workers, write_worker);
            });
        });
        object.object("pools_by_cpu", |object| by_cpu(object, &dump.pools_by_cpu));
        write_queues(object, dump.queues.as_deref());
        object.object("blocking", |object| write_blocking(object, &dump.blocking));
    });
    out
}

fn by_cpu<'a>(object: &mut Object<'_>, map: impl IntoIterator<Item = (&'a usize, &'a usize)>) {
    for (cpu, place) in map {
        object.put(&cpu.to_string(), place);
    }
}

fn write_scope(out: &mut String, scope: &ScopeDump) {
    object(out, |object| {
        object.put("scope", scope.scope.as_str());
        object.put("is_default", scope.is_default);
        object.put("is_current", scope.is_current);
        object.array("pods", &scope.pods, write_pod);
        object.object("pods_by_cpu", |object| by_cpu(object, &scope.pods_by_cpu));
    });
}

fn write_pod(out: &mut String, pod: &PodDump) {
    object(out, |object| {
        object.put("cpus", &pod.cpus);
        object.array("nodes", &pod.nodes, |out, node| node.write(out));
    });
}

/// All but its workers.
pub(in crate::runtime) fn write_pool(object: &mut Object<'_>, pool: &PoolDump) {
    let metrics = &pool.metrics;
    object.put("kind", kind_name(metrics.kind));
    object.put("cpus", &metrics.cpus);
    object.put("nice", pool.nice);
    object.put("strict", metrics.strict);
    object.put("limit", metrics.workers);
    object.put("max_threads", pool.max_threads);
    object.put("is_closed", pool.is_closed);
    object.put("threads", pool.threads);
    object.put("running", pool.running);
    object.put("starting", pool.starting);
    object.put("idle", pool.idle);
    object.put("blocked", pool.blocked());
    object.put("searching", pool.searching);
    object.put("worklist", pool.worklist);
    object.put("local_queues", metrics.local_queue_depth);
    object.put("suspended_tasks", metrics.suspended_tasks);
    object.put("driver", driver_name(pool.driver));
    object.put("cpu_time_ns", pool.cpu_time);
    for (name, count) in [
        ("tasks_spawned", metrics.tasks_spawned),
        ("tasks_started", metrics.tasks_started),
        ("tasks_completed", metrics.tasks_completed),
        ("tasks_dropped", metrics.tasks_dropped),
        ("polls", metrics.polls),
        ("picks", metrics.picks),
        ("chain_kicks", metrics.chain_kicks),
        ("coalesced_kicks", metrics.coalesced_kicks),
        ("wakes", metrics.wakes),
        (
            "wakes_without_system_call",
            metrics.wakes_without_system_call,
        ),
        ("appeals", metrics.appeals),
        ("steals_in_pod", metrics.steals_in_pod),
        ("steals_across_pods", metrics.steals_across_pods),
        ("repatriated", metrics.repatriated),
        ("parks", metrics.parks),
        ("futile_wakes", metrics.futile_wakes),
        ("long_polls", metrics.long_polls),
        ("stalls", metrics.stalls),
        ("overflows", metrics.overflows),
        ("retired", metrics.retired),
        ("refused_threads", metrics.refused_threads),
    ] {
        object.put(name, count);
    }
}

fn write_worker(out: &mut String, worker: &WorkerDump) {
    object(out, |object| {
        object.put("slot", worker.slot);
        object.put("thread", worker.thread);
        object.put("state", worker.state.as_str());
        object.put("cpu_time_ns", worker.cpu_time);
        object.put("polls", worker.polls);
        object.put("task", worker.task.map(Id::number));
        object.put("parks", worker.parks);
        object.put("local_queue", worker.local_queue_depth);
        object.put("suspended_tasks", worker.suspended_tasks);
    });
}

pub(in crate::runtime) fn write_queues(object: &mut Object<'_>, queues: Option<&[QueueDump]>) {
    match queues {
        Some(queues) => object.array("queues", queues, |out, queue| {
            crate::runtime::json::object(out, |object| write_queue(object, queue));
        }),
        None => object.put("queues", None::<u64>),
    }
}

/// The name of a member, and what it has of a queue.
type Member<T> = (&'static str, fn(&QueueMetrics) -> T);

fn write_queue(object: &mut Object<'_>, queue: &QueueDump) {
    let metrics = queue.metrics.as_ref();
    let scope = metrics.and_then(|queue| queue.affinity_scope);
    object.put("name", &queue.name);
    object.put("affinity_scope", scope.map(|scope| scope.as_str()));
    object.put("cpus", metrics.map(|queue| &queue.cpus));
    object.put("nice", metrics.map(|queue| queue.nice));
    let flags: [Member<bool>; 8] = [
        ("affinity_strict", |queue| queue.affinity_strict),
        ("ordered", |queue| queue.ordered),
        ("high_priority", |queue| queue.high_priority),
        ("cpu_intensive", |queue| queue.cpu_intensive),
        ("percpu", |queue| queue.percpu),
        ("mem_reclaim", |queue| queue.mem_reclaim),
        ("paused", |queue| queue.paused),
        ("draining", |queue| queue.draining),
    ];
    for (name, flag) in flags {
        object.put(name, metrics.map(flag));
    }
    object.put("max_active", metrics.map(|queue| queue.max_active));
    object.put("active", metrics.map(|queue| queue.active));
    object.put("inactive", metrics.map(|queue| queue.inactive));
    let counts: [Member<u64>; 7] = [
        ("queued", |queue| queue.queued),
        ("started", |queue| queue.started),
        ("completed", |queue| queue.completed),
        ("panicked", |queue| queue.panicked),
        ("cancelled", |queue| queue.cancelled),
        ("refused", |queue| queue.refused),
        ("rescued", |queue| queue.rescued),
    ];
    for (name, count) in counts {
        object.put(name, metrics.map(count));
    }
    object.put("busy_ns", metrics.map(|queue| queue.busy));
}

pub(in crate::runtime) fn write_blocking(object: &mut Object<'_>, blocking: &BlockingDump) {
    object.put("max_threads", blocking.max_threads);
    object.put("base_threads", blocking.base_threads);
    object.put("threads", blocking.threads);
    object.put("running", blocking.running);
    object.put("idle", blocking.idle);
    object.put("queue_depth", blocking.queue_depth);
    object.put("tasks_queued", blocking.tasks_queued);
    object.put("tasks_started", blocking.tasks_started);
    object.put("is_watched", blocking.is_watched);
    object.put("threads_made", blocking.threads_made);
    object.put("wakes", blocking.wakes);
    object.put("refused_threads", blocking.refused_threads);
}
