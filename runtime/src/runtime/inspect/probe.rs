#![forbid(unsafe_code)]
//! How long a task waits between its spawn and its first poll, found out by spawning one.

use std::panic::Location;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use crate::cell::TaskMeta;
use crate::runtime::Handle;

/// How long an answer waits for the probes that it has sent.
const PATIENCE: Duration = Duration::from_millis(20);

/// One probe at a time in each pool of the pods, or in the one of a current-thread runtime.
pub(super) struct Probes {
    pools: Vec<Probed>,
    reports: Receiver<Report>,
    reporter: Sender<Report>,
}

/// What is known of a pool's probe.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Waited {
    /// The longest time that one has waited of those that have begun to run since the last answer.
    pub(super) latency: Option<Duration>,
    /// How long the one has waited by now that has not begun to run.
    pub(super) pending: Option<Duration>,
}

#[derive(Default)]
struct Probed {
    sent: Option<Instant>,
    latency: Option<Duration>,
}

struct Report {
    pool: usize,
    /// `None`: the probe was dropped, and never ran.
    latency: Option<Duration>,
}

/// In the task; reports once, whatever becomes of it.
struct Probe {
    pool: usize,
    sent: Instant,
    latency: Option<Duration>,
    reporter: Sender<Report>,
}

impl Probe {
    async fn run(mut self) {
        self.latency = Some(self.sent.elapsed());
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let Self { pool, latency, .. } = *self;
        // Nobody listens any more when the runtime ends.
        let _ = self.reporter.send(Report { pool, latency });
    }
}

impl Probes {
    pub(super) fn new() -> Self {
        let (reporter, reports) = mpsc::channel();
        Self {
            pools: Vec::new(),
            reports,
            reporter,
        }
    }

    /// Sends one into each pool where none is under way, and waits a moment for them.
    pub(super) fn send(&mut self, handle: &Handle) -> Vec<Waited> {
        let inner = handle.inner();
        let pools = match inner.current_thread {
            Some(_) => 1,
            None => inner.group.pods(),
        };
        self.pools.resize_with(pools, Probed::default);
        while let Ok(report) = self.reports.try_recv() {
            self.take(&report);
        }
        for pool in 0..pools {
            if self.pools[pool].sent.is_none() {
                self.pools[pool].sent = Some(Instant::now());
                self.spawn(handle, pool);
            }
        }
        let deadline = Instant::now() + PATIENCE;
        while self.pools.iter().any(|pool| pool.sent.is_some()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.reports.recv_timeout(left) {
                Ok(report) => self.take(&report),
                Err(_) => break,
            }
        }
        self.pools.iter_mut().map(Probed::waited).collect()
    }

    fn spawn(&self, handle: &Handle, pool: usize) {
        let probe = Probe {
            pool,
            sent: Instant::now(),
            latency: None,
            reporter: self.reporter.clone(),
        };
        let meta = TaskMeta::at(Location::caller());
        let inner = handle.inner();
        // Detached: it reports by itself.
        drop(match &inner.current_thread {
            Some(scheduler) => scheduler.spawn(probe.run(), meta),
            None => inner.group.spawn_in_pod(pool, probe.run(), meta),
        });
    }

    fn take(&mut self, report: &Report) {
        let pool = &mut self.pools[report.pool];
        pool.sent = None;
        pool.latency = pool.latency.max(report.latency);
    }
}

impl Probed {
    fn waited(&mut self) -> Waited {
        Waited {
            latency: self.latency.take(),
            pending: self.sent.map(|sent| sent.elapsed()),
        }
    }
}
