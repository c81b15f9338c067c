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
    pub(crate) rescued: Option<u64>,
    pub(crate) probe: Option<Probe>,
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
}

impl Pool {
    /// Tells it from the others: pools may be added between two samples.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.kind, &self.cpus) == (&other.kind, &other.cpus)
    }

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

    use super::Sample;

    pub(crate) fn pool(kind: &str, cpus: &str, started: u64, latency: u64) -> Value {
        json!({
            "kind": kind, "cpus": cpus, "threads": 2, "running": 1, "worklist": 3,
            "local_queues": 4, "cpu_time_ns": started * 1_000_000, "tasks_spawned": started + 5,
            "tasks_started": started, "tasks_completed": started - 1, "tasks_dropped": 1,
            "picks": 7, "repatriated": 8, "something_new": [],
            "probe": { "latency_ns": latency, "pending_ns": null },
        })
    }

    pub(crate) fn sample(seconds: u64, pools: Vec<Value>) -> Sample {
        let text = json!({
            "version": 1, "process": 4711, "id": "1", "name": "ingest",
            "elapsed_ns": seconds * 1_000_000_000, "pools": pools,
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
        let sample = sample(1, vec![missing]);
        let pool = &sample.pools[0];
        assert_eq!((pool.latency_ns(), pool.cpu_time_ns), (None, None));
        assert_eq!((pool.long_polls, pool.waiting()), (None, 4));
        assert_eq!(pool.in_flight(), 5);
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
