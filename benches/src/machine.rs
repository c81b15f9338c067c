#![forbid(unsafe_code)]
//! What was measured, and on what.

use std::fs;
use std::thread;

use serde::{Deserialize, Serialize};

/// The versions that were built are those of the lock file.
const LOCK_FILE: &str = include_str!("../../Cargo.lock");

/// The machine and the versions, as the report names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Packages and their versions.
    pub versions: Vec<(String, String)>,
    /// The compiler's version.
    pub compiler: String,
    /// Operating system and release.
    pub kernel: String,
    /// The model of its CPUs.
    pub cpu: String,
    /// CPUs that the process may run on.
    pub cpus: usize,
    /// To which CPUs its threads are pinned.
    pub pinning: String,
    /// The load average when it began: what else ran.
    pub load: String,
    /// Was it built with optimization?
    pub optimized: bool,
}

impl Machine {
    /// This one, now.
    #[must_use]
    pub fn this() -> Self {
        let packages = ["fastwake", "tokio", "smol", "mio", "parking_lot"];
        let name = |package: &str| (package.to_owned(), version(package).to_owned());
        Self {
            versions: packages.into_iter().map(name).collect(),
            compiler: compiler(),
            kernel: kernel(),
            cpu: cpu_model(),
            cpus: thread::available_parallelism().map_or(0, usize::from),
            pinning: "none: the threads run where the kernel puts them".to_owned(),
            load: first_line("/proc/loadavg"),
            optimized: !cfg!(debug_assertions),
        }
    }

    /// The lines that say it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let of = |(name, version): &(String, String)| format!("{name} {version}");
        let versions: Vec<_> = self.versions.iter().map(of).collect();
        let mut lines = vec![
            format!("{}, {}", versions.join(", "), self.compiler),
            format!("{}, {}, {} CPUs allowed", self.kernel, self.cpu, self.cpus),
            format!(
                "pinning: {}; load at the start: {}",
                self.pinning, self.load
            ),
        ];
        if !self.optimized {
            lines.push("NOT OPTIMIZED: these numbers mean nothing".to_owned());
        }
        lines
    }
}

fn version(package: &str) -> &str {
    let line = format!("name = \"{package}\"\nversion = \"");
    let found = LOCK_FILE
        .split_once(&line)
        .and_then(|(_, rest)| rest.split_once('"'));
    found.map_or("unknown", |(version, _)| version)
}

fn compiler() -> String {
    let asked = std::process::Command::new("rustc")
        .arg("--version")
        .output();
    let said = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    said.ok()
        .filter(|said| !said.is_empty())
        .unwrap_or_else(|| "unknown compiler".to_owned())
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

fn kernel() -> String {
    let release = first_line("/proc/sys/kernel/osrelease");
    format!("{} {release}", std::env::consts::OS)
}

fn cpu_model() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    line.map_or("unknown CPU", |line| {
        line.trim_start_matches([' ', '\t', ':'])
    })
    .to_owned()
}
