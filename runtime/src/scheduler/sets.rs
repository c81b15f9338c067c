#![forbid(unsafe_code)]
//! The sets of pools of a runtime that are not its pods' own, for work queues.

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use crate::topology::{AffinityScope, CpuSet};

use super::pod_set::PodSet;

/// As far as the kernel goes.
pub(crate) const NICE: RangeInclusive<i32> = -20..=19;

/// What the pools of a work queue are like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PoolAttributes {
    /// In which order of priority: who has another has other pools, even if its threads are as nice.
    pub(crate) class: Class,
    pub(crate) scope: AffinityScope,
    pub(crate) strict: bool,
    /// Among those of the runtime.
    pub(crate) cpus: CpuSet,
    /// By how much nicer the threads are than the runtime's others.
    pub(crate) nice: i32,
    /// Are the pools one queue's alone, each with a thread that is always there?
    pub(crate) reserved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Normal,
    /// As favoured as the system permits.
    High,
    CpuIntensive,
}

/// Sets of pools, each with the attributes that it has been made for. Nothing is ever taken out.
#[derive(Default)]
pub(super) struct Sets(OnceLock<Box<Link>>);

struct Link {
    attributes: PoolAttributes,
    set: Arc<PodSet>,
    next: Sets,
}

impl Sets {
    fn links(&self) -> impl Iterator<Item = &Link> {
        let first = self.0.get();
        std::iter::successors(first, |link| link.next.0.get()).map(|link| &**link)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &PodSet> {
        self.links().map(|link| &*link.set)
    }

    /// A set with these attributes; one that is to be reserved is taken.
    pub(super) fn find(&self, attributes: &PoolAttributes) -> Option<&Arc<PodSet>> {
        let mut links = self.links();
        let link = links.find(|link| {
            link.attributes == *attributes && (!attributes.reserved || link.set.take())
        })?;
        Some(&link.set)
    }

    /// For one thread at a time.
    pub(super) fn push(&self, attributes: PoolAttributes, set: Arc<PodSet>) {
        let last = self.links().last().map_or(self, |link| &link.next);
        let pushed = last.0.set(Box::new(Link {
            attributes,
            set,
            next: Sets::default(),
        }));
        debug_assert!(pushed.is_ok(), "one thread at a time");
    }
}

impl Drop for Sets {
    /// One after the other: a chain that drops its own rest would need as much of the stack as it is long.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut link) = next {
            next = link.next.0.take();
        }
    }
}
