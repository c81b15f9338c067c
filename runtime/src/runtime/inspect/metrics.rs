#![forbid(unsafe_code)]
//! The answer to `metrics json`: what the pools and the work queues have counted, and how
//! long a task waits.

use std::time::Instant;

use super::probe::{Probes, Waited};
use crate::runtime::Handle;
use crate::runtime::dump::{write_blocking, write_pool, write_queues};
use crate::runtime::json::{Object, object};

/// As that of a dump: 2 when something goes or changes its meaning.
const VERSION: u32 = 1;

pub(super) struct MetricsAnswers {
    since: Instant,
    probes: Probes,
}

impl MetricsAnswers {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            probes: Probes::new(),
        }
    }

    pub(super) fn answer(&mut self, handle: &Handle) -> String {
        let waited = self.probes.send(handle);
        let dump = handle.dump();
        let mut out = String::new();
        object(&mut out, |object| {
            object.put("version", VERSION);
            object.put("process", dump.process);
            object.put("id", dump.id.to_string());
            object.put("name", &dump.name);
            object.put("elapsed_ns", self.since.elapsed());
            let mut probes = waited.into_iter();
            object.array("pools", &dump.pools, |out, pool| {
                crate::runtime::json::object(out, |object| {
                    write_pool(object, pool);
                    // Those that are probed come first.
                    match probes.next() {
                        Some(waited) => object.object("probe", |object| write(object, waited)),
                        None => object.put("probe", None::<u64>),
                    }
                });
            });
            write_queues(object, dump.queues.as_deref());
            object.object("blocking", |object| write_blocking(object, &dump.blocking));
        });
        out
    }
}

fn write(object: &mut Object<'_>, waited: Waited) {
    object.put("latency_ns", waited.latency);
    object.put("pending_ns", waited.pending);
}
