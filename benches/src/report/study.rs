#![forbid(unsafe_code)]
//! What is asked beside the rows.

/// A measurement that is no row of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Study {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What it asks.
    pub question: &'static str,
    /// What would refute what is claimed.
    pub refuted_by: &'static str,
    /// What it cannot say.
    pub leaves_out: &'static str,
}

/// Wake-ups after the unlock against wake-ups inside the lock.
pub const EXPERIMENT: Study = Study {
    name: "experiment",
    title: "The workqueue experiment",
    question: "What does it gain, in throughput and in the time that an enqueue takes, to issue wake-ups \
               after the injector's lock has been let go, and not inside it: for each affinity scope, \
               for producers that wait for each item and for such that wait for a batch?",
    refuted_by: "less throughput, by more than the spread of the processes, or a p99 of enqueues that is \
                 no shorter, where several CPUs share a pool; as large a gain where none do; a lock that \
                 is held as long.",
    leaves_out: "Producers and workers take turns if there are fewer CPUs than threads, so that an enqueue \
                 may have lost its CPU while it waited. Scopes with the same pods are the same experiment: \
                 how far they lie apart is the noise. Wake-ups inside the lock are fastwake with a \
                 switch, and not what another runtime does.",
};

/// The simulation of machines that we do not have.
pub const MODEL: Study = Study {
    name: "model",
    title: "A model for larger machines",
    question: "Do small pools, and waking after the lock, pay on machines of 8 to 256 CPUs? A simulation \
               of producers, the pools' locks, wake-ups and workers is checked against the published \
               table of the same change in Linux, and then asked about other machines.",
    refuted_by: "a machine of 8 to 32 cores with about the costs of NVIDIA Grace on which waking after the \
                 lock gains less than 15 % in one pool; fastwake on 64 CPUs or more whose one pool is as \
                 fast as shards.",
    leaves_out: "There is no preemption and no other load in it, no stealing and no local queue. A cache \
                 line costs the same on 256 CPUs as on 8, which makes the large machines look better than \
                 they are; what crosses caches was never measured. These are predictions, not \
                 measurements: docs/model.md says which costs were measured, fitted or assumed.",
};

impl Study {
    /// All of them.
    pub const ALL: [Self; 2] = [EXPERIMENT, MODEL];

    /// What it asks, as the terminal lists it.
    #[must_use]
    pub fn text(&self) -> String {
        let Self {
            name,
            question,
            refuted_by,
            ..
        } = self;
        format!("{name}\n    {question}\n    refuted by: {refuted_by}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::idle;
    use crate::workload::Row;

    #[test]
    fn a_study_has_a_name_of_its_own_and_says_what_would_refute_it() {
        for study in Study::ALL {
            assert!(Row::named(study.name).is_none() && study.name != idle::NAME);
            let text = study.text();
            assert!(
                text.contains('?') && text.contains("refuted by: "),
                "{text}"
            );
        }
    }
}
