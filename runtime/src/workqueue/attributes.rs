#![forbid(unsafe_code)]
//! What a queue is asked to be, and whether it can be.

use std::io;

use crate::scheduler::policy::CPU_INTENSIVE_NICE;
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
    pub(super) mem_reclaim: bool,
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// How a queue runs closures that may block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocking {
    /// As its other tasks: they compute.
    AsTask,
    /// On its own threads, which are replaced meanwhile as far as the system gives others.
    InPlace,
    /// On the runtime's threads for that.
    OnThread,
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
        let nice = match class {
            Class::CpuIntensive => CPU_INTENSIVE_NICE,
            Class::High | Class::Normal => 0,
        };
        PoolAttributes {
            class,
            scope: self.scope.unwrap_or(default.scope),
            strict: self.strict.unwrap_or(default.strict),
            cpus: self.cpus.clone().unwrap_or(default.cpus),
            nice: self.nice.unwrap_or(nice),
            reserved: self.mem_reclaim,
        }
    }

    /// Where closures run that may block.
    pub(super) fn blocking(&self) -> Blocking {
        match (self.cpu_intensive, self.mem_reclaim) {
            (true, _) => Blocking::AsTask,
            (_, true) => Blocking::InPlace,
            _ => Blocking::OnThread,
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
        let set = [
            ("affinity_scope", self.scope.is_some()),
            ("affinity_strict", self.strict == Some(true)),
            ("cpus", self.cpus.is_some()),
            ("nice", self.nice.is_some()),
            ("high_priority", self.high_priority),
            ("cpu_intensive", self.cpu_intensive),
            ("mem_reclaim", self.mem_reclaim),
        ];
        let percpu = (
            "percpu",
            &set.map(|(name, _)| name)[..],
            "its pools are those of `Handle::spawn_on`, each bound to one CPU",
        );
        let cpu_intensive = (
            "cpu_intensive",
            &["affinity_scope", "affinity_strict", "high_priority"][..],
            "its threads are behind all others, and in no pod",
        );
        let high_priority = (
            "high_priority",
            &["nice"][..],
            "its threads are as favoured as the system permits",
        );
        let rules = [
            (self.percpu, percpu),
            (self.cpu_intensive, cpu_intensive),
            (self.high_priority, high_priority),
        ];
        for (is_so, (name, others, why)) in rules {
            let other = set
                .iter()
                .find(|(other, is_set)| *is_set && others.contains(other));
            if let Some((other, _)) = other.filter(|_| is_so) {
                return Err(invalid(format!(
                    "it cannot be {name} and have {other} set: {why}; leave one of them out"
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

/// The pools of a queue are to be others, which has its own.
pub(super) fn reserved(name: &str) -> io::Error {
    invalid(format!(
        "the work queue \"{name}\" is mem_reclaim, and its threads are reserved in the pools that it was \
         built with; build another queue"
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
