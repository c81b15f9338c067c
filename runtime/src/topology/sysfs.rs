//! What sysfs tells about CPUs, caches and memory nodes.
//!
//! Nothing here trusts what it reads. A file that is missing, unreadable, no regular file, or does
//! not say what it ought to is as good as absent, and the caller makes do with less.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::CpuSet;
use super::facts::{Facts, Node, Nodes};
use super::parse::is_digits;

#[cfg(test)]
mod tests;

/// A directory that is laid out as `/sys`.
pub(super) struct Sysfs {
    cpu: PathBuf,
    node: PathBuf,
}

impl Sysfs {
    /// # Errors
    ///
    /// If `root` is not a directory that can be read.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let named = |e: io::Error| io::Error::new(e.kind(), format!("{root:?}: {e}"));
        fs::read_dir(root).map_err(named)?;
        let system = root.join("devices/system");
        Ok(Self {
            cpu: system.join("cpu"),
            node: system.join("node"),
        })
    }

    /// The CPUs that are online; empty if there is no telling.
    ///
    /// Without a usable `online` file these are the CPUs that have a folder and are not switched
    /// off there; without such folders, those that are said to be present, or at least possible.
    pub(super) fn online(&self) -> CpuSet {
        let listed = |name| read_list(&self.cpu.join(name)).filter(|cpus| !cpus.is_empty());
        let with_folder = || Some(self.cpus_with_folder()).filter(|cpus| !cpus.is_empty());
        let online = listed("online").or_else(with_folder);
        let online = online.or_else(|| listed("present"));
        online.or_else(|| listed("possible")).unwrap_or_default()
    }

    fn cpus_with_folder(&self) -> CpuSet {
        let numbers = numbered_entries(&self.cpu, "cpu");
        let cpus = numbers.map(|number| number as usize);
        let cpus = cpus.filter(|&cpu| {
            cpu < CpuSet::MAX_CPUS
                && self.cpu_folder(cpu).is_dir()
                && read(&self.cpu_folder(cpu).join("online")).as_deref() != Some("0")
        });
        cpus.collect()
    }

    fn cpu_folder(&self, cpu: usize) -> PathBuf {
        self.cpu.join(format!("cpu{cpu}"))
    }
}

impl Facts for Sysfs {
    fn core(&self, cpu: usize) -> Option<CpuSet> {
        let folder = self.cpu_folder(cpu).join("topology");
        // Linux 5.3 renamed the files, and keeps the old names, too.
        let names = [
            ("core_cpus_list", "core_cpus"),
            ("thread_siblings_list", "thread_siblings"),
        ];
        let mut sets = names
            .iter()
            .filter_map(|(list, mask)| read_sharers(&folder.join(list), &folder.join(mask), cpu));
        sets.next()
    }

    /// Takes the data or unified cache of the highest level, whichever that is. Identifiers of
    /// caches are not looked at: they repeat on some machines.
    fn last_level_cache(&self, cpu: usize) -> Option<CpuSet> {
        let folder = self.cpu_folder(cpu).join("cache");
        let indices = numbered_entries(&folder, "index");
        let caches = indices.map(|index| folder.join(format!("index{index}")));
        let caches =
            caches.filter(|cache| read(&cache.join("type")).as_deref() != Some("Instruction"));
        let leveled = caches.filter_map(|cache| {
            let level: u32 = read(&cache.join("level"))?.parse().ok()?;
            Some((level, cache))
        });
        let leveled: Vec<_> = leveled.collect();
        let top = leveled.iter().map(|&(level, _)| level).max()?;
        // If it is unknown who shares the highest level, a lower one is no answer: it would cut
        // finer than the machine.
        let at_top = leveled.iter().filter(|&&(level, _)| level == top);
        let sharers = at_top.filter_map(|(_, cache)| {
            let (list, mask) = (cache.join("shared_cpu_list"), cache.join("shared_cpu_map"));
            read_sharers(&list, &mask, cpu)
        });
        sharers.max_by_key(CpuSet::len)
    }

    fn nodes(&self) -> Nodes {
        let mut numbers: Vec<u32> = numbered_entries(&self.node, "node").collect();
        numbers.sort_unstable();
        numbers.dedup();
        let columns = match read_list(&self.node.join("online")) {
            Some(online) if !online.is_empty() => online.iter().map(|node| node as u32).collect(),
            _ => numbers.clone(),
        };
        let list = numbers.into_iter().map(|number| {
            let folder = self.node.join(format!("node{number}"));
            let cpus = read_list(&folder.join("cpulist"))
                .or_else(|| read_mask(&folder.join("cpumap")))
                .unwrap_or_default();
            Node {
                number,
                cpus,
                distances: read_distances(&folder.join("distance"), columns.len()),
            }
        });
        let list = list.collect();
        Nodes { list, columns }
    }
}

/// The numbers of the entries of `folder` that are called `prefix` and a number.
fn numbered_entries(folder: &Path, prefix: &str) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let numbers = entries.filter_map(move |entry| {
        let name = entry.file_name();
        let digits = name.to_str()?.strip_prefix(prefix)?;
        is_digits(digits).then(|| digits.parse().ok()).flatten()
    });
    numbers.collect::<Vec<_>>().into_iter()
}

/// The text of a small file, without the space around it; nothing if there is none.
fn read(path: &Path) -> Option<String> {
    // Several times what a list of every second CPU takes.
    const LONGEST: u64 = 1 << 20;
    // Opening a pipe would wait for a writer.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    fs::File::open(path)
        .ok()?
        .take(LONGEST)
        .read_to_string(&mut text)
        .ok()?;
    // Snapshots of old kernels pad files with NUL bytes.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    (!text.is_empty()).then(|| text.to_owned())
}

fn read_list(path: &Path) -> Option<CpuSet> {
    read(path)?.parse().ok()
}

fn read_mask(path: &Path) -> Option<CpuSet> {
    CpuSet::from_mask_str(&read(path)?).ok()
}

/// Who shares with `cpu`, from a file in list format or from its older twin in mask format. A file
/// that leaves `cpu` itself out is about somebody else; but a mask of zero, as old Itanium kernels
/// give, says that nobody shares.
fn read_sharers(list: &Path, mask: &Path, cpu: usize) -> Option<CpuSet> {
    let with_itself = |sharers: &CpuSet| sharers.contains(cpu);
    read_list(list).filter(with_itself).or_else(|| {
        let sharers = read_mask(mask)?;
        if sharers.is_empty() {
            return Some(CpuSet::from_iter([cpu]));
        }
        Some(sharers).filter(with_itself)
    })
}

/// A row of `columns` distances; empty if the file does not hold just that.
fn read_distances(path: &Path, columns: usize) -> Vec<u32> {
    let row = read(path).and_then(|text| {
        let numbers = text
            .split_ascii_whitespace()
            .map(|number| number.parse().ok());
        numbers.collect::<Option<Vec<u32>>>()
    });
    row.filter(|row| row.len() == columns).unwrap_or_default()
}
