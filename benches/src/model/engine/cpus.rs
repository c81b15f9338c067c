#![forbid(unsafe_code)]
//! CPUs run one thread at a time.

use std::collections::VecDeque;
use std::ops::Range;

use super::ThreadId;

#[derive(Debug, Clone, Default)]
struct Cpu {
    busy: bool,
    queue: VecDeque<ThreadId>,
}

/// All CPUs of the machine.
#[derive(Debug)]
pub(super) struct Cpus(Vec<Cpu>);

impl Cpus {
    pub(super) fn new(count: usize) -> Self {
        Self(vec![Cpu::default(); count])
    }

    /// The CPU for a thread that wakes: `home` if it is idle, else the next idle one of `allowed`, else
    /// the one with the shortest queue.
    pub(super) fn choose(&self, home: usize, allowed: Range<usize>) -> usize {
        let round = (home..allowed.end).chain(allowed.start..home);
        let load = |cpu: &usize| (self.0[*cpu].busy, self.0[*cpu].queue.len());
        round.min_by_key(load).expect("home is one of them")
    }

    /// Takes the CPU if it is idle.
    pub(super) fn take(&mut self, cpu: usize) -> bool {
        !std::mem::replace(&mut self.0[cpu].busy, true)
    }

    pub(super) fn enqueue(&mut self, cpu: usize, thread: ThreadId) {
        self.0[cpu].queue.push_back(thread);
    }

    /// The running thread leaves the CPU: to whom?
    pub(super) fn leave(&mut self, cpu: usize) -> Option<ThreadId> {
        let next = self.0[cpu].queue.pop_front();
        self.0[cpu].busy = next.is_some();
        next
    }

    /// An idle CPU takes a thread that waits for another one and may run here.
    pub(super) fn pull(
        &mut self,
        cpu: usize,
        from: Range<usize>,
        may_move: impl Fn(ThreadId) -> bool,
    ) -> Option<ThreadId> {
        let pulled = self.0[from].iter_mut().find_map(|other| {
            let position = other.queue.iter().position(|thread| may_move(*thread))?;
            other.queue.remove(position)
        });
        self.0[cpu].busy = pulled.is_some();
        pulled
    }
}
