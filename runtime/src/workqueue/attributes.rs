#![forbid(unsafe_code)]
//! What a queue is asked to be, and whether it can be.

use std::io;

use crate::scheduler::{Class, Group, Lane, NICE, PoolAttributes};
use crate::topology::{AffinityScope, CpuSet};

/// How many tasks of a queue may be active, if nothing is said: the kernel's number.
pub(super) const MAX_ACTIVE: usize = 1_024;

/// What the user has said; `None` for what has been left open.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    pub(super) scope: Option<AffinityScope>,
    pub(super) strict: Option<bool>,
    pub(super) cpus: Option<CpuSet>,
    pub(super) nice: Option<i32>,
    pub(super) max_active: Option<usize>,
    pub(super) cpu_intensive: bool,
    pub(super) ordered: bool,
    pub(super) high_priority: bool,
    pub(super) percpu: bool,
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// # Errors
///
/// If a queue cannot have this name, whatever the others are called.
pub(super) fn check_name(name: &str) -> io::Result<()> {
    if name.trim().is_empty() {
        return Err(invalid(format!(
            "the name of a work queue is {name:?}; it must have at least one character that is no \
             white space, so that a report can name the queue"
        )));
    }
    Ok(())
}

impl Attributes {
    pub(super) fn max_active(&self) -> usize {
        match self.ordered {
            true => 1,
            false => self.max_active.unwrap_or(MAX_ACTIVE),
        }
    }

    /// The pools of a queue that is like this.
    ///
    /// # Errors
    ///
    /// If it cannot be like this, or the system does not let it.
    pub(super) fn lane(&self, name: &str, group: &Group) -> io::Result<Lane> {
        let explain = |error: io::Error| {
            io::Error::new(error.kind(), format!("the work queue \"{name}\": {error}"))
        };
        self.check(group).map_err(explain)?;
        if self.percpu {
            return Ok(Lane::PerCpu);
        }
        let pools = self.pools(group);
        group.lane(&pools).map_err(|error| {
            let refused = matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
            );
            match (self.nice, refused) {
                (Some(nice), true) => explain(io::Error::new(
                    error.kind(),
                    format!(
                        "nice is {nice}, which the system does not permit ({error}); ask for 0 or \
                         more, raise the limit RLIMIT_NICE, or give the process CAP_SYS_NICE"
                    ),
                )),
                _ => explain(error),
            }
        })
    }

    fn pools(&self, group: &Group) -> PoolAttributes {
        let default = group.default_attributes();
        let class = match (self.cpu_intensive, self.high_priority) {
            (true, _) => Class::CpuIntensive,
            (_, true) => Class::High,
            _ => Class::Normal,
        };
        PoolAttributes {
            class,
            scope: self.scope.unwrap_or(default.scope),
            strict: self.strict.unwrap_or(default.strict),
            cpus: self.cpus.clone().unwrap_or(default.cpus),
            nice: self.nice.unwrap_or(0),
        }
    }

    fn check(&self, group: &Group) -> io::Result<()> {
        check_max_active(self.max_active)?;
        self.check_contradictions()?;
        let (least, most) = (NICE.start(), NICE.end());
        if let Some(nice) = self.nice
            && !NICE.contains(&nice)
        {
            return Err(invalid(format!(
                "nice is {nice}; it must be from {least} (favoured) to {most}"
            )));
        }
        let allowed = group.default_attributes().cpus;
        let Some(cpus) = &self.cpus else {
            return Ok(());
        };
        if cpus.is_empty() {
            return Err(invalid(format!(
                "the CPU set is empty; it must have at least one of the runtime's: {allowed}"
            )));
        }
        let foreign = cpus.difference(&allowed);
        if !foreign.is_empty() {
            return Err(invalid(format!(
                "the CPU set is {cpus}, but the runtime may not use {foreign}; choose among {allowed}"
            )));
        }
        Ok(())
    }

    fn check_contradictions(&self) -> io::Result<()> {
        let strict = self.strict == Some(true);
        let pods = "its pools have no pods";
        let bound = "its pools are those of `Handle::spawn_on`, each bound to one CPU";
        let lower = "CPU-intensive work runs at a lower priority than all else";
        let contradictions = [
            (
                self.percpu,
                "percpu",
                self.scope.is_some(),
                "affinity_scope",
                bound,
            ),
            (self.percpu, "percpu", strict, "affinity_strict", bound),
            (self.percpu, "percpu", self.cpus.is_some(), "cpus", bound),
            (self.percpu, "percpu", self.nice.is_some(), "nice", bound),
            (
                self.percpu,
                "percpu",
                self.high_priority,
                "high_priority",
                bound,
            ),
            (
                self.percpu,
                "percpu",
                self.cpu_intensive,
                "cpu_intensive",
                bound,
            ),
            (
                self.cpu_intensive,
                "cpu_intensive",
                self.scope.is_some(),
                "affinity_scope",
                pods,
            ),
            (
                self.cpu_intensive,
                "cpu_intensive",
                strict,
                "affinity_strict",
                pods,
            ),
            (
                self.cpu_intensive,
                "cpu_intensive",
                self.high_priority,
                "high_priority",
                lower,
            ),
            (
                self.high_priority,
                "high_priority",
                self.nice.is_some(),
                "nice",
                "it is as favoured as the system permits",
            ),
        ];
        for (one, name, other, other_name, why) in contradictions {
            if one && other {
                return Err(invalid(format!(
                    "it cannot be {name} and have {other_name} set: {why}; leave one of them out"
                )));
            }
        }
        match self.max_active {
            Some(max_active) if self.ordered && max_active != 1 => Err(ordered(max_active)),
            _ => Ok(()),
        }
    }
}

/// An ordered queue is asked for another `max_active`.
pub(super) fn ordered(max_active: usize) -> io::Error {
    invalid(format!(
        "max_active is {max_active}, but it is ordered and runs one task at a time; leave one of them \
         out"
    ))
}

/// # Errors
///
/// If no queue can have this limit.
pub(super) fn check_max_active(max_active: Option<usize>) -> io::Result<()> {
    match max_active {
        Some(0) => Err(invalid(
            "max_active is 0; it must be at least 1. Use `pause` to keep tasks from starting"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}
