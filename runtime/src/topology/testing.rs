//! Machines built in code: directories that are laid out as `/sys`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{AffinityScope, CpuSet, Topology};

/// A directory of its own, gone with the value.
pub(super) struct TempDir {
    path: PathBuf,
}

impl TempDir {
    pub(super) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fastwake-topology-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        let file = self.path.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Takes away a file or a folder; it need not be there.
    pub(super) fn remove(&self, entry: &str) {
        let entry = self.path.join(entry);
        let _ = fs::remove_file(&entry).or_else(|_| fs::remove_dir_all(&entry));
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Which text form the files of a machine have. Kernels write both, snapshots may hold one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    List,
    Mask,
}

pub(super) struct Sys {
    pub(super) dir: TempDir,
    pub(super) form: Form,
}

pub(super) fn set(list: &str) -> CpuSet {
    list.parse().unwrap()
}

/// The mask format, written another way than it is read.
pub(super) fn mask(cpus: &CpuSet) -> String {
    let words = cpus.last().map_or(1, |last| last / 32 + 1);
    let word = |w: usize| {
        (0..32)
            .filter(|bit| cpus.contains(w * 32 + bit))
            .map(|bit| 1_u32 << bit)
            .sum::<u32>()
    };
    let words: Vec<String> = (0..words)
        .rev()
        .map(|w| format!("{:08x}", word(w)))
        .collect();
    words.join(",") + "\n"
}

impl Sys {
    /// A machine with the given CPUs online.
    pub(super) fn new(online: &str) -> Self {
        let sys = Self {
            dir: TempDir::new(),
            form: Form::List,
        };
        sys.dir
            .write("devices/system/cpu/online", &format!("{online}\n"));
        sys
    }

    pub(super) fn cpu(&self, cpu: usize, file: &str, text: &str) {
        self.dir
            .write(&format!("devices/system/cpu/cpu{cpu}/{file}"), text);
    }

    fn cpus_file(&self, cpu: usize, [list, mask_name]: [&str; 2], cpus: &CpuSet) {
        match self.form {
            Form::List => self.cpu(cpu, list, &format!("{cpus}\n")),
            Form::Mask => self.cpu(cpu, mask_name, &mask(cpus)),
        }
    }

    pub(super) fn core(&self, list: &str) -> &Self {
        let cpus = set(list);
        for cpu in &cpus {
            let names = ["topology/thread_siblings_list", "topology/thread_siblings"];
            self.cpus_file(cpu, names, &cpus);
        }
        self
    }

    /// Gives each of the CPUs a cache of that level and type that they share.
    pub(super) fn cache(&self, level: u32, kind: &str, list: &str) -> &Self {
        let cpus = set(list);
        // The index tells instruction and data caches of the first level apart.
        let index = if kind == "Instruction" { 0 } else { level };
        for cpu in &cpus {
            let folder = format!("cache/index{index}");
            self.cpu(cpu, &format!("{folder}/level"), &format!("{level}\n"));
            self.cpu(cpu, &format!("{folder}/type"), &format!("{kind}\n"));
            let names = ["shared_cpu_list", "shared_cpu_map"].map(|n| format!("{folder}/{n}"));
            self.cpus_file(cpu, [&names[0], &names[1]], &cpus);
        }
        self
    }

    /// Like [`cache`](Self::cache), with links instead of copies: large machines have many files.
    #[cfg(unix)]
    pub(super) fn shared_cache(&self, level: u32, list: &str) {
        let folder = |cpu| format!("devices/system/cpu/cpu{cpu}/cache/index{level}");
        let cpus = set(list);
        let first = cpus.first().unwrap();
        let names =
            ["shared_cpu_list", "shared_cpu_map"].map(|n| format!("cache/index{level}/{n}"));
        self.cpu(
            first,
            &format!("cache/index{level}/level"),
            &format!("{level}\n"),
        );
        self.cpus_file(first, [&names[0], &names[1]], &cpus);
        let original = self.dir.path().join(folder(first));
        for cpu in cpus.iter().skip(1) {
            let link = self.dir.path().join(folder(cpu));
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(&original, link).unwrap();
        }
    }

    pub(super) fn node(&self, number: usize, list: &str, distances: &str) -> &Self {
        let folder = format!("devices/system/node/node{number}");
        match self.form {
            Form::List => self
                .dir
                .write(&format!("{folder}/cpulist"), &format!("{list}\n")),
            Form::Mask => self
                .dir
                .write(&format!("{folder}/cpumap"), &mask(&set(list))),
        }
        if !distances.is_empty() {
            self.dir
                .write(&format!("{folder}/distance"), &format!("{distances}\n"));
        }
        self
    }

    pub(super) fn read(&self) -> Topology {
        Topology::from_sysfs(self.dir.path()).unwrap()
    }
}

/// The pods of a scope in list format.
pub(super) fn pods(machine: &Topology, scope: AffinityScope) -> Vec<String> {
    machine.pods(scope).iter().map(CpuSet::to_string).collect()
}

/// What holds for every topology, however odd the data it came from.
pub(super) fn check_invariants(machine: &Topology) {
    for scope in AffinityScope::ALL {
        let pods = machine.pods(scope);
        assert!(pods.iter().all(|pod| !pod.is_empty()), "{scope}: empty pod");
        assert!(pods.is_sorted(), "{scope}: pods out of order");
        let mut seen = CpuSet::new();
        for (index, pod) in pods.iter().enumerate() {
            for cpu in pod {
                assert!(seen.insert(cpu), "{scope}: CPU {cpu} is in two pods");
                assert_eq!(machine.pod_of(scope, cpu), Some(index));
            }
        }
        assert_eq!(
            &seen,
            machine.cpus(),
            "{scope}: not the CPUs of the machine"
        );
    }
    for (fine, coarse) in [
        (AffinityScope::Cpu, AffinityScope::Smt),
        (AffinityScope::Smt, AffinityScope::CacheShard),
        (AffinityScope::CacheShard, AffinityScope::Cache),
        (AffinityScope::Smt, AffinityScope::Numa),
        (AffinityScope::Cache, AffinityScope::System),
        (AffinityScope::Numa, AffinityScope::System),
    ] {
        for pod in machine.pods(fine) {
            let around = machine
                .pods(coarse)
                .iter()
                .filter(|outer| pod.is_subset(outer));
            assert_eq!(
                around.count(),
                1,
                "{fine} pod {pod} is not within one {coarse} pod"
            );
        }
    }
    for cache in machine.pods(AffinityScope::Cache) {
        check_shards(machine, cache);
    }
    check_distances(machine);
}

fn check_shards(machine: &Topology, cache: &CpuSet) {
    let within = |scope: AffinityScope, outer: &CpuSet| {
        machine
            .pods(scope)
            .iter()
            .filter(|pod| pod.is_subset(outer))
            .count()
    };
    let shards = machine.pods(AffinityScope::CacheShard).iter();
    let sizes: Vec<usize> = shards
        .filter(|shard| shard.is_subset(cache))
        .map(|shard| within(AffinityScope::Smt, shard))
        .collect();
    let cores: usize = sizes.iter().sum();
    assert_eq!(cores, within(AffinityScope::Smt, cache));
    let rounded = (cores as f64 / AffinityScope::SHARD_CORES as f64).round() as usize;
    assert_eq!(sizes.len(), rounded.max(1), "shards of {cores} cores");
    assert!(
        sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1,
        "uneven: {sizes:?}"
    );
}

fn check_distances(machine: &Topology) {
    // On large machines a sample does.
    let step = machine.cpus().len().div_ceil(16).max(1);
    for a in machine.cpus().iter().step_by(step) {
        for b in machine.cpus().iter().step_by(step) {
            let distance = machine.distance(a, b).unwrap();
            let same = |scope| machine.pod_of(scope, a) == machine.pod_of(scope, b);
            assert_eq!(distance == 0, a == b);
            assert_eq!(distance <= 1, same(AffinityScope::Smt));
            assert_eq!(distance <= 2, same(AffinityScope::CacheShard));
            assert_eq!(distance <= 3, same(AffinityScope::Cache));
            assert_eq!(
                distance <= 10,
                same(AffinityScope::Cache) || same(AffinityScope::Numa)
            );
        }
    }
}
