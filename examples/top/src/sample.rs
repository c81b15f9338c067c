//! What a runtime answers to `metrics json`, as far as it is shown here.
//!
//! Members that are not known are ignored, and those that a runtime may not have are optional: this
//! program and the process need not be of the same version.

use serde::Deserialize;

/// Of the answers that are understood.
const VERSION: u32 = 1;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Sample {
    version: u32,
    pub(crate) process: u32,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    /// Since the runtime began to listen; tells how far two samples are apart.
    pub(crate) elapsed_ns: u64,
    pub(crate) pools: Vec<Pool>,
    /// Not there if one was coming or going just then.
    #[serde(default)]
    queues: Option<Vec<Queue>>,
    pub(crate) blocking: Blocking,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Pool {
    pub(crate) kind: String,
    pub(crate) cpus: String,
    pub(crate) threads: Option<u64>,
    pub(crate) running: Option<u64>,
    pub(crate) worklist: Option<u64>,
    pub(crate) local_queues: u64,
    pub(crate) cpu_time_ns: Option<u64>,
    pub(crate) tasks_spawned: u64,
    pub(crate) tasks_started: u64,
    pub(crate) tasks_completed: u64,
    pub(crate) tasks_dropped: u64,
    pub(crate) picks: u64,
    pub(crate) repatriated: u64,
    pub(crate) long_polls: Option<u64>,
    pub(crate) refused_threads: Option<u64>,
    pub(crate) probe: Option<Probe>,
}

/// A work queue; of one that was busy just then only the name is known.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) cpus: Option<String>,
    pub(crate) active: Option<u64>,
    pub(crate) inactive: Option<u64>,
    pub(crate) started: Option<u64>,
    pub(crate) rescued: Option<u64>,
    pub(crate) busy_ns: Option<u64>,
}

/// What has a line in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'s> {
    Pool(&'s Pool),
    Queue(&'s Queue),
}

/// How long a task waits that is spawned only to find that out.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Probe {
    latency_ns: Option<u64>,
    pending_ns: Option<u64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Blocking {
    pub(crate) threads: Option<u64>,
    pub(crate) running: Option<u64>,
    pub(crate) queue_depth: Option<u64>,
    pub(crate) tasks_started: Option<u64>,
}

impl Sample {
    /// # Errors
    ///
    /// Why this is no answer that can be shown.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let sample: Self =
            serde_json::from_str(text).map_err(|error| format!("not understood: {error}"))?;
        match sample.version {
            VERSION => Ok(sample),
            other => Err(format!(
                "metrics of version {other}; this program understands {VERSION}"
            )),
        }
    }

    /// Are both of the same runtime, and this one the later?
    pub(crate) fn follows(&self, earlier: &Self) -> bool {
        (self.process, &self.id) == (earlier.process, &earlier.id)
            && self.elapsed_ns > earlier.elapsed_ns
    }

    /// The pools, and below them the queues.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let queues = self.queues.iter().flatten().map(Entry::Queue);
        self.pools.iter().map(Entry::Pool).chain(queues)
    }
}

impl Entry<'_> {
    /// Tells it from the others: some may be added between two samples.
    pub(crate) fn is_same(self, other: Entry<'_>) -> bool {
        match (self, other) {
            (Self::Pool(one), Entry::Pool(other)) => {
                (&one.kind, &one.cpus) == (&other.kind, &other.cpus)
            }
            (Self::Queue(one), Entry::Queue(other)) => one.name == other.name,
            _ => false,
        }
    }

    /// Tasks that have begun.
    pub(crate) fn started(self) -> Option<u64> {
        match self {
            Self::Pool(pool) => Some(pool.tasks_started),
            Self::Queue(queue) => queue.started,
        }
    }

    /// Tasks that wait to be polled, or for a slot of their queue; 0 if that was not known.
    pub(crate) fn waiting(self) -> u64 {
        match self {
            Self::Pool(pool) => pool.waiting(),
            Self::Queue(queue) => queue.inactive.unwrap_or(0),
        }
    }

    /// How long a new task waits; of a queue that is not probed.
    pub(crate) fn latency_ns(self) -> Option<u64> {
        match self {
            Self::Pool(pool) => pool.latency_ns(),
            Self::Queue(_) => None,
        }
    }

    /// What its threads have used; of a queue, which has none, how long its tasks have been polled.
    pub(crate) fn cpu_time_ns(self) -> Option<u64> {
        match self {
            Self::Pool(pool) => pool.cpu_time_ns,
            Self::Queue(queue) => queue.busy_ns,
        }
    }
}

impl Pool {
    /// Tasks that have been spawned and are still there.
    pub(crate) fn in_flight(&self) -> u64 {
        let gone = self.tasks_completed + self.tasks_dropped;
        self.tasks_spawned.saturating_sub(gone)
    }

    /// Tasks that wait to be polled; without the worklist if that was not known.
    pub(crate) fn waiting(&self) -> u64 {
        self.worklist.unwrap_or(0) + self.local_queues
    }

    /// The longest that a probe has waited, or does.
    pub(crate) fn latency_ns(&self) -> Option<u64> {
        let probe = self.probe.as_ref()?;
        probe.latency_ns.max(probe.pending_ns)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::{Entry, Sample};

    pub(crate) fn pool(kind: &str, cpus: &str, started: u64, latency: u64) -> Value {
        json!({
            "kind": kind, "cpus": cpus, "threads": 2, "running": 1, "worklist": 3,
            "local_queues": 4, "cpu_time_ns": started * 1_000_000, "tasks_spawned": started + 5,
            "tasks_started": started, "tasks_completed": started - 1, "tasks_dropped": 1,
            "picks": 7, "repatriated": 8, "long_polls": 6, "something_new": [],
            "probe": { "latency_ns": latency, "pending_ns": null },
        })
    }

    pub(crate) fn queue(name: &str, started: u64) -> Value {
        json!({
            "name": name, "cpus": "0-1", "max_active": 2, "active": 2, "inactive": started + 1,
            "started": started, "paused": false, "busy_ns": started * 10_000_000, "rescued": 4,
        })
    }

    pub(crate) fn sample(seconds: u64, pools: Vec<Value>) -> Sample {
        sample_with_queues(seconds, pools, Value::Null)
    }

    pub(crate) fn sample_with_queues(seconds: u64, pools: Vec<Value>, queues: Value) -> Sample {
        let text = json!({
            "version": 1, "process": 4711, "id": "1", "name": "ingest",
            "elapsed_ns": seconds * 1_000_000_000, "pools": pools, "queues": queues,
            "blocking": {
                "threads": 2, "running": 1, "queue_depth": 0, "tasks_started": 9,
            },
        });
        Sample::parse(&text.to_string()).unwrap()
    }

    #[test]
    fn what_may_be_missing_is_none() {
        let mut missing = pool("cpu_intensive", "0-1", 1, 0);
        missing["probe"] = Value::Null;
        missing["cpu_time_ns"] = Value::Null;
        missing["worklist"] = Value::Null;
        missing.as_object_mut().unwrap().remove("long_polls");
        let sample = sample(1, vec![missing]);
        let pool = &sample.pools[0];
        assert_eq!((pool.latency_ns(), pool.cpu_time_ns), (None, None));
        assert_eq!((pool.long_polls, pool.waiting()), (None, 4));
        assert_eq!(pool.in_flight(), 5);
    }

    #[test]
    fn queues_come_after_the_pools_and_may_be_busy_or_missing() {
        let busy = json!({ "name": "busy", "cpus": null, "active": null, "started": null });
        let queues = json!([queue("mail", 7), busy]);
        let sample = sample_with_queues(1, vec![pool("unbound", "0", 1, 1)], queues);
        let entries: Vec<_> = sample.entries().collect();
        assert!(matches!(entries[0], Entry::Pool(_)));
        let of = |entry: Entry<'_>| (entry.started(), entry.waiting(), entry.latency_ns());
        assert_eq!(of(entries[1]), (Some(7), 8, None));
        assert_eq!(of(entries[2]), (None, 0, None));
        let is_same = |one: usize, other: usize| entries[one].is_same(entries[other]);
        assert!(is_same(1, 1) && !is_same(1, 2) && !is_same(0, 1));
        // An older runtime does not tell of any.
        let text = json!({
            "version": 1, "process": 1, "id": "1", "name": null, "elapsed_ns": 0, "pools": [],
            "blocking": {},
        });
        assert_eq!(
            Sample::parse(&text.to_string()).unwrap().entries().count(),
            0
        );
    }

    #[test]
    fn a_probe_that_waits_counts_by_what_it_has_waited() {
        let mut stuck = pool("unbound", "0-1", 1, 0);
        stuck["probe"] = json!({ "latency_ns": null, "pending_ns": 17 });
        assert_eq!(sample(1, vec![stuck]).pools[0].latency_ns(), Some(17));
    }

    #[test]
    fn another_version_is_not_understood() {
        let error = Sample::parse(r#"{"version":2}"#).unwrap_err();
        assert!(error.starts_with("not understood"), "{error}");
        let text = json!({
            "version": 2, "process": 1, "id": "1", "name": null, "elapsed_ns": 0, "pools": [],
            "blocking": {},
        });
        let error = Sample::parse(&text.to_string()).unwrap_err();
        assert!(error.contains("version 2"), "{error}");
    }

    #[test]
    fn a_sample_follows_an_earlier_one_of_the_same_runtime() {
        let (first, second) = (sample(1, vec![]), sample(2, vec![]));
        assert!(second.follows(&first) && !first.follows(&second));
        let mut other = sample(3, vec![]);
        other.process += 1;
        assert!(!other.follows(&first));
    }
}
