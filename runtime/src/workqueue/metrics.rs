#![forbid(unsafe_code)]
//! What a queue tells of itself.

use crate::metrics::{Listed, QueueMetrics};

use super::attributes::Attributes;
use super::ledger::{Counts, Standing};
use super::shared::Shared;

impl Listed for Shared {
    fn name(&self) -> &str {
        &self.name
    }

    fn metrics(&self) -> QueueMetrics {
        let settings = self.settings().clone();
        self.metrics_of(settings, self.standing())
    }

    fn try_metrics(&self) -> Option<QueueMetrics> {
        let settings = self.try_settings()?.clone();
        Some(self.metrics_of(settings, self.try_standing()?))
    }
}

impl Shared {
    fn metrics_of(&self, settings: Attributes, standing: Standing) -> QueueMetrics {
        let runtimes = self.handle.group().default_attributes();
        let Attributes {
            scope,
            strict,
            cpus,
            nice,
            max_active: _,
            cpu_intensive,
            ordered,
            high_priority,
            percpu,
            mem_reclaim,
        } = settings;
        let Standing {
            max_active,
            paused,
            draining,
            active,
            inactive,
            queued,
            counts,
        } = standing;
        let Counts {
            started,
            completed,
            panicked,
            cancelled,
            refused,
        } = counts;
        let in_pods = !percpu && !cpu_intensive;
        QueueMetrics {
            name: self.name.to_string(),
            affinity_scope: in_pods.then(|| scope.unwrap_or(runtimes.scope)),
            affinity_strict: percpu || in_pods && strict.unwrap_or(runtimes.strict),
            cpus: cpus.unwrap_or(runtimes.cpus),
            nice: nice.unwrap_or(0),
            ordered,
            high_priority,
            cpu_intensive,
            percpu,
            mem_reclaim,
            max_active,
            paused,
            draining,
            active,
            inactive,
            queued,
            started,
            completed,
            panicked,
            cancelled,
            refused,
            rescued: self.rescued(),
            busy: self.busy(),
        }
    }
}
