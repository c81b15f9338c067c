#![forbid(unsafe_code)]
//! The runtime's counts, for the `metrics` facade.

mod series;

use ::metrics::Label;

use crate::metrics::{PoolKind, PoolMetrics};

use super::RuntimeMetrics;

/// Publishes a runtime's counts through the facade of the crate [`metrics`], to whatever recorder the
/// program has installed.
///
/// Counters are published with the values that the runtime itself has counted, so how often that is
/// done makes no difference to them; what happens between two times is never lost. Either
/// [`publish`](Self::publish) is called where the program's exporter renders, or a task [runs](Self::run)
/// the publisher at an interval.
///
/// # What is published
///
/// Names begin with `fastwake_`, and those of counters end in `_total`. Each number has a description,
/// see [`describe`](Self::describe), and counts what the field of [`PoolMetrics`] or
/// [`BlockingMetrics`](super::BlockingMetrics) counts that is called as it is.
///
/// * For each pool, with the labels `kind` (`unbound`, `per_cpu`, `cpu_intensive` or
///   `current_thread`), `pool` (its number among those of its kind; of a `per_cpu` pool its CPU) and
///   `cpus` (such as `0-3`):
///   * counters: `tasks_spawned`, `tasks_started`, `tasks_completed`, `tasks_dropped`, `polls`, `picks`,
///     `chain_kicks`, `coalesced_kicks`, `wakes`, `wakes_without_system_call`, `appeals`,
///     `steals_in_pod`, `steals_across_pods`, `repatriated`, `parks`, `futile_wakes`, `overflows`,
///     `retired`, `refused_threads`; and `worker_busy_microseconds`, for how long its workers have been
///     awake, up to the last time that each went to sleep: the facade's counters are whole numbers;
///   * gauges: `workers`, `threads`, `running_workers`, `idle_workers`, `worklist_depth`,
///     `local_queue_depth`, `suspended_tasks`. The number of threads and of workers that run or are
///     idle keep their values if the pool's lock is held just then.
/// * For the threads that run blocking closures: the counters `blocking_tasks_queued`,
///   `blocking_tasks_started`, `blocking_threads_made`, `blocking_wakes`, `blocking_refused_threads`,
///   the gauges `blocking_threads`, `blocking_idle_threads`, `blocking_queue_depth`.
/// * For the runtime: the gauge `alive_tasks`.
///
/// If the runtime has a [name](super::Builder::name), all have it as the label `runtime`. Two runtimes
/// without a name write over each other's values: give at least one of them a name, or a
/// [label](Self::label).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use fastwake::runtime::{Handle, MetricsPublisher};
///
/// #[fastwake::main]
/// async fn main() {
///     // First of all the program's recorder, such as metrics-exporter-prometheus.
///     let publisher = MetricsPublisher::new(Handle::current().metrics());
///     publisher.describe();
///     fastwake::spawn(publisher.run(Duration::from_secs(5)));
/// }
/// ```
#[derive(Debug, Clone)]
pub struct MetricsPublisher {
    metrics: RuntimeMetrics,
    labels: Vec<Label>,
}

impl MetricsPublisher {
    /// For the runtime whose counts these are.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{MetricsPublisher, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// let publisher = MetricsPublisher::new(runtime.metrics());
    /// # let _ = publisher;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn new(metrics: RuntimeMetrics) -> Self {
        let name = metrics.handle.name();
        let labels = name.map(|name| Label::new("runtime", name.to_owned()));
        Self {
            labels: labels.into_iter().collect(),
            metrics,
        }
    }

    /// Adds a label to all that is published.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{MetricsPublisher, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// let publisher = MetricsPublisher::new(runtime.metrics()).label("zone", "eu-1");
    /// publisher.publish();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push(Label::new(key.into(), value.into()));
        self
    }

    /// Tells the recorder what the numbers mean, and their units. Once is enough, after it has been
    /// installed.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{MetricsPublisher, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// MetricsPublisher::new(runtime.metrics()).describe();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn describe(&self) {
        series::POOL.describe();
        series::BLOCKING.describe();
        series::RUNTIME.describe();
    }

    /// Publishes the counts as they are now.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::runtime::{MetricsPublisher, Runtime};
    ///
    /// let runtime = Runtime::new()?;
    /// let publisher = MetricsPublisher::new(runtime.metrics());
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// // Whenever the exporter is asked:
    /// publisher.publish();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn publish(&self) {
        // Those of a kind come one after the other.
        for pools in self.metrics.pools().chunk_by(|a, b| a.kind == b.kind) {
            for (index, pool) in pools.iter().enumerate() {
                let mut labels = self.labels.clone();
                labels.extend(labels_of(pool, index));
                series::POOL.publish(pool, &labels);
            }
        }
        series::BLOCKING.publish(&self.metrics.blocking(), &self.labels);
        series::RUNTIME.publish(&self.metrics, &self.labels);
    }
}

/// What tells a pool from the others of its runtime, for as long as that lasts: `index` is its place
/// among those of its kind.
fn labels_of(pool: &PoolMetrics, index: usize) -> [Label; 3] {
    let (kind, number) = match pool.kind {
        PoolKind::Unbound => ("unbound", index),
        // Its place changes when one with a lower CPU is made.
        PoolKind::PerCpu => ("per_cpu", pool.cpus.first().unwrap_or(index)),
        PoolKind::CpuIntensive => ("cpu_intensive", index),
        PoolKind::CurrentThread => ("current_thread", index),
    };
    [
        Label::new("kind", kind),
        Label::new("pool", number.to_string()),
        Label::new("cpus", pool.cpus.to_string()),
    ]
}
