//! The CPU time that control groups leave to this process.
//!
//! A process is in one group of each hierarchy, and every group on the way up to the root of the
//! hierarchy can limit it. In a container only the lower part of that way is visible; what is
//! limited above cannot be seen.

#![forbid(unsafe_code)]

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::CpuSet;

#[cfg(test)]
mod tests;

/// For how long a quota is taken to be what it was. A build of a runtime asks twice, tests build one
/// after the other, and to find it out takes longer than to make a thread.
const FRESH: Duration = Duration::from_secs(1);

/// How many workers are of use on `cpus`: as many as there are CPUs, but not more than the CPU
/// quota keeps busy, and at least one. A quota is rounded up: with 2.5 CPUs' worth of time, 2
/// workers would leave some of it unused.
pub(crate) fn available_workers(cpus: &CpuSet) -> usize {
    workers(cpus.len(), cpu_quota())
}

fn workers(cpus: usize, quota: Option<f64>) -> usize {
    // The conversion saturates, so that no quota is too large.
    let busy = quota.map_or(usize::MAX, |quota| quota.ceil() as usize);
    cpus.min(busy).max(1)
}

/// The CPU time that this process may use, in CPUs (1.5 is one and a half of them); `None` if it is
/// not limited.
pub(crate) fn cpu_quota() -> Option<f64> {
    static LAST: Mutex<Option<(Instant, Option<f64>)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match *last {
        Some((then, quota)) if then.elapsed() < FRESH => quota,
        _ => {
            let quota = quota_under(Path::new("/"));
            *last = Some((Instant::now(), quota));
            quota
        }
    }
}

/// The quota by the `proc` and the mount points that are found under `root`.
fn quota_under(root: &Path) -> Option<f64> {
    let memberships = read(&root.join("proc/self/cgroup"))?;
    let mounts = read(&root.join("proc/self/mountinfo"))?;
    let mounts: Vec<Mount> = mounts.lines().filter_map(Mount::parse).collect();
    let memberships = memberships.lines().filter_map(Membership::parse);
    let quotas = memberships.filter_map(|membership| {
        let of_hierarchy = mounts
            .iter()
            .filter(|mount| mount.version == membership.version);
        let mut places = of_hierarchy.filter_map(|mount| mount.locate(&membership.path));
        let (top, group) = places.next()?;
        let top = root.join(top.strip_prefix("/").unwrap_or(&top));
        let levels = group.ancestors().map(|level| top.join(level));
        smallest(levels.filter_map(|level| membership.version.quota_of(&level)))
    });
    smallest(quotas)
}

/// A file's text; what is not UTF-8 in it, in the path of some mount, does not matter.
fn read(path: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
}

fn smallest(quotas: impl Iterator<Item = f64>) -> Option<f64> {
    quotas.reduce(f64::min)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

impl Version {
    /// The limit that the group in `folder` sets itself, in CPUs.
    fn quota_of(self, folder: &Path) -> Option<f64> {
        let read = |name| read(&folder.join(name));
        let (quota, period) = match self {
            Self::V1 => (read("cpu.cfs_quota_us")?, read("cpu.cfs_period_us")?),
            Self::V2 => {
                let both = read("cpu.max")?;
                let (quota, period) = both.trim().split_once(' ')?;
                (quota.to_owned(), period.to_owned())
            }
        };
        // "max" and -1, no limit, are not numbers of this type.
        let (quota, period): (u64, u64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
        (quota > 0 && period > 0).then(|| quota as f64 / period as f64)
    }
}

/// The group that the process is in, in a hierarchy that controls CPU time: a line of
/// `/proc/self/cgroup`.
struct Membership {
    version: Version,
    path: PathBuf,
}

impl Membership {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(3, ':');
        let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let version = match (number, controllers) {
            ("0", "") => Version::V2,
            _ if lists_cpu(controllers) => Version::V1,
            _ => return None,
        };
        let path = PathBuf::from(path);
        Some(Self { version, path })
    }
}

/// A mounted hierarchy that can control CPU time: a line of `/proc/self/mountinfo`.
struct Mount {
    version: Version,
    /// The group that is seen at the mount point.
    group: PathBuf,
    point: PathBuf,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        // Optional fields end with a lone hyphen.
        let (place, kind) = line.split_once(" - ")?;
        let mut place = place.split(' ').skip(3);
        let (group, point) = (unescape(place.next()?), unescape(place.next()?));
        let mut kind = kind.split(' ');
        let version = match kind.next()? {
            "cgroup2" => Version::V2,
            "cgroup" if lists_cpu(kind.nth(1)?) => Version::V1,
            _ => return None,
        };
        let (group, point) = (group.into(), point.into());
        Some(Self {
            version,
            group,
            point,
        })
    }

    /// Where to find the group `path`: the mount point, and the group relative to it. `None` if the
    /// group is not below what is mounted, or outside of this process's cgroup namespace.
    fn locate(&self, path: &Path) -> Option<(PathBuf, PathBuf)> {
        if path.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        let group = path.strip_prefix(&self.group).ok()?;
        Some((self.point.clone(), group.to_owned()))
    }
}

fn lists_cpu(controllers: &str) -> bool {
    controllers.split(',').any(|controller| controller == "cpu")
}

/// Undoes the escapes of mountinfo: a backslash and three octal digits stand for a space, a tab, a
/// line feed or a backslash.
fn unescape(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escape = part
            .get(..3)
            .and_then(|octal| u8::from_str_radix(octal, 8).ok());
        match escape {
            Some(byte) if byte.is_ascii() => {
                text.push(byte.into());
                text.push_str(&part[3..]);
            }
            _ => {
                text.push('\\');
                text.push_str(part);
            }
        }
    }
    text
}
