//! What holds for every machine, regular or not.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

use super::super::facts::{Facts, Node, Nodes};
use super::super::testing::{Form, Sys, check_invariants};
use super::*;

use AffinityScope::{Cache, Numa, Smt};

/// A regular machine, of which some CPUs may be offline.
#[derive(Clone, Debug)]
struct Plan {
    nodes: usize,
    /// Of a node.
    caches: usize,
    /// Of a cache.
    cores: usize,
    /// Of a core.
    threads: usize,
    /// Whether the threads of a core have neighbouring numbers, or are as many apart as there are
    /// cores.
    neighbours: bool,
    /// CPU numbers are multiples of this.
    stride: usize,
    offline: Vec<Index>,
}

fn plan(most_cores: usize) -> impl Strategy<Value = Plan> {
    let threads = prop_oneof![Just(1_usize), Just(2), Just(4)];
    let shape = (1..4_usize, 1..3_usize, 1..=most_cores, threads);
    let stride = prop_oneof![Just(1_usize), Just(3), Just(9)];
    (shape, any::<bool>(), stride, vec(any::<Index>(), 0..5)).prop_map(
        |((nodes, caches, cores, threads), neighbours, stride, offline)| Plan {
            nodes,
            caches,
            cores,
            threads,
            neighbours,
            stride,
            offline,
        },
    )
}

impl Plan {
    fn all_cores(&self) -> usize {
        self.nodes * self.caches * self.cores
    }

    fn core(&self, core: usize) -> CpuSet {
        let number = |thread| match self.neighbours {
            true => core * self.threads + thread,
            false => core + thread * self.all_cores(),
        };
        let cpus = (0..self.threads).map(|thread| number(thread) * self.stride);
        cpus.collect()
    }

    /// The CPUs of groups of `size` neighbouring cores.
    fn groups(&self, size: usize) -> Vec<CpuSet> {
        let cores: Vec<CpuSet> = (0..self.all_cores()).map(|core| self.core(core)).collect();
        cores
            .chunks(size)
            .map(|group| group.iter().flatten().collect())
            .collect()
    }

    fn core_groups(&self) -> Vec<CpuSet> {
        self.groups(1)
    }

    fn cache_groups(&self) -> Vec<CpuSet> {
        self.groups(self.cores)
    }

    fn node_groups(&self) -> Vec<CpuSet> {
        self.groups(self.cores * self.caches)
    }

    fn cpus(&self) -> CpuSet {
        self.groups(self.all_cores()).remove(0)
    }

    /// At least the first CPU.
    fn online(&self) -> CpuSet {
        let others: Vec<usize> = self.cpus().iter().skip(1).collect();
        let offline = self.offline.iter().filter(|_| !others.is_empty());
        self.cpus()
            .difference(&offline.map(|index| *index.get(&others)).collect())
    }

    fn online_pods(&self, groups: Vec<CpuSet>) -> Vec<CpuSet> {
        let online = self.online();
        let pods = groups.iter().map(|group| group.intersection(&online));
        let mut pods: Vec<CpuSet> = pods.filter(|pod| !pod.is_empty()).collect();
        pods.sort();
        pods
    }

    fn is_described_by(&self, machine: &Topology) -> Result<(), TestCaseError> {
        check_invariants(machine);
        prop_assert_eq!(machine.cpus(), &self.online());
        prop_assert_eq!(machine.pods(Smt), self.online_pods(self.core_groups()));
        prop_assert_eq!(machine.pods(Cache), self.online_pods(self.cache_groups()));
        prop_assert_eq!(machine.pods(Numa), self.online_pods(self.node_groups()));
        Ok(())
    }
}

impl Facts for Plan {
    fn core(&self, cpu: usize) -> Option<CpuSet> {
        self.core_groups()
            .into_iter()
            .find(|group| group.contains(cpu))
    }

    fn last_level_cache(&self, cpu: usize) -> Option<CpuSet> {
        self.cache_groups()
            .into_iter()
            .find(|group| group.contains(cpu))
    }

    fn nodes(&self) -> Nodes {
        let node = |(number, cpus)| Node {
            number,
            cpus,
            distances: Vec::new(),
        };
        Nodes {
            list: (0..).zip(self.node_groups()).map(node).collect(),
            columns: Vec::new(),
        }
    }
}

/// A machine whose CPUs say what they please about each other.
#[derive(Clone, Debug)]
struct Told {
    cores: BTreeMap<usize, CpuSet>,
    caches: BTreeMap<usize, CpuSet>,
    nodes: BTreeMap<u32, (CpuSet, Vec<u32>)>,
}

fn told() -> impl Strategy<Value = Told> {
    let cpus = |most| vec(0..40_usize, 0..most).prop_map(CpuSet::from_iter);
    let node = (cpus(20), vec(any::<u32>(), 3));
    (
        btree_map(0..40_usize, cpus(4), 0..40),
        btree_map(0..40_usize, cpus(30), 0..40),
        btree_map(0..9_u32, node, 0..4),
    )
        .prop_map(|(cores, caches, nodes)| Told {
            cores,
            caches,
            nodes,
        })
}

impl Facts for Told {
    fn core(&self, cpu: usize) -> Option<CpuSet> {
        self.cores.get(&cpu).cloned()
    }

    fn last_level_cache(&self, cpu: usize) -> Option<CpuSet> {
        self.caches.get(&cpu).cloned()
    }

    fn nodes(&self) -> Nodes {
        let node = |(&number, (cpus, distances)): (&u32, &(CpuSet, Vec<u32>))| Node {
            number,
            cpus: cpus.clone(),
            distances: distances.clone(),
        };
        Nodes {
            list: self.nodes.iter().map(node).collect(),
            columns: self.nodes.keys().copied().collect(),
        }
    }
}

proptest! {
    #[test]
    fn pods_are_the_groups_of_the_machine(plan in plan(40)) {
        plan.is_described_by(&Topology::read(&plan, plan.online()))?;
    }

    #[test]
    fn contradictions_never_put_a_cpu_into_two_pods_or_none(
        told in told(),
        online in vec(0..40_usize, 0..40),
    ) {
        let online = CpuSet::from_iter(online);
        let machine = Topology::read(&told, online.clone());
        check_invariants(&machine);
        prop_assert_eq!(machine.cpus(), &online);
    }

    #[test]
    fn a_restricted_machine_is_one_that_never_had_the_other_cpus(
        plan in plan(40),
        kept in vec(any::<Index>(), 1..50),
    ) {
        let online: Vec<usize> = plan.online().iter().collect();
        let kept: CpuSet = kept.iter().map(|index| *index.get(&online)).collect();
        let restricted = Topology::read(&plan, plan.online()).restricted_to(&kept);
        check_invariants(&restricted);
        prop_assert_eq!(restricted, Topology::read(&plan, kept));
    }

    #[test]
    fn the_other_pods_are_listed_once_each_and_nearest_first(
        plan in plan(6),
        scope in 0..6_usize,
        pod in any::<Index>(),
    ) {
        let machine = Topology::read(&plan, plan.online());
        let scope = AffinityScope::ALL[scope];
        let pods = machine.pods(scope);
        let pod = pod.index(pods.len());
        let mut others = machine.nearest(machine.pods(scope), pod);
        let first = |pod: usize| pods[pod].first().unwrap();
        prop_assert!(others.is_sorted_by_key(|&other| machine.distance(first(pod), first(other))));
        others.sort_unstable();
        prop_assert!(others.into_iter().eq((0..pods.len()).filter(|&other| other != pod)));
    }
}

/// The files of a regular machine.
fn build(plan: &Plan, form: Form) -> Sys {
    let mut sys = Sys::new(&plan.online().to_string());
    sys.form = form;
    for core in plan.core_groups() {
        sys.core(&core.to_string());
    }
    for cache in plan.cache_groups() {
        sys.cache(3, "Unified", &cache.to_string());
    }
    for (number, node) in plan.node_groups().iter().enumerate() {
        sys.node(number, &node.to_string(), "");
    }
    sys
}

/// What damaged files hold: nothing, something like a list or a mask, or anything.
const DAMAGE: &str = "[0-9,-]{0,8}|[0-9a-f,]{1,20}|\\PC{1,9}";

const DAMAGED: [&str; 6] = [
    "topology/thread_siblings_list",
    "topology/thread_siblings",
    "cache/index3/shared_cpu_list",
    "cache/index3/shared_cpu_map",
    "cache/index3/level",
    "cache/index3/type",
];

proptest! {
    // Each case makes some hundred files.
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn pods_are_the_groups_that_the_files_describe(plan in plan(4), masks in any::<bool>()) {
        let form = if masks { Form::Mask } else { Form::List };
        plan.is_described_by(&build(&plan, form).read())?;
    }

    #[test]
    fn damaged_files_never_put_a_cpu_into_two_pods_or_none(
        plan in plan(4),
        damage in vec((any::<Index>(), 0..DAMAGED.len(), DAMAGE), 1..20),
        nodes_gone in any::<bool>(),
    ) {
        let sys = build(&plan, Form::List);
        let cpus: Vec<usize> = plan.cpus().iter().collect();
        for (cpu, file, text) in &damage {
            sys.cpu(*cpu.get(&cpus), DAMAGED[*file], text);
        }
        if nodes_gone {
            sys.dir.remove("devices/system/node");
        }
        let machine = sys.read();
        check_invariants(&machine);
        prop_assert_eq!(machine.cpus(), &plan.online());
    }
}
