#![forbid(unsafe_code)]
//! The queues of a runtime, by their names.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::{fmt, io};

use super::metrics::{QueueDump, QueueMetrics};
use super::shared::{Shared, unless_held};

/// Holds a name as long as its queue has a handle or a task.
#[derive(Default)]
pub(crate) struct Registry(Mutex<BTreeMap<Box<str>, Weak<Shared>>>);

impl Registry {
    fn queues(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Weak<Shared>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a new queue.
    ///
    /// # Errors
    ///
    /// If a queue that lives has its name.
    pub(super) fn enter(&self, queue: &Arc<Shared>) -> io::Result<()> {
        let new = Arc::downgrade(queue);
        match self.queues().entry(queue.name.clone()) {
            Entry::Vacant(place) => {
                place.insert(new);
            }
            Entry::Occupied(_) => {
                let text = format!(
                    "this runtime has a work queue called \"{}\" already; clone that one, or choose \
                     another name (a name is free again when all handles and all tasks of its queue \
                     are gone)",
                    queue.name
                );
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
        }
        Ok(())
    }

    /// Takes a queue out, unless that has been done.
    pub(super) fn remove(&self, queue: &Shared) {
        let mut queues = self.queues();
        let own = |entry: &Weak<Shared>| std::ptr::eq(entry.as_ptr(), queue);
        if queues.get(&queue.name).is_some_and(own) {
            queues.remove(&queue.name);
        }
    }

    /// In the order of their names.
    pub(crate) fn metrics(&self) -> Vec<QueueMetrics> {
        // Not used under the lock: one of them may turn out to be its queue's last owner.
        let queues: Vec<Arc<Shared>> = self.queues().values().filter_map(Weak::upgrade).collect();
        queues.iter().map(|queue| QueueMetrics::of(queue)).collect()
    }

    /// As [`metrics`](Self::metrics), without waiting for those who change something; `None` if a
    /// queue comes or goes just then.
    pub(crate) fn dump(&self) -> Option<Vec<QueueDump>> {
        let guard = unless_held(self.0.try_lock())?;
        let queues: Vec<Arc<Shared>> = guard.values().filter_map(Weak::upgrade).collect();
        // As above. A last owner waits for this lock, behind nobody but those who look a name up.
        drop(guard);
        Some(queues.iter().map(|queue| QueueDump::of(queue)).collect())
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The formatter is the user's, and so not used under the lock.
        let names: Vec<Box<str>> = self.queues().keys().cloned().collect();
        f.debug_set().entries(names).finish()
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use crate::runtime::Runtime;
    use crate::workqueue::WorkQueue;

    #[test]
    fn a_dump_does_not_wait_while_queues_come_and_go() {
        let runtime = Runtime::new().unwrap();
        let handle = runtime.handle();
        let _mail = WorkQueue::builder("mail").build_on(handle).unwrap();
        let held = handle.queues().queues();
        let dump = handle.dump();
        assert!(dump.queues.is_none());
        assert!(
            dump.to_string()
                .contains("Work queues\n===========\nbusy\n")
        );
        assert!(dump.to_json().contains(r#""queues":null,"#));
        drop(held);
        assert_eq!(handle.dump().queues.unwrap().len(), 1);
    }
}
