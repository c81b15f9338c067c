//! What pods are made from.

#![forbid(unsafe_code)]

use super::CpuSet;

/// What a machine tells about its CPUs. `None` stands for what it does not tell.
pub(super) trait Facts {
    /// The CPUs of the core that `cpu` is in, itself included.
    fn core(&self, cpu: usize) -> Option<CpuSet>;

    /// The CPUs that share the last-level cache of `cpu`, itself included.
    fn last_level_cache(&self, cpu: usize) -> Option<CpuSet>;

    /// The memory nodes, also those without CPUs.
    fn nodes(&self) -> Nodes;
}

/// A memory node.
pub(super) struct Node {
    pub(super) number: u32,
    pub(super) cpus: CpuSet,
    /// The distances to the nodes of the machine, in the order of [`Nodes::columns`]; empty if not
    /// known.
    pub(super) distances: Vec<u32>,
}

/// The memory nodes of a machine, by number.
#[derive(Default)]
pub(super) struct Nodes {
    /// Ascending.
    pub(super) list: Vec<Node>,
    /// The numbers of the nodes that distances are given to, ascending.
    pub(super) columns: Vec<u32>,
}

impl Nodes {
    /// The distance from node `a` to node `b` as the firmware gives it, where a node is 10 away
    /// from itself.
    pub(super) fn distance(&self, a: u32, b: u32) -> Option<u32> {
        let row = self.list.binary_search_by_key(&a, |node| node.number);
        let column = self.columns.binary_search(&b).ok()?;
        self.list[row.ok()?].distances.get(column).copied()
    }
}
