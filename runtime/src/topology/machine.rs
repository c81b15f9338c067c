//! [`Topology`]: the pods of a machine.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::facts::Facts;
use super::pods::{self, Pods};
use super::sysfs::Sysfs;
use super::{AffinityScope, CpuSet, affinity};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// The CPUs that the runtime may use, grouped into pods for each [`AffinityScope`].
///
/// In every scope each CPU is in exactly one pod. Each pod of a scope lies within one pod of the
/// next coarser, with one exception: a last-level cache can span memory nodes, so a pod of
/// `cache_shard` or `cache` need not lie within one of `numa`.
///
/// [`Display`](fmt::Display) prints the pods of each scope and marks the default scope with an
/// asterisk.
///
/// # Examples
///
/// ```
/// use fastwake::topology::{AffinityScope, Topology};
///
/// let machine = Topology::current();
/// for pod in machine.pods(AffinityScope::Cache) {
///     println!("{} CPUs share a last-level cache: {pod}", pod.len());
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Topology {
    cpus: CpuSet,
    /// By scope, in the order of [`AffinityScope::ALL`].
    scopes: [Pods; AffinityScope::ALL.len()],
    /// The distances between the pods of the `numa` scope; a pod is [`near::SAME_NODE`] away from
    /// itself.
    node_distances: Vec<Vec<u32>>,
    /// The system's numbers of the pods of the `numa` scope, as far as it has told them.
    node_numbers: Vec<Option<u32>>,
}

/// What [`Topology::distance`] gives for CPUs of one core, and so on outwards.
mod near {
    pub(super) const SAME_CPU: u32 = 0;
    pub(super) const SAME_CORE: u32 = 1;
    pub(super) const SAME_SHARD: u32 = 2;
    pub(super) const SAME_CACHE: u32 = 3;
    /// From here on the values are the firmware's node distances, where 10 is a node's distance to
    /// itself.
    pub(super) const SAME_NODE: u32 = 10;
    /// What firmware gives for a remote node by default.
    pub(super) const OTHER_NODE: u32 = 20;
}

impl Topology {
    /// The machine this runs on, restricted to the CPUs that the calling thread may run on.
    ///
    /// Those are its affinity mask, which a cgroup's cpuset narrows, too. What cannot be found out
    /// makes pods coarser, as in [`single_pod`](Self::single_pod), and outside Linux nothing can.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::Topology;
    /// assert!(!Topology::current().cpus().is_empty());
    /// ```
    #[must_use]
    pub fn current() -> Self {
        let sysfs = Self::sysfs();
        let cpus = Self::usable_cpus(sysfs.as_ref());
        match &sysfs {
            Some(sysfs) => Self::read(sysfs, cpus),
            None => Self::single_pod(cpus),
        }
    }

    /// As [`current`](Self::current), read but once while the CPUs that the calling thread may run on
    /// stay the same: some programs build many runtimes, tests above all, and to read it all takes longer
    /// than to make their threads.
    ///
    /// A CPU that goes offline is not among those that a thread may run on, so nothing else need be
    /// looked at.
    pub(crate) fn remembered() -> Arc<Self> {
        static LAST: Mutex<Option<Arc<Topology>>> = Mutex::new(None);
        let Ok(cpus) = affinity::allowed_cpus() else {
            return Arc::new(Self::current());
        };
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(machine) = last.as_ref().filter(|machine| machine.cpus == cpus) {
            return Arc::clone(machine);
        }
        let machine = Arc::new(Self::current());
        // Not if a CPU has come or gone meanwhile, nor if the system has nothing to tell yet.
        let stayed = || affinity::allowed_cpus().is_ok_and(|now| now == cpus);
        *last = (Self::sysfs().is_some() && stayed()).then(|| Arc::clone(&machine));
        machine
    }

    fn sysfs() -> Option<Sysfs> {
        affinity::SYSFS.and_then(|path| Sysfs::open(Path::new(path)).ok())
    }

    /// The CPUs that the calling thread may run on, as far as one can find out.
    fn usable_cpus(sysfs: Option<&Sysfs>) -> CpuSet {
        let some = |cpus: &CpuSet| !cpus.is_empty();
        let allowed = affinity::allowed_cpus().ok().filter(some);
        let online = || sysfs.map(Sysfs::online).filter(some);
        allowed
            .or_else(online)
            .unwrap_or_else(|| CpuSet::from_iter([0]))
    }

    /// Reads a directory that is laid out as `/sys`: that of another mount point, or a copy of
    /// another machine's.
    ///
    /// The topology has all CPUs that are online there, whatever this thread's affinity mask is.
    /// Missing and damaged files make pods coarser:
    ///
    /// - without siblings, a CPU is a core of its own;
    /// - the CPUs of a node whose caches are unknown are taken to share one;
    /// - CPUs that no memory node lists are in the node of those under their cache, else in one pod
    ///   of their own.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use fastwake::topology::Topology;
    /// println!("{}", Topology::from_sysfs("/sys")?);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If `path` is not a directory that can be read, or nothing in it tells which CPUs there are:
    /// then there is no machine to describe, and to make one up would hide a mistyped path.
    pub fn from_sysfs(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let sysfs = Sysfs::open(path)?;
        let cpus = sysfs.online();
        if cpus.is_empty() {
            let message = format!(
                "{path:?}: no CPU found: expected a directory as is mounted on /sys, with \
                 devices/system/cpu/online or folders devices/system/cpu/cpu0, cpu1, ..."
            );
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        Ok(Self::read(&sysfs, cpus))
    }

    /// What `facts` tell about `cpus`, whether or not they are said to be online.
    fn read(facts: &impl Facts, cpus: CpuSet) -> Self {
        let smt = pods::cores(&cpus, |cpu| facts.core(cpu));
        let (known, unknown) = pods::known_caches(&smt, |cpu| facts.last_level_cache(cpu));
        let nodes = facts.nodes();
        let (numa, numbers): (Vec<_>, Vec<_>) =
            pods::nodes(&smt, &known, &nodes.list).into_iter().unzip();
        let numa = Pods::new(numa);
        let cache = pods::caches(&known, &unknown, &numa);
        let distance = |a: usize, b: usize| {
            if a == b {
                return near::SAME_NODE;
            }
            let firmware = numbers[a]
                .zip(numbers[b])
                .and_then(|(a, b)| nodes.distance(a, b));
            firmware
                .unwrap_or(near::OTHER_NODE)
                .max(near::SAME_NODE + 1)
        };
        let row = |a| (0..numbers.len()).map(|b| distance(a, b)).collect();
        let node_distances = (0..numbers.len()).map(row).collect();
        Self::assemble(cpus, [smt, cache, numa], node_distances, numbers)
    }

    /// A machine of which nothing is known but its CPUs: each is a core of its own, and all share
    /// one cache and one node.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::{AffinityScope, Topology};
    /// let machine = Topology::single_pod("0-3".parse()?);
    /// assert_eq!(machine.pods(AffinityScope::default()).len(), 1);
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn single_pod(cpus: CpuSet) -> Self {
        let smt = pods::singles(&cpus);
        let all = one_pod(&cpus);
        let node_distances = all.sets().iter().map(|_| vec![near::SAME_NODE]).collect();
        let node_numbers = vec![None; all.sets().len()];
        Self::assemble(cpus, [smt, all.clone(), all], node_distances, node_numbers)
    }

    fn assemble(
        cpus: CpuSet,
        [smt, cache, numa]: [Pods; 3],
        node_distances: Vec<Vec<u32>>,
        node_numbers: Vec<Option<u32>>,
    ) -> Self {
        let (single, system) = (pods::singles(&cpus), one_pod(&cpus));
        let shards = pods::shards(&smt, &cache);
        Self {
            cpus,
            scopes: [single, smt, shards, cache, numa, system],
            node_distances,
            node_numbers,
        }
    }

    /// The same machine with none but the given CPUs.
    ///
    /// Pods lose the other CPUs, and pods that lose all of them are gone. The shards of a cache are
    /// cut anew from the cores that remain. The result is empty if no CPU of this topology is in
    /// `cpus`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::{AffinityScope, Topology};
    /// let machine = Topology::single_pod("0-15".parse()?);
    /// assert_eq!(machine.pods(AffinityScope::CacheShard).len(), 2);
    /// let half = machine.restricted_to(&"4-11".parse()?);
    /// assert_eq!(half.cpus().to_string(), "4-11");
    /// assert_eq!(half.pods(AffinityScope::CacheShard).len(), 1);
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn restricted_to(&self, cpus: &CpuSet) -> Self {
        let scopes = [
            AffinityScope::Smt,
            AffinityScope::Cache,
            AffinityScope::Numa,
        ];
        let left = scopes.map(|scope| self.pods_left(scope, cpus));
        let [_, _, numa] = &left;
        // A pod that is left begins with a CPU that tells which pod it was.
        let was = |pod: &CpuSet| {
            pod.first()
                .and_then(|cpu| self.pod_of(AffinityScope::Numa, cpu))
        };
        let rows: Vec<usize> = numa.sets().iter().filter_map(was).collect();
        let row = |&a: &usize| rows.iter().map(|&b| self.node_distances[a][b]).collect();
        let node_distances = rows.iter().map(row).collect();
        let node_numbers = rows.iter().map(|&row| self.node_numbers[row]).collect();
        Self::assemble(
            self.cpus.intersection(cpus),
            left,
            node_distances,
            node_numbers,
        )
    }

    fn pods_left(&self, scope: AffinityScope, cpus: &CpuSet) -> Pods {
        let cut = self.pods(scope).iter().map(|pod| pod.intersection(cpus));
        let mut left: Vec<CpuSet> = cut.filter(|pod| !pod.is_empty()).collect();
        left.sort();
        Pods::new(left)
    }

    /// All CPUs.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::Topology;
    /// let machine = Topology::single_pod("0-3,8".parse()?);
    /// assert_eq!(machine.cpus().len(), 5);
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn cpus(&self) -> &CpuSet {
        &self.cpus
    }

    /// The pods of a scope, ordered by their first CPU. None is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::{AffinityScope, Topology};
    /// let machine = Topology::single_pod("0-3".parse()?);
    /// assert_eq!(machine.pods(AffinityScope::Cpu).len(), 4);
    /// assert_eq!(machine.pods(AffinityScope::System), ["0-3".parse()?]);
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn pods(&self, scope: AffinityScope) -> &[CpuSet] {
        self.scopes[scope as usize].sets()
    }

    /// The index in [`pods`](Self::pods) of the pod that `cpu` is in; `None` if the topology does
    /// not have that CPU.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::{AffinityScope, Topology};
    /// let machine = Topology::single_pod("4-7".parse()?);
    /// assert_eq!(machine.pod_of(AffinityScope::Cpu, 6), Some(2));
    /// assert_eq!(machine.pod_of(AffinityScope::Cpu, 0), None);
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn pod_of(&self, scope: AffinityScope, cpu: usize) -> Option<usize> {
        self.scopes[scope as usize].pod_of(cpu)
    }

    /// How far CPU `a` is from CPU `b`; `None` if the topology does not have both.
    ///
    /// It is a value to compare, not a measure of time: it grows from the same CPU over the same
    /// core, cache shard, cache and node to other nodes. Between nodes it is the distance that the
    /// firmware gives, 20 if it gives none, and always more than the 10 that stand for the same
    /// node.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::Topology;
    /// let machine = Topology::single_pod("0-15".parse()?);
    /// assert_eq!(machine.distance(0, 0), Some(0));
    /// assert!(machine.distance(0, 7) < machine.distance(0, 8));
    /// assert_eq!(machine.distance(0, 16), None);
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn distance(&self, a: usize, b: usize) -> Option<u32> {
        let (node_a, node_b) = (self.node_of(a)?, self.node_of(b)?);
        let steps = [
            (AffinityScope::Cpu, near::SAME_CPU),
            (AffinityScope::Smt, near::SAME_CORE),
            (AffinityScope::CacheShard, near::SAME_SHARD),
            (AffinityScope::Cache, near::SAME_CACHE),
        ];
        let mut shared = steps.into_iter();
        let nearest = shared.find(|&(scope, _)| self.pod_of(scope, a) == self.pod_of(scope, b));
        Some(nearest.map_or_else(
            || self.node_distances[node_a][node_b],
            |(_, distance)| distance,
        ))
    }

    /// The numbers of the memory nodes that `cpus` belong to, ascending; without those that the
    /// system has not told.
    pub(crate) fn nodes_of(&self, cpus: &CpuSet) -> Vec<u32> {
        let pods = cpus.iter().filter_map(|cpu| self.node_of(cpu));
        let numbers = pods.filter_map(|pod| self.node_numbers[pod]);
        numbers.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn node_of(&self, cpu: usize) -> Option<usize> {
        self.pod_of(AffinityScope::Numa, cpu)
    }

    /// The other sets of CPUs in the order of their nearness to the one at `own`. Those equally near
    /// follow in the order after `own`, and around, so that pods that look for work do not all begin
    /// with the same one.
    ///
    /// # Panics
    ///
    /// If there is no such set.
    pub(crate) fn nearest(&self, sets: &[CpuSet], own: usize) -> Vec<usize> {
        let mut others: Vec<usize> = (own + 1..sets.len()).chain(0..own).collect();
        others.sort_by_cached_key(|&other| self.distance_between(&sets[own], &sets[other]));
        others
    }

    /// How far apart two sets are: as their first CPUs are. Nothing is near to an empty one.
    pub(crate) fn distance_between(&self, a: &CpuSet, b: &CpuSet) -> u32 {
        let distance = a
            .first()
            .zip(b.first())
            .and_then(|(a, b)| self.distance(a, b));
        distance.unwrap_or(u32::MAX)
    }
}

fn one_pod(cpus: &CpuSet) -> Pods {
    let pods = (!cpus.is_empty()).then(|| cpus.clone());
    Pods::new(pods.into_iter().collect())
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count| if count == 1 { " " } else { "s" };
        let cpus = self.cpus.len();
        write!(f, "{cpus} CPU{}: {}", plural(cpus).trim_end(), self.cpus)?;
        for scope in AffinityScope::ALL {
            let mark = if scope == AffinityScope::default() {
                '*'
            } else {
                ' '
            };
            let pods = self.pods(scope);
            write!(
                f,
                "\n{mark} {scope:<11} {:>5} pod{}",
                pods.len(),
                plural(pods.len())
            )?;
            for pod in pods {
                write!(f, "  {pod}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pods = AffinityScope::ALL.map(|scope| (scope, self.pods(scope)));
        f.debug_map().entries(pods).finish()
    }
}
