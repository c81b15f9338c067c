#![forbid(unsafe_code)]
//! The shape of a machine: which CPUs share what.

use fastwake::topology::AffinityScope;

/// A machine whose CPUs are numbered core by core, cache by cache, node by node.
///
/// # Examples
///
/// ```
/// use fastwake::topology::AffinityScope;
/// use fastwake_benches::model::Shape;
///
/// let grace = Shape::one_cache(72);
/// assert_eq!(grace.pods(AffinityScope::CacheShard), 9);
/// assert_eq!(grace.pods(AffinityScope::System), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    cpus: usize,
    cpus_per_core: usize,
    cpus_per_cache: usize,
    cpus_per_node: usize,
}

impl Shape {
    /// All CPUs are cores under one last-level cache, as on NVIDIA Grace or in a small virtual machine.
    ///
    /// # Panics
    ///
    /// If there are no CPUs.
    #[must_use]
    pub fn one_cache(cpus: usize) -> Self {
        Self::new(cpus, 1, cpus, cpus)
    }

    /// Cores of two CPUs, eight of them under each last-level cache, 64 in each node: as on AMD EPYC.
    ///
    /// # Panics
    ///
    /// If there are no CPUs.
    #[must_use]
    pub fn chiplets(cpus: usize) -> Self {
        Self::new(cpus, 2, 16, 128)
    }

    fn new(cpus: usize, cpus_per_core: usize, cpus_per_cache: usize, cpus_per_node: usize) -> Self {
        assert!(cpus > 0, "a machine has at least one CPU");
        Self {
            cpus,
            cpus_per_core,
            cpus_per_cache,
            cpus_per_node,
        }
    }

    /// How many CPUs there are.
    #[must_use]
    pub fn cpus(&self) -> usize {
        self.cpus
    }

    /// How many pods there are in this scope.
    #[must_use]
    pub fn pods(&self, scope: AffinityScope) -> usize {
        self.pod_of(scope, self.cpus - 1) + 1
    }

    /// The pod of a CPU, counted from 0 in the order of the CPUs.
    pub(super) fn pod_of(&self, scope: AffinityScope, cpu: usize) -> usize {
        match scope {
            AffinityScope::Cpu => cpu,
            AffinityScope::Smt => self.core_of(cpu),
            AffinityScope::CacheShard => self.shard_of(cpu),
            AffinityScope::Cache => self.cache_of(cpu),
            AffinityScope::Numa => self.node_of(cpu),
            AffinityScope::System => 0,
        }
    }

    pub(super) fn core_of(&self, cpu: usize) -> usize {
        cpu / self.cpus_per_core
    }

    pub(super) fn cache_of(&self, cpu: usize) -> usize {
        cpu / self.cpus_per_cache
    }

    pub(super) fn node_of(&self, cpu: usize) -> usize {
        cpu / self.cpus_per_node
    }

    /// Caches before this one are full, so they all have the same number of shards.
    fn shard_of(&self, cpu: usize) -> usize {
        let cache = self.cache_of(cpu);
        let full = shards(self.cpus_per_cache.div_ceil(self.cpus_per_core));
        let first = cache * self.cpus_per_cache;
        let cpus = self.cpus_per_cache.min(self.cpus - first);
        let cores = cpus.div_ceil(self.cpus_per_core);
        let shards = shards(cores);
        let core = (cpu - first) / self.cpus_per_core;
        // The first `longer` shards have one core more.
        let (size, longer) = (cores / shards, cores % shards);
        let shard = if core < longer * (size + 1) {
            core / (size + 1)
        } else {
            (core - longer) / size
        };
        cache * full + shard
    }
}

/// Into how many shards this many cores are cut.
fn shards(cores: usize) -> usize {
    let size = AffinityScope::SHARD_CORES;
    ((cores + size / 2) / size).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(shape: Shape, scope: AffinityScope) -> Vec<usize> {
        let mut sizes = vec![0; shape.pods(scope)];
        (0..shape.cpus()).for_each(|cpu| sizes[shape.pod_of(scope, cpu)] += 1);
        sizes
    }

    #[test]
    fn shards_are_those_of_the_kernel() {
        let shards = |cpus| sizes(Shape::one_cache(cpus), AffinityScope::CacheShard);
        assert_eq!(shards(11), [11]);
        assert_eq!(shards(12), [6, 6]);
        assert_eq!(shards(36), [8, 7, 7, 7, 7]);
        assert_eq!(shards(72), [8; 9]);
        assert_eq!(shards(100), [8, 8, 8, 8, 8, 8, 8, 8, 8, 7, 7, 7, 7]);
    }

    #[test]
    fn every_cpu_is_in_a_pod_and_no_pod_is_empty() {
        for cpus in 1..=300 {
            for shape in [Shape::one_cache(cpus), Shape::chiplets(cpus)] {
                for scope in AffinityScope::ALL {
                    let sizes = sizes(shape, scope);
                    assert_eq!(sizes.iter().sum::<usize>(), cpus);
                    assert!(
                        sizes.iter().all(|size| *size > 0),
                        "{shape:?} {scope} {sizes:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn chiplets_have_pods_of_every_size() {
        let pods = AffinityScope::ALL.map(|scope| Shape::chiplets(256).pods(scope));
        assert_eq!(pods, [256, 128, 16, 16, 2, 1]);
    }
}
