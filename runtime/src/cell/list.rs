//! A first-in-first-out list of runnables, linked through the tasks themselves.

use std::io;
use std::ptr::NonNull;

use super::Runnable;
use super::header::Header;

/// The list allocates nothing, so that it can be used under a lock. Dropping it cancels what is in
/// it.
#[derive(Default)]
pub(crate) struct TaskList {
    head: Option<NonNull<Header>>,
    tail: Option<NonNull<Header>>,
    len: usize,
}

// SAFETY: a list owns its `Runnable`s, which are `Send`.
unsafe impl Send for TaskList {}

/// The same error once more. One of the system's has a code, from which it can be made anew.
pub(crate) fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

impl TaskList {
    pub(crate) const fn new() -> Self {
        Self {
            head: None,
            tail: None,
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn push_back(&mut self, task: Runnable) {
        // SAFETY: the link is ours while we own the `Runnable`.
        task.next().with_mut(|next| unsafe { *next = None });
        self.append(TaskList::single(task));
    }

    fn single(task: Runnable) -> Self {
        // The pointer to the whole cell, not one to the header that a reference would give.
        let header = task.leak();
        Self {
            head: Some(header),
            tail: Some(header),
            len: 1,
        }
    }

    /// Moves all of `other` behind what is here.
    pub(crate) fn append(&mut self, mut other: TaskList) {
        let Some(first) = other.head.take() else {
            return;
        };
        match self.tail {
            None => self.head = Some(first),
            Some(tail) => {
                // SAFETY: the list owns the `Runnable` of its tail.
                let link = unsafe { &tail.as_ref().queue_next };
                // SAFETY: and with it the link.
                link.with_mut(|next| unsafe { *next = Some(first) });
            }
        }
        self.tail = other.tail.take();
        self.len += std::mem::take(&mut other.len);
    }

    pub(crate) fn pop_front(&mut self) -> Option<Runnable> {
        let head = self.head?;
        // SAFETY: the list owns the `Runnable` of its head.
        let link = unsafe { &head.as_ref().queue_next };
        // SAFETY: and with it the link.
        let next = link.with(|next| unsafe { *next });
        self.head = next;
        if next.is_none() {
            self.tail = None;
        }
        self.len -= 1;
        // SAFETY: it leaves the list here.
        Some(unsafe { Runnable::from_raw(head) })
    }

    /// Ends all of them because no thread could be made for them.
    pub(crate) fn fail(self, error: &io::Error) {
        for task in self {
            task.fail(again(error));
        }
    }

    /// Takes up to `n` from the front.
    pub(crate) fn take_front(&mut self, n: usize) -> TaskList {
        let Some(head) = self.head.filter(|_| 0 < n && n < self.len) else {
            return if n == 0 {
                TaskList::new()
            } else {
                std::mem::take(self)
            };
        };
        // Only reads, up to the cut: the links are in the cache of whoever pushed the tasks.
        let mut last = head;
        for _ in 1..n {
            // SAFETY: the list owns the `Runnable`s.
            let link = unsafe { &last.as_ref().queue_next };
            // SAFETY: and with them the links.
            let next = link.with(|next| unsafe { *next });
            last = next.expect("the list is longer than `n`");
        }
        // SAFETY: the list owns the `Runnable`s.
        let link = unsafe { &last.as_ref().queue_next };
        // SAFETY: and with them the links.
        let rest = link.with_mut(|next| unsafe { (*next).take() });
        self.head = rest;
        self.len -= n;
        TaskList {
            head: Some(head),
            tail: Some(last),
            len: n,
        }
    }
}

impl Extend<Runnable> for TaskList {
    fn extend<I: IntoIterator<Item = Runnable>>(&mut self, tasks: I) {
        tasks.into_iter().for_each(|task| self.push_back(task));
    }
}

impl FromIterator<Runnable> for TaskList {
    fn from_iter<I: IntoIterator<Item = Runnable>>(tasks: I) -> Self {
        let mut list = Self::new();
        list.extend(tasks);
        list
    }
}

impl Iterator for TaskList {
    type Item = Runnable;

    fn next(&mut self) -> Option<Runnable> {
        self.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl Drop for TaskList {
    fn drop(&mut self) {
        self.for_each(Runnable::cancel);
    }
}

impl std::fmt::Debug for TaskList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TaskList({})", self.len)
    }
}
