//! The task cell, without a scheduler: a queue that the test empties by hand.

#[cfg(fastwake_loom)]
mod models;
#[cfg(not(fastwake_loom))]
mod single_thread;

use std::collections::VecDeque;
use std::future::Future;
use std::panic::Location;
use std::ptr::NonNull;

use crate::cell::{self, JoinHandle, OwnedTasks, Ran, Runnable, Schedule, TaskMeta};
use crate::primitives::{Arc, Lock};

/// What a scheduler is to a task: a queue that can be closed, and a list of owned tasks.
struct Queue {
    runnables: Lock<Option<VecDeque<Runnable>>>,
    owned: OwnedTasks,
    /// Of those that wait for their first poll.
    waiting: OwnedTasks,
}

#[derive(Clone, Copy)]
struct QueueRef(NonNull<Queue>);
// SAFETY: the queue is `Sync`, and each test keeps it until its tasks are done.
unsafe impl Send for QueueRef {}
// SAFETY: as above.
unsafe impl Sync for QueueRef {}

impl Schedule for QueueRef {
    fn schedule(self, task: Runnable) {
        // SAFETY: as above.
        unsafe { self.0.as_ref() }.push(task);
    }
}

impl Queue {
    fn new() -> Arc<Self> {
        let runnables = Lock::new(Some(VecDeque::new()));
        Arc::new(Self {
            runnables,
            owned: OwnedTasks::new(),
            waiting: OwnedTasks::new(),
        })
    }

    fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let meta = TaskMeta::at(Location::caller());
        let queue = QueueRef(NonNull::from(self));
        // SAFETY: each test runs and drops its tasks on the thread that spawned them.
        let (task, handle) = unsafe { cell::new_local(future, queue, meta) };
        self.push(task);
        handle
    }

    /// As [`spawn`](Self::spawn), for a task that is not to run before it is woken.
    fn spawn_waiting<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let meta = TaskMeta::at(Location::caller());
        let queue = QueueRef(NonNull::from(self));
        // SAFETY: as above.
        let (task, handle) = unsafe { cell::new_local(future, queue, meta) };
        if let Err(task) = task.wait(&self.waiting) {
            task.cancel();
        }
        handle
    }

    fn push(&self, task: Runnable) {
        let mut runnables = self.runnables.lock();
        match &mut *runnables {
            Some(queue) => queue.push_back(task),
            None => {
                drop(runnables);
                task.refuse();
            }
        }
    }

    fn pop(&self) -> Option<Runnable> {
        self.runnables.lock().as_mut()?.pop_front()
    }

    /// Runs one task, if one is queued.
    fn run_one(&self) -> bool {
        let Some(task) = self.pop() else { return false };
        if let Ran::Yielded(task) = task.run(&self.owned) {
            self.push(task);
        }
        true
    }

    fn run_all(&self) {
        while self.run_one() {}
    }

    /// Closes the queue and cancels what is in it and in the list; says how many tasks are left.
    fn close(&self) -> usize {
        let queued = self.runnables.lock().take();
        queued.into_iter().flatten().for_each(Runnable::cancel);
        self.waiting.close_and_cancel().left + self.owned.close_and_cancel().left
    }
}
