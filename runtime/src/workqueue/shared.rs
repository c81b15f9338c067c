#![forbid(unsafe_code)]
//! A queue as its handles and its tasks share it: the ledger behind its lock, and what is done after
//! the lock.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::cell::{AbortHandle, JoinHandle, TaskMeta};
use crate::metrics::unless_held;
use crate::primitives::{Lock, quietly};
use crate::runtime::Handle;
use crate::scheduler::{self, Lane, Place, Turn};

use super::activation::wake;
use super::attributes::Attributes;
use super::ledger::{Admitted, Deposited, Ended, Ledger, Outcome, Standing};
use super::ticket::{Queued, Ticket, is_inside};

/// How many tasks are taken at once to be woken or aborted.
const CHUNK: usize = 32;

pub(crate) struct Shared {
    pub(super) name: Box<str>,
    /// What the user has said. Held while pools are looked up, so that changes do not cross.
    settings: Mutex<Attributes>,
    locked: Lock<Locked>,
    /// How many handles the user has. The name is free when there is none left and no task; the last
    /// task's worker may hold the queue for a moment longer.
    handles: AtomicUsize,
    /// A copy of the ledger's: tasks with smaller numbers are cancelled.
    cancelled: AtomicU64,
    /// Nanoseconds.
    busy: AtomicU64,
    /// Has it pools of its own, with reserved threads?
    is_reserved: bool,
    rescued: AtomicU64,
    /// After the lane: it keeps the runtime that the pools belong to.
    pub(super) handle: Handle,
}

struct Locked {
    ledger: Ledger<AbortHandle>,
    /// Where new tasks go.
    lane: Lane,
    /// Those that wait, each by its mark and a number of its own.
    flushers: BTreeMap<(u64, u64), Waker>,
    /// The number of the next one.
    next_flusher: u64,
}

/// What a new task is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// A future, in the pod or on the CPU of the caller or of this CPU.
    Future(Option<usize>),
    /// A closure that may block.
    Blocking,
}

impl Shared {
    pub(super) fn new(name: Box<str>, settings: Attributes, lane: Lane, handle: Handle) -> Self {
        let locked = Locked {
            ledger: Ledger::new(settings.max_active()),
            lane,
            flushers: BTreeMap::new(),
            next_flusher: 0,
        };
        Self {
            name,
            locked: Lock::new(locked),
            handles: AtomicUsize::new(0),
            cancelled: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            is_reserved: settings.mem_reclaim,
            rescued: AtomicU64::new(0),
            settings: Mutex::new(settings),
            handle,
        }
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, Attributes> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For reports, which must not wait for a queue that is being changed.
    pub(super) fn try_settings(&self) -> Option<MutexGuard<'_, Attributes>> {
        unless_held(self.settings.try_lock())
    }

    pub(super) fn set_lane(&self, lane: Lane) {
        // Dropped after the lock.
        let _before = std::mem::replace(&mut self.locked.lock().lane, lane);
    }

    // Handles.

    pub(super) fn add_handle(&self) {
        // ORDERING: as `Arc`'s count.
        self.handles.fetch_add(1, Relaxed);
    }

    /// The last handle takes the name with it, unless there are tasks: then the last of these does.
    pub(super) fn drop_handle(&self) {
        // ORDERING: as `Arc`'s count. Nobody can make a handle once there is none; and the lock comes
        // after this, so that a task that ends later sees it.
        if self.handles.fetch_sub(1, Release) == 1 && self.locked.lock().ledger.is_empty() {
            self.handle.queues().remove(self);
        }
    }

    pub(super) fn standing(&self) -> Standing {
        self.locked.lock().ledger.standing()
    }

    /// For reports, which must not wait.
    pub(super) fn try_standing(&self) -> Option<Standing> {
        Some(self.locked.try_lock()?.ledger.standing())
    }

    pub(super) fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy.load(Relaxed))
    }

    pub(super) fn count_busy(&self, time: Duration) {
        self.busy.fetch_add(time.as_nanos() as u64, Relaxed);
    }

    pub(super) fn rescued(&self) -> u64 {
        self.rescued.load(Relaxed)
    }

    /// A task begins, on this thread.
    pub(super) fn count_rescue(&self) {
        if self.is_reserved && scheduler::is_short_of_threads() {
            self.rescued.fetch_add(1, Relaxed);
        }
    }

    // In.

    fn admit(&self, by_own_task: bool) -> io::Result<(Admitted, Lane)> {
        let mut locked = self.locked.lock();
        let admitted = locked.ledger.admit(by_own_task);
        let lane = locked.lane.clone();
        drop(locked);
        match admitted {
            Some(admitted) => Ok((admitted, lane)),
            None => Err(self.refusal()),
        }
    }

    fn refusal(&self) -> io::Error {
        let text = format!(
            "the work queue \"{}\" has been drained and takes no more work; build another one for what \
             comes after",
            self.name
        );
        io::Error::new(io::ErrorKind::BrokenPipe, text)
    }

    pub(super) fn spawn<F>(
        self: &Arc<Self>,
        work: Work,
        future: F,
        meta: TaskMeta,
    ) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let (Admitted { number, is_active }, lane) = self.admit(is_inside(self))?;
        let future = Queued::new(future, Ticket::new(Arc::clone(self), number));
        let turn = match is_active {
            true => Turn::Now,
            false => Turn::Later(number),
        };
        let handle = match (work, &turn) {
            (Work::Future(cpu), _) => {
                let group = self.handle.group();
                let place = Place { lane: &lane, cpu };
                group.spawn_in(place, future, &turn, meta)?
            }
            (Work::Blocking, Turn::Now) => self.handle.blocking().spawn(future, meta),
            (Work::Blocking, Turn::Later(_)) => self.handle.blocking().spawn_waiting(future, meta),
        };
        if !is_active {
            self.deposit(number, handle.abort_handle());
        }
        Ok(handle)
    }

    pub(super) fn spawn_batch<I>(
        self: &Arc<Self>,
        futures: I,
        meta: &TaskMeta,
    ) -> Vec<io::Result<JoinHandle<<I::Item as Future>::Output>>>
    where
        I: Iterator<Item: Future<Output: Send> + Send + 'static>,
    {
        let by_own_task = is_inside(self);
        let lane = self.locked.lock().lane.clone();
        let tasks = futures.map(|future| {
            let (Admitted { number, is_active }, _) = self.admit(by_own_task)?;
            let turn = match is_active {
                true => Turn::Now,
                false => Turn::Later(number),
            };
            let ticket = Ticket::new(Arc::clone(self), number);
            Ok((Queued::new(future, ticket), turn))
        });
        let deposit = |number, task| self.deposit(number, task);
        let group = self.handle.group();
        group.spawn_batch_in(&lane, tasks, meta, deposit)
    }

    fn deposit(&self, number: u64, task: AbortHandle) {
        let deposited = self.locked.lock().ledger.deposit(number, task);
        match deposited {
            Deposited::Kept => {}
            Deposited::Wake(task) => wake(self, task),
            Deposited::Abort(task) => task.abort(),
        }
    }

    // Out.

    /// A task has been suspended for the first time. Back if it is to be cancelled.
    pub(super) fn suspend(&self, number: u64, task: AbortHandle) -> Result<(), AbortHandle> {
        self.locked.lock().ledger.suspend(number, task)
    }

    /// The future of a task has been dropped.
    pub(super) fn end(&self, number: u64, outcome: Outcome) {
        let mut locked = self.locked.lock();
        let ended = locked.ledger.end(number, outcome);
        let flushers = match ended.some_flush_is_done {
            true => locked.take_flushers(),
            false => Vec::new(),
        };
        // ORDERING: under the lock, as in `drop_handle`: whoever comes there last finds the other's.
        let is_over = locked.ledger.is_empty() && self.handles.load(Relaxed) == 0;
        drop(locked);
        if is_over {
            self.handle.queues().remove(self);
        }
        let Ended { next, own, .. } = ended;
        drop(own);
        if let Some(next) = next {
            wake(self, next);
        }
        // Each for itself: one that panics is not to take the others' wake-ups with it.
        for flusher in flushers {
            quietly(|| flusher.wake());
        }
    }

    // While it runs.

    /// Has this task been cancelled with all others?
    pub(super) fn is_cancelled(&self, number: u64) -> bool {
        // ORDERING: pairs with the Release in `cancel_all`.
        number < self.cancelled.load(Acquire)
    }

    pub(super) fn cancel_all(&self) {
        let mut locked = self.locked.lock();
        let (below, suspended) = locked.ledger.cancel_all();
        // ORDERING: whoever learns that this has been called does not begin a task that was there.
        self.cancelled.store(below, Release);
        drop(locked);
        suspended.into_values().for_each(|task| task.abort());
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut from = Some(0);
        while let Some(start) = from {
            from = self.locked.lock().ledger.take_waiting(start, &mut chunk);
            chunk.drain(..).for_each(|task| task.abort());
        }
    }

    pub(super) fn set_max_active(&self, max_active: usize) {
        self.locked.lock().ledger.set_max_active(max_active);
        self.activate();
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.locked.lock().ledger.set_paused(paused);
        self.activate();
    }

    /// Gives the slots that have become free to those that wait.
    fn activate(&self) {
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            let mut locked = self.locked.lock();
            let activated = std::iter::from_fn(|| locked.ledger.activate()).take(CHUNK);
            chunk.extend(activated);
            drop(locked);
            let done = chunk.len() < CHUNK;
            let tasks = chunk.drain(..).flatten();
            tasks.for_each(|task| wake(self, task));
            if done {
                return;
            }
        }
    }

    // Waiting for tasks.

    pub(super) async fn flush(&self) {
        let mark = self.locked.lock().ledger.mark();
        let mut flusher = Flusher {
            queue: self,
            mark,
            number: None,
        };
        poll_fn(|context| flusher.poll(context)).await;
    }

    pub(super) async fn drain(&self) {
        self.locked.lock().ledger.drain();
        while !self.locked.lock().ledger.is_empty() {
            self.flush().await;
        }
    }
}

impl Locked {
    /// Takes those whose mark has been passed.
    fn take_flushers(&mut self) -> Vec<Waker> {
        let mut done = Vec::new();
        while let Some(first) = self.flushers.first_entry()
            && self.ledger.is_flushed(first.key().0)
        {
            done.push(first.remove());
        }
        done
    }
}

/// Somebody who waits for a mark.
struct Flusher<'q> {
    queue: &'q Shared,
    mark: u64,
    /// By which it is found among those that are to be woken.
    number: Option<u64>,
}

impl Flusher<'_> {
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut locked = self.queue.locked.lock();
        if locked.ledger.is_flushed(self.mark) {
            // Whoever passed the mark has taken the waker.
            self.number = None;
            drop(locked);
            drop(waker);
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| {
            locked.next_flusher += 1;
            locked.next_flusher
        });
        let old = locked.flushers.insert((self.mark, number), waker);
        drop(locked);
        // The user's, and so not under the lock.
        drop(old);
        Poll::Pending
    }
}

impl Drop for Flusher<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let waker = self
            .queue
            .locked
            .lock()
            .flushers
            .remove(&(self.mark, number));
        drop(waker);
    }
}

#[cfg(all(test, not(fastwake_loom)))]
mod tests {
    use super::*;
    use crate::metrics::Listed;
    use crate::runtime::Runtime;

    fn assert_is_busy(handle: &Handle) {
        let dump = handle.dump();
        let [queue] = &dump.queues.as_deref().unwrap() else {
            panic!("one queue: {:?}", dump.queues);
        };
        assert!(queue.is_busy() && queue.name == "mail");
        let text = dump.to_string();
        let line = text.lines().find(|line| line.starts_with("mail")).unwrap();
        assert!(
            line.split_whitespace().skip(1).all(|cell| cell == "busy"),
            "{text}"
        );
        let json: serde_json::Value = serde_json::from_str(&dump.to_json()).unwrap();
        let queue = json["queues"][0].as_object().unwrap();
        let (known, unknown): (Vec<_>, Vec<_>) =
            queue.iter().partition(|(_, value)| !value.is_null());
        assert!(known.len() == 1 && unknown.len() > 10, "{json}");
    }

    #[test]
    fn a_dump_waits_for_none_of_a_queues_locks() {
        let runtime = Runtime::new().unwrap();
        let handle = runtime.handle();
        let attributes = Attributes::default();
        let queue = Shared::new("mail".into(), attributes, Lane::Pods, handle.clone());
        let queue = Arc::new(queue);
        let listed = Arc::downgrade(&queue);
        handle.queues().enter(listed, "mail").unwrap();
        let held = queue.settings();
        assert_is_busy(handle);
        drop(held);
        let held = queue.locked.lock();
        assert_is_busy(handle);
        drop(held);
        assert_eq!(queue.try_metrics().unwrap().name, "mail");
    }
}
