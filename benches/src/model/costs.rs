#![forbid(unsafe_code)]
//! What things cost on a machine.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What things cost, in nanoseconds where nothing else is said. A file with measured costs has the
/// same structure; `docs/model.md` shows one.
///
/// # Examples
///
/// ```
/// use fastwake_benches::model::Costs;
///
/// let mut costs = Costs::two_cpus();
/// costs.wake.idle = 5_000;
/// costs.check()?;
/// # Ok::<(), fastwake_benches::model::BadCosts>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Where they come from.
    pub name: String,
    /// Moving cache lines, and the lock on one of them.
    pub line: LineCosts,
    /// Enqueueing and running an item, wake-ups and locks apart.
    pub item: ItemCosts,
    /// Waking somebody.
    pub wake: WakeCosts,
    /// What the software does.
    pub rules: Rules,
    /// How far latencies, items and calls stray from their mean, in per cent to either side.
    pub noise: u64,
}

/// Moving cache lines, and the lock on one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineCosts {
    /// Fetching a line that a CPU under the same last-level cache has written.
    pub near: u64,
    /// The same from under another last-level cache.
    pub far: u64,
    /// Taking and releasing a lock that nobody wants, its line at hand.
    pub lock: u64,
    /// What each waiter adds to a hand-off: nothing for a lock whose waiters queue up and watch lines
    /// of their own, something for one on which all of them hammer.
    pub waiter: u64,
}

/// Enqueueing and running an item, wake-ups and locks apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemCosts {
    /// The call that enqueues: clocks, choosing the pool.
    pub call: u64,
    /// Running an item, with what a worker does around it.
    pub run: u64,
}

/// What the software does, whatever the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Lines that an enqueueing thread fetches under the lock when the last holder was elsewhere.
    pub enqueue_lines: u64,
    /// The same for a worker.
    pub worker_lines: u64,
    /// Whether all pools of a node count their active items in one place, under the pool's lock: once
    /// when an item comes and once when it is done. Linux does.
    pub counted: bool,
    /// Whether nobody is kicked while a worker that was is still on its way. So does fastwake; Linux
    /// kicks whenever somebody sleeps.
    pub coalesced: bool,
}

/// Waking somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WakeCosts {
    /// What the caller pays if the sleeper's CPU is idle and has to be roused.
    pub idle: u64,
    /// What it pays if the sleeper only has to join a busy CPU's run queue.
    pub busy: u64,
    /// What it pays if the sleeper turns out to be awake.
    pub awake: u64,
    /// From then until the sleeper runs on the CPU that was idle.
    pub latency: u64,
    /// From the moment a thread leaves its CPU until the next in the run queue runs.
    pub switch: u64,
    /// Carrying the pick out of the lock: what deferring costs.
    pub defer: u64,
}

/// Costs with which nothing can be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCosts(String);

impl fmt::Display for BadCosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for BadCosts {}

/// The longest time that makes sense: sums of some millions of it fit into 64 bits.
const LONGEST: u64 = 1_000_000_000;
/// More lines than any queue has.
const MOST_LINES: u64 = 1_000;

/// Linux: the same code on every machine.
const LINUX: Rules = Rules {
    enqueue_lines: 2,
    worker_lines: 2,
    counted: true,
    coalesced: false,
};

/// Not measured: a machine whose lines have to cross from cache to cache is not in the table.
const FAR: u64 = 2;

/// Of all presets; keeps threads from marching in step.
const NOISE: u64 = 20;

impl Costs {
    /// NVIDIA Grace, 72 CPUs under one cache, Linux (v5 of the patches).
    #[must_use]
    pub fn grace() -> Self {
        Self {
            name: "NVIDIA Grace, 72 CPUs, Linux".to_owned(),
            line: LineCosts::new(141, 45),
            item: ItemCosts {
                call: 200,
                run: 300,
            },
            wake: WakeCosts {
                idle: 3_000,
                busy: 1_200,
                awake: 20,
                latency: 2_000,
                switch: 700,
                defer: 25,
            },
            rules: LINUX,
            noise: NOISE,
        }
    }

    /// A virtual x86 machine with 8 CPUs, Linux (v2 of the patches).
    #[must_use]
    pub fn x86_vm() -> Self {
        Self {
            name: "x86 VM, 8 CPUs, Linux".to_owned(),
            line: LineCosts::new(110, 45),
            item: ItemCosts {
                call: 150,
                run: 200,
            },
            wake: WakeCosts {
                idle: 5_500,
                busy: 350,
                awake: 300,
                latency: 11_000,
                switch: 350,
                defer: 25,
            },
            rules: LINUX,
            noise: NOISE,
        }
    }

    /// A virtual arm64 machine with 8 CPUs, Linux (v1 of the patches), which submits in batches.
    #[must_use]
    pub fn arm64_vm() -> Self {
        Self {
            name: "arm64 VM, 8 CPUs, Linux".to_owned(),
            line: LineCosts::new(52, 45),
            item: ItemCosts {
                call: 600,
                run: 4_700,
            },
            wake: WakeCosts {
                idle: 2_000,
                busy: 800,
                awake: 50,
                latency: 2_000,
                switch: 700,
                defer: 25,
            },
            rules: LINUX,
            noise: NOISE,
        }
    }

    /// fastwake on the virtual machine with 2 CPUs on which it is measured: no counter, wake-ups
    /// coalesced, futexes.
    #[must_use]
    pub fn two_cpus() -> Self {
        Self {
            name: "AMD EPYC VM, 2 CPUs, fastwake".to_owned(),
            line: LineCosts::new(175, 20),
            item: ItemCosts {
                call: 150,
                run: 150,
            },
            wake: WakeCosts {
                idle: 6_000,
                busy: 1_400,
                awake: 100,
                latency: 15_000,
                switch: 1_750,
                defer: 5,
            },
            rules: Rules {
                counted: false,
                coalesced: true,
                ..LINUX
            },
            noise: NOISE,
        }
    }

    /// Says whether they can be computed with.
    ///
    /// # Errors
    ///
    /// [`BadCosts`] for a time above a second, noise above 100 %, more than 1,000 lines, or a round
    /// trip that takes no time at all.
    pub fn check(&self) -> Result<(), BadCosts> {
        let LineCosts {
            near,
            far,
            lock,
            waiter,
        } = self.line;
        let ItemCosts { call, run } = self.item;
        let Rules {
            enqueue_lines,
            worker_lines,
            ..
        } = self.rules;
        let WakeCosts {
            idle,
            busy,
            awake,
            latency,
            switch,
            defer,
        } = self.wake;
        let times = [
            near, far, lock, waiter, call, run, idle, busy, awake, latency, switch, defer,
        ];
        if let Some(time) = times.into_iter().find(|time| *time > LONGEST) {
            return Err(BadCosts(format!(
                "a cost of {time} ns is more than {LONGEST} ns: are the costs given in nanoseconds?"
            )));
        }
        if let Some(lines) = [enqueue_lines, worker_lines]
            .into_iter()
            .find(|lines| *lines > MOST_LINES)
        {
            return Err(BadCosts(format!(
                "{lines} lines under a lock, at most {MOST_LINES} make sense"
            )));
        }
        if self.noise > 100 {
            return Err(BadCosts(format!(
                "noise of {} %, at most 100 % is possible",
                self.noise
            )));
        }
        if call == 0 || run == 0 {
            return Err(BadCosts(
                "`call` and `run` take some time; give at least 1 ns".to_owned(),
            ));
        }
        Ok(())
    }
}

impl LineCosts {
    fn new(near: u64, lock: u64) -> Self {
        Self {
            near,
            far: FAR * near,
            lock,
            waiter: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_can_be_computed_with() {
        for costs in [
            Costs::grace(),
            Costs::x86_vm(),
            Costs::arm64_vm(),
            Costs::two_cpus(),
        ] {
            assert_eq!(costs.check(), Ok(()), "{}", costs.name);
        }
    }

    #[test]
    fn costs_survive_a_file() {
        let costs = Costs::grace();
        let text = serde_json::to_string(&costs).unwrap();
        assert_eq!(serde_json::from_str::<Costs>(&text).unwrap(), costs);
        let misspelt = text.replace("latency", "latancy");
        assert!(serde_json::from_str::<Costs>(&misspelt).is_err());
    }

    #[test]
    fn the_file_in_the_documentation_has_the_costs_of_two_cpus() {
        let page = include_str!("../../../docs/model.md");
        let (_, rest) = page.split_once("```json\n").expect("a file of costs");
        let (file, _) = rest.split_once("```").expect("its end");
        assert_eq!(
            serde_json::from_str::<Costs>(file).unwrap(),
            Costs::two_cpus()
        );
    }

    #[test]
    fn a_bad_cost_is_named_with_its_bound() {
        let told = |change: fn(&mut Costs)| {
            let mut costs = Costs::grace();
            change(&mut costs);
            costs.check().unwrap_err().to_string()
        };
        assert!(told(|costs| costs.wake.idle = 2_000_000_000).contains("2000000000 ns"));
        assert!(told(|costs| costs.rules.worker_lines = 2_000).contains("at most 1000"));
        assert!(told(|costs| costs.noise = 101).contains("at most 100 %"));
        assert!(told(|costs| costs.item.run = 0).contains("at least 1 ns"));
    }
}
