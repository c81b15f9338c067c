//! [`AffinityScope`]: how CPUs are grouped.

#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

/// How CPUs are grouped into pods; a pod is a group of CPUs that share one worker pool.
///
/// The scopes are those of the Linux workqueue. They are listed from the finest to the coarsest: a
/// wider scope lets work move further and shares one pool lock among more CPUs.
///
/// # Examples
///
/// ```
/// use fastwake::topology::AffinityScope;
///
/// assert_eq!("numa".parse(), Ok(AffinityScope::Numa));
/// assert_eq!(AffinityScope::default().to_string(), "cache_shard");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AffinityScope {
    /// Each CPU is a pod of its own.
    Cpu,
    /// The CPUs of one core, its hardware threads, are a pod.
    Smt,
    /// The CPUs under one last-level cache are cut into even pods of whole cores, of about
    /// [`SHARD_CORES`](Self::SHARD_CORES) each.
    #[default]
    CacheShard,
    /// The CPUs under one last-level cache are a pod.
    Cache,
    /// The CPUs of one memory node are a pod.
    Numa,
    /// All CPUs are one pod.
    System,
}

impl AffinityScope {
    /// All scopes, from the finest to the coarsest.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::{AffinityScope, Topology};
    /// let machine = Topology::current();
    /// for scope in AffinityScope::ALL {
    ///     println!("{scope}: {} pods", machine.pods(scope).len());
    /// }
    /// assert!(AffinityScope::ALL.is_sorted());
    /// ```
    pub const ALL: [Self; 6] = [
        Self::Cpu,
        Self::Smt,
        Self::CacheShard,
        Self::Cache,
        Self::Numa,
        Self::System,
    ];

    /// The number of cores that a pod of [`CacheShard`](Self::CacheShard) aims at.
    ///
    /// A cache with `n` cores has `n / SHARD_CORES` shards, rounded to the nearest and at least
    /// one, so 11 cores are one shard and 12 are two. The value is that of Linux 7.1, where shards
    /// of 8 to 16 cores did best on large caches.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::{AffinityScope, CpuSet, Topology};
    /// let cpus: CpuSet = (0..2 * AffinityScope::SHARD_CORES).collect();
    /// let machine = Topology::single_pod(cpus);
    /// assert_eq!(machine.pods(AffinityScope::CacheShard).len(), 2);
    /// ```
    pub const SHARD_CORES: usize = 8;

    /// The name of the scope, as [`FromStr`] reads it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::AffinityScope;
    /// assert_eq!(AffinityScope::CacheShard.as_str(), "cache_shard");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Smt => "smt",
            Self::CacheShard => "cache_shard",
            Self::Cache => "cache",
            Self::Numa => "numa",
            Self::System => "system",
        }
    }
}

impl fmt::Display for AffinityScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the name of a scope.
///
/// # Errors
///
/// If there is no scope of that name.
impl FromStr for AffinityScope {
    type Err = ParseAffinityScopeError;

    fn from_str(text: &str) -> Result<Self, ParseAffinityScopeError> {
        let named = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        named.ok_or_else(|| ParseAffinityScopeError { text: text.into() })
    }
}

/// There is no affinity scope of that name.
///
/// # Examples
///
/// ```
/// use fastwake::topology::AffinityScope;
///
/// let error = "socket".parse::<AffinityScope>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"unknown affinity scope "socket": it is one of cpu, smt, cache_shard, cache, numa, system"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseAffinityScopeError {
    text: String,
}

impl fmt::Display for ParseAffinityScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = AffinityScope::ALL.map(AffinityScope::as_str).join(", ");
        let text = &self.text;
        write!(f, "unknown affinity scope {text:?}: it is one of {names}")
    }
}

impl std::error::Error for ParseAffinityScopeError {}
