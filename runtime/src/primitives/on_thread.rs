//! A value of one thread, in a place that all can see.

use super::ThreadId;

/// A value that only the thread that made it can reach.
pub(crate) struct OnThread<T> {
    thread: ThreadId,
    value: T,
}

// SAFETY: through a shared reference, only the thread that made it gets at the value. Who has the
// whole of it can move and drop it elsewhere, which `T: Send` allows.
unsafe impl<T: Send> Sync for OnThread<T> {}

impl<T> OnThread<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            thread: ThreadId::current(),
            value,
        }
    }

    /// The value, if this is its thread.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        (self.thread == ThreadId::current()).then_some(&self.value)
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use std::cell::Cell;
    use std::thread;

    use super::OnThread;

    #[test]
    fn only_the_thread_that_made_a_value_gets_it() {
        let value = OnThread::new(Cell::new(1));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| assert!(value.get().is_none()));
            }
        });
        value.get().expect("made here").set(2);
        assert_eq!(value.get().map(Cell::get), Some(2));
    }
}
