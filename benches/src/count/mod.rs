#![forbid(unsafe_code)]
//! What a run costs in numbers that do not depend on the machine's mood: system calls, counted by
//! strace, and instructions, by callgrind. Both watch the program `workload`, a process for each run.
//!
//! A tool that is not there, or may not do its work here, is named in the result; the rest is counted.

pub mod idle;
mod instructions;
mod system_calls;
mod tool;
mod trace;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::peer::Which;
use crate::spread::Spread;
use crate::workload::{Row, Setting};

use self::idle::Idle;
use self::tool::{CALLGRIND, STRACE, Tool};

/// All that was counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Row by row.
    pub rows: Vec<RowCounts>,
    /// What a runtime does that has nothing to do, by contestant.
    pub idle: BTreeMap<String, Idle>,
    /// What could not be counted, and why.
    pub omitted: Vec<String>,
    /// Were they counted in a run of their own, and not along with the times that they stand beside?
    #[serde(default)]
    pub apart: bool,
}

/// What was counted in one row, by contestant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowCounts {
    /// The row's name.
    pub row: String,
    /// System calls.
    pub system_calls: BTreeMap<String, SystemCalls>,
    /// Instructions; empty for a row that is not asked for them.
    pub instructions: BTreeMap<String, Instructions>,
}

/// The system calls of the whole process from the row's gate to its last operation, after a run to
/// warm it up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemCalls {
    /// Operations in a run.
    pub operations: usize,
    /// How many for each operation, over the runs.
    pub total: Spread,
    /// Which, and how many of each for each operation (medians), the most frequent first.
    pub kinds: Vec<(String, f64)>,
}

/// The instructions that a larger run has and a smaller one has not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instructions {
    /// Operations in the smaller run and in the larger.
    pub operations: (usize, usize),
    /// How many for each operation, over the pairs of runs.
    pub per_operation: Spread,
}

/// What to count, and for how long at most.
#[derive(Debug, Clone)]
pub struct Plan {
    rows: Vec<&'static Row>,
    /// Rows whose counts would say nothing.
    uncounted: Vec<&'static Row>,
    idle: bool,
    workers: usize,
    /// For the system calls of all rows.
    tracing: Duration,
    /// For the instructions of all rows.
    profiling: Duration,
}

/// What a quick look counts, unless something is named: the rows that wake the most.
const QUICK: [&str; 2] = ["spawn-outside", "blocking-outside"];
/// For either tool, in a quick look.
const QUICKLY: Duration = Duration::from_secs(4);

impl Plan {
    /// What the command line asks for, of the rows that it names.
    #[must_use]
    pub fn of(options: &Options, rows: &[&'static Row]) -> Self {
        let idle = options.wants_study(idle::NAME);
        let whole = |rows: &[&'static Row]| Self::whole(rows, idle, options.workers);
        match (options.quick, &options.only) {
            (false, _) => whole(rows),
            (true, Some(_)) => whole(rows).within(QUICKLY, QUICKLY),
            (true, None) => {
                let rows = rows.iter().copied();
                let rows: Vec<_> = rows.filter(|row| QUICK.contains(&row.name)).collect();
                whole(&rows).within(QUICKLY, QUICKLY)
            }
        }
    }

    /// Of these rows all there is, and what an idle runtime does if `idle`. Takes under 3 minutes.
    #[must_use]
    pub fn whole(rows: &[&'static Row], idle: bool, workers: usize) -> Self {
        let (rows, uncounted) = rows.iter().copied().partition(|row| row.counted);
        Self {
            rows,
            uncounted,
            idle,
            workers,
            tracing: Duration::from_secs(80),
            profiling: Duration::from_secs(75),
        }
    }

    /// The same in this time at most, as far as one round of each row has room in it: so long for
    /// system calls, so long for instructions.
    #[must_use]
    pub fn within(mut self, tracing: Duration, profiling: Duration) -> Self {
        (self.tracing, self.profiling) = (tracing, profiling);
        self
    }

    /// Into how many steps [`count`](Self::count) divides the work.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.rows.len() + usize::from(self.idle)
    }

    /// Counts. `workload` is the path of that program; `progress` is told what comes next.
    #[must_use]
    pub fn count(&self, workload: &Path, mut progress: impl FnMut(&str)) -> Counts {
        let mut counts = Counts::default();
        let uncounted = |row: &&Row| {
            let name = row.name;
            format!("{name}: a run takes a fixed time, and has as many operations as fit into it")
        };
        counts.omitted.extend(self.uncounted.iter().map(uncounted));
        let strace = usable(&STRACE, &mut counts.omitted);
        let callgrind = usable(&CALLGRIND, &mut counts.omitted);
        let profiled = self.rows.iter().filter(|row| instructions::asked_of(row));
        let tracing = share(self.tracing, self.rows.len());
        let profiling = share(self.profiling, profiled.count());
        for row in &self.rows {
            progress(row.name);
            let workers = self.workers;
            let system_calls = strace.then(|| system_calls::count(workload, row, workers, tracing));
            let instructions = (callgrind && instructions::asked_of(row))
                .then(|| instructions::count(workload, row, workers, profiling));
            counts.rows.push(RowCounts {
                row: row.name.to_owned(),
                system_calls: or_omitted(system_calls, row.name, &mut counts.omitted),
                instructions: or_omitted(instructions, row.name, &mut counts.omitted),
            });
        }
        if self.idle {
            progress(idle::NAME);
            let idle = idle::count(workload, self.workers, strace);
            counts.idle = or_omitted(Some(idle), idle::NAME, &mut counts.omitted);
        }
        counts
    }
}

/// Each row's share.
fn share(whole: Duration, rows: usize) -> Duration {
    whole / u32::try_from(rows.max(1)).unwrap_or(u32::MAX)
}

fn usable(tool: &Tool, omitted: &mut Vec<String>) -> bool {
    let tried = tool.try_out();
    if let Err(error) = &tried {
        omitted.push(format!("{}: {error}", tool.counts));
    }
    tried.is_ok()
}

/// What was counted, or nothing and a note why.
fn or_omitted<T: Default>(
    counted: Option<io::Result<T>>,
    name: &str,
    omitted: &mut Vec<String>,
) -> T {
    match counted {
        Some(Ok(counted)) => counted,
        Some(Err(error)) => {
            omitted.push(format!("{name}: {error}"));
            T::default()
        }
        None => T::default(),
    }
}

/// Rounds that go on while there is time.
struct Rounds {
    started: Instant,
    share: Duration,
    done: u32,
}

impl Rounds {
    fn start(share: Duration) -> Self {
        Self {
            started: Instant::now(),
            share,
            done: 0,
        }
    }

    /// Is there time for one more? For the first there always is.
    fn another(&mut self, most: u32) -> bool {
        let with_it = self.started.elapsed() * (self.done + 1) / self.done.max(1);
        let fits = self.done == 0 || (self.done < most && with_it <= self.share);
        self.done += u32::from(fits);
        fits
    }
}

/// The arguments of `workload` for this run.
fn arguments(which: Which, row: &Row, setting: Setting) -> Vec<String> {
    let Setting {
        workers,
        operations,
    } = setting;
    let (which, row) = (which.name().to_owned(), row.name.to_owned());
    vec![which, row, operations.to_string(), workers.to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_time_there_is_one_round_and_with_time_as_many_as_asked_for() {
        let rounds = |share| {
            let mut rounds = Rounds::start(share);
            (0..10).take_while(|_| rounds.another(5)).count()
        };
        assert_eq!(rounds(Duration::ZERO), 1);
        assert_eq!(rounds(Duration::from_secs(1_000)), 5);
    }

    fn plan(line: &str) -> Plan {
        let line = format!("--bench {line}");
        let options = Options::parse(line.split_whitespace().map(str::to_owned));
        let options = options.expect("it makes sense");
        let rows: Vec<&Row> = crate::workload::ROWS
            .iter()
            .filter(|row| options.wants(row.name))
            .collect();
        Plan::of(&options, &rows)
    }

    #[test]
    fn a_quick_look_counts_two_rows_unless_others_are_named() {
        assert_eq!(plan("--quick").steps(), QUICK.len());
        assert_eq!(plan("--quick --only yield").steps(), 1);
    }

    #[test]
    fn whatever_can_be_named_is_counted_or_it_is_said_why_not() {
        let rows = crate::workload::ROWS.iter().map(|row| row.name);
        for name in rows.chain([idle::NAME]) {
            for line in [format!("--only {name}"), format!("--quick --only {name}")] {
                let plan = plan(&line);
                assert!(plan.steps() + plan.uncounted.len() > 0, "{line}");
            }
        }
    }
}
