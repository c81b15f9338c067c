//! Grouping CPUs into pods.
//!
//! The CPUs are walked in order. One that is in no pod yet opens a pod, and takes along whoever it
//! says it shares with and is in no pod either. So the first CPU speaks for its pod: every CPU
//! lands in exactly one, also when files contradict each other (A lists B, B does not list A) or
//! claim too much.
//!
//! Caches and nodes are shared by whole cores: no data can put the threads of one core into two
//! cache or node pods.

#![forbid(unsafe_code)]

use super::facts::Node;
use super::{AffinityScope, CpuSet};

#[cfg(test)]
mod tests;

/// The pods of one scope, by their first CPU, and which of them a CPU is in.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Pods {
    sets: Vec<CpuSet>,
    /// By CPU number; `NOWHERE` for CPUs that are in no pod.
    pod_of: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Pods {
    /// Takes `sets`, which must be disjoint and not empty, in their order.
    pub(super) fn new(sets: Vec<CpuSet>) -> Self {
        let end = sets
            .iter()
            .filter_map(CpuSet::last)
            .max()
            .map_or(0, |last| last + 1);
        let mut pod_of = vec![NOWHERE; end];
        for (pod, set) in (0..).zip(&sets) {
            for cpu in set {
                pod_of[cpu] = pod;
            }
        }
        Self { sets, pod_of }
    }

    pub(super) fn sets(&self) -> &[CpuSet] {
        &self.sets
    }

    pub(super) fn pod_of(&self, cpu: usize) -> Option<usize> {
        let pod = *self.pod_of.get(cpu)?;
        (pod != NOWHERE).then_some(pod as usize)
    }

    /// Replaces each CPU of `cpus` by its whole pod.
    fn whole(&self, cpus: &CpuSet) -> CpuSet {
        let pods = cpus.iter().filter_map(|cpu| self.pod_of(cpu));
        pods.flat_map(|pod| &self.sets[pod]).collect()
    }
}

/// A pod for each CPU.
pub(super) fn singles(cpus: &CpuSet) -> Pods {
    Pods::new(cpus.iter().map(|cpu| CpuSet::from_iter([cpu])).collect())
}

/// Groups `units` by what `sharing` tells of their CPUs, without cutting a unit. Returns the pods,
/// sorted, and the CPUs of which nothing is known.
fn group(units: &Pods, mut sharing: impl FnMut(usize) -> Option<CpuSet>) -> (Vec<CpuSet>, CpuSet) {
    let mut rest: CpuSet = units.sets.iter().flatten().collect();
    let mut pods = Vec::new();
    for unit in &units.sets {
        if !unit.is_subset(&rest) {
            continue;
        }
        // A unit of which nothing is known waits in `rest`: a later one may name it.
        if let Some(sharers) = unit.iter().find_map(&mut sharing) {
            let pod = unit.union(&units.whole(&sharers.intersection(&rest)));
            rest = rest.difference(&pod);
            pods.push(pod);
        }
    }
    pods.sort();
    (pods, rest)
}

/// The cores of `cpus`. A CPU of which nothing is known is a core of its own.
pub(super) fn cores(cpus: &CpuSet, siblings: impl FnMut(usize) -> Option<CpuSet>) -> Pods {
    let (mut cores, unknown) = group(&singles(cpus), siblings);
    cores.extend(unknown.iter().map(|cpu| CpuSet::from_iter([cpu])));
    cores.sort();
    Pods::new(cores)
}

/// Last-level caches, as far as they are known; and the CPUs of which no cache is known.
pub(super) fn known_caches(
    cores: &Pods,
    last_level: impl FnMut(usize) -> Option<CpuSet>,
) -> (Pods, CpuSet) {
    let (caches, unknown) = group(cores, last_level);
    (Pods::new(caches), unknown)
}

/// Completes the known caches: those CPUs of a node whose caches are unknown are taken to share
/// one.
pub(super) fn caches(known: &Pods, unknown: &CpuSet, nodes: &Pods) -> Pods {
    let mut caches = known.sets.clone();
    let by_node = nodes.sets.iter().map(|node| node.intersection(unknown));
    caches.extend(by_node.filter(|cpus| !cpus.is_empty()));
    caches.sort();
    Pods::new(caches)
}

/// The pods of memory nodes, with the number of the node. A node without CPUs has no pod. A core
/// that no node lists belongs where the others under its cache do; the cores that are left then
/// have a pod without a number.
pub(super) fn nodes(cores: &Pods, caches: &Pods, nodes: &[Node]) -> Vec<(CpuSet, Option<u32>)> {
    let mut rest: CpuSet = cores.sets.iter().flatten().collect();
    let mut pods: Vec<(CpuSet, Option<u32>)> = Vec::new();
    for node in nodes {
        let pod = cores.whole(&node.cpus.intersection(&rest));
        rest = rest.difference(&pod);
        if !pod.is_empty() {
            pods.push((pod, Some(node.number)));
        }
    }
    for cache in &caches.sets {
        let homeless = cache.intersection(&rest);
        let home = pods.iter_mut().find(|(pod, _)| pod.intersects(cache));
        if let Some((pod, _)) = home.filter(|_| !homeless.is_empty()) {
            *pod = pod.union(&homeless);
            rest = rest.difference(&homeless);
        }
    }
    if !rest.is_empty() {
        pods.push((rest, None));
    }
    pods.sort();
    pods
}

/// Cuts each cache into even shards of whole cores, in the order of the cores.
pub(super) fn shards(cores: &Pods, caches: &Pods) -> Pods {
    let mut cores_of = vec![Vec::new(); caches.sets.len()];
    for core in &cores.sets {
        if let Some(cache) = core.first().and_then(|cpu| caches.pod_of(cpu)) {
            cores_of[cache].push(core);
        }
    }
    let mut shards: Vec<CpuSet> = Vec::new();
    for cores in &cores_of {
        let mut rest = cores.iter();
        for size in shard_sizes(cores.len()) {
            shards.push(
                rest.by_ref()
                    .take(size)
                    .flat_map(|core| core.iter())
                    .collect(),
            );
        }
    }
    shards.sort();
    Pods::new(shards)
}

/// How many cores each shard of a cache with `cores` cores gets: as even as can be, the larger
/// shards first.
fn shard_sizes(cores: usize) -> impl Iterator<Item = usize> {
    const TARGET: usize = AffinityScope::SHARD_CORES;
    let shards = ((cores + TARGET / 2) / TARGET).max(1);
    (0..shards).map(move |shard| cores / shards + usize::from(shard < cores % shards))
}
