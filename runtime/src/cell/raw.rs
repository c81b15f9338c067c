//! The cell itself, and the table of what only code that knows its types can do.

use std::any::Any;
use std::future::Future;
use std::io;
use std::panic::{self, AssertUnwindSafe, Location};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::header::{Adoption, Header, Links, OwnerList, Turn, Vtable, release};
use super::runnable::Runnable;
use super::state::{Completed, Start, Suspend, TaskState};
use super::waker::borrowed_waker;
use super::{Id, JoinError, JoinHandle};
use crate::primitives::{UnsafeCell, quietly};
use crate::trace::{self, Kind, Traced};

/// Where a task goes when it is to run.
///
/// A value of this type lies in every cell: it is to be a pointer. It is cloned before the task is
/// queued, for the cell may be gone while `schedule` still runs.
pub(crate) trait Schedule: Clone + Send + Sync + 'static {
    /// Queues the task, or [refuses](Runnable::refuse) it.
    fn schedule(self, task: Runnable);

    /// Wakes whoever awaits a task, when a run of it has ended.
    fn wake_joiner(joiner: Waker) {
        joiner.wake();
    }
}

/// What is known of a task from its spawn on.
#[derive(Debug, Clone)]
pub(crate) struct TaskMeta {
    pub(crate) location: &'static Location<'static>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) kind: Kind,
}

impl TaskMeta {
    pub(crate) fn at(location: &'static Location<'static>) -> Self {
        Self {
            location,
            name: None,
            kind: Kind::TASK,
        }
    }

    pub(crate) fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

#[repr(C)]
struct Cell<F: Future, S> {
    header: Header,
    scheduler: S,
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Future(F),
    Output(Result<F::Output, JoinError>),
    Nothing,
}

/// A new task: its first `Runnable`, and the handle for its output.
pub(crate) type Spawned<T> = (Runnable, JoinHandle<T>);

/// Allocates a task that any thread may run.
pub(crate) fn new<F, S>(future: F, scheduler: S, meta: TaskMeta) -> Spawned<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
    S: Schedule,
{
    // SAFETY: future and output may be polled and dropped on any thread.
    unsafe { new_local(future, scheduler, meta) }
}

/// Allocates a task that only the calling thread may run.
///
/// # Safety
///
/// A [`Runnable`] of the task may be passed on by any thread, for wakers are `Send`; but only on the
/// calling thread may it be run, cancelled or dropped, and the list of owned tasks that it is run
/// with be closed. Elsewhere, a queue that does not take it [refuses](Runnable::refuse) it, which
/// gives a task that has run before back to its list. (The first `Runnable`, the one returned here,
/// is to stay on this thread until the task's first poll.)
///
/// The output needs no promise: it is dropped by the completer, or by a join handle, which is `Send`
/// only if the output is.
pub(crate) unsafe fn new_local<F, S>(future: F, scheduler: S, meta: TaskMeta) -> Spawned<F::Output>
where
    F: Future + 'static,
    S: Schedule,
{
    let id = Id::next();
    let TaskMeta {
        location,
        name,
        kind,
    } = meta;
    let (future, span) = trace::task(future, kind, name.as_deref(), id.number(), location);
    let cell = Box::new(Cell {
        header: Header {
            state: TaskState::new(name.is_some()),
            vtable: &Cell::<Traced<F>, S>::VTABLE,
            queue_next: UnsafeCell::new(None),
            owner: UnsafeCell::new(None),
            links: UnsafeCell::new(Links::default()),
            join_waker: UnsafeCell::new(None),
            id,
            location,
            name: name.map(|name| Box::new(Arc::from(name))),
            span,
        },
        scheduler,
        stage: UnsafeCell::new(Stage::Future(future)),
    });
    let header = NonNull::from(Box::leak(cell)).cast::<Header>();
    // SAFETY: the cell is new: nobody else has its first `Runnable` or its join handle, and its
    // initial state counts a reference for each.
    unsafe { (Runnable::from_raw(header), JoinHandle::from_raw(header)) }
}

/// The handle of a task that was not even made, which says why.
pub(crate) fn not_started<T: Send + 'static>(reason: io::Error, meta: TaskMeta) -> JoinHandle<T> {
    let (task, handle) = new(std::future::pending::<T>(), Nowhere, meta);
    task.fail(reason);
    handle
}

/// The scheduler of a task that never runs.
#[derive(Clone, Copy)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(self, task: Runnable) {
        task.cancel();
    }
}

/// Drops a value of the user's.
fn drop_quietly<T>(value: T) {
    quietly(move || drop(value));
}

impl<F: Future, S: Schedule> Cell<F, S> {
    const VTABLE: Vtable = Vtable {
        run: Self::run,
        cancel: Self::cancel,
        cancel_claimed: Self::cancel_claimed,
        schedule: Self::schedule,
        take_output: Self::take_output,
        drop_output: Self::drop_output,
        free: Self::free,
    };

    /// # Safety
    ///
    /// `header` leads a live `Cell<F, S>` for as long as the returned reference is used.
    unsafe fn of<'a>(header: NonNull<Header>) -> &'a Self {
        // SAFETY: the caller's promise; the header is the cell's first field (`repr(C)`), and the
        // pointer comes from the whole cell.
        unsafe { header.cast::<Self>().as_ref() }
    }

    /// # Safety
    ///
    /// As [`Vtable::run`]: the caller owns the task's `Runnable`.
    unsafe fn run(header: NonNull<Header>, owner: &OwnerList) -> Turn {
        // SAFETY: the `Runnable` owns the runtime's reference (T1).
        let cell = unsafe { Self::of(header) };
        if cell.header.state.start() == Start::Cancel {
            // SAFETY: `start` gave us `RUNNING`.
            unsafe { Self::finish(header, Err(cell.header.cancelled()), Waker::wake) };
            return Turn::Completed;
        }
        // SAFETY: we keep the task until the poll has ended.
        let waker = unsafe { borrowed_waker(header) };
        // SAFETY: `start` gave us `RUNNING`.
        let output = match unsafe { cell.poll(&waker) } {
            Ok(Poll::Pending) => {
                if owner.verdict.is_given() {
                    cell.header.state.judge(owner.verdict.take());
                }
                // SAFETY: we hold `RUNNING`. An idle task has to be in its owner's list (T4).
                let adoption = unsafe { owner.adopt(header) };
                if adoption == Adoption::Refused {
                    // SAFETY: we hold `RUNNING`, and the shutdown will not see the task any more.
                    unsafe { Self::finish(header, Err(cell.header.cancelled()), Waker::wake) };
                    return Turn::Completed;
                }
                return match cell.header.state.suspend(adoption == Adoption::Now) {
                    Suspend::Idle => Turn::Suspended,
                    Suspend::Requeue => Turn::Yielded,
                };
            }
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panic) => Err(panic),
        };
        // SAFETY: we hold `RUNNING`.
        unsafe { Self::finish(header, output, S::wake_joiner) };
        Turn::Completed
    }

    /// # Safety
    ///
    /// The caller holds `RUNNING`.
    unsafe fn poll(&self, waker: &Waker) -> Result<Poll<F::Output>, JoinError> {
        let mut context = Context::from_waker(waker);
        let _in_task = self.header.id.enter();
        let polled = panic::catch_unwind(AssertUnwindSafe(|| {
            let mut unwinding = OnUnwind(Some(self));
            let polled = self.stage.with_mut(|stage| {
                // SAFETY: `RUNNING` gives us the stage.
                let Stage::Future(future) = (unsafe { &mut *stage }) else {
                    unreachable!("a task that has not completed has a future");
                };
                // SAFETY: the future lies in its own allocation and is not moved out of it: it is
                // dropped in place when the stage changes.
                unsafe { Pin::new_unchecked(future) }.poll(&mut context)
            });
            unwinding.0 = None;
            polled
        }));
        polled.map_err(|payload| self.panicked(payload))
    }

    fn panicked(&self, payload: Box<dyn Any + Send>) -> JoinError {
        JoinError::panic(self.header.id, self.header.name(), payload)
    }

    /// Drops the future; a panic of its destructor becomes an error.
    ///
    /// # Safety
    ///
    /// The caller holds `RUNNING`.
    unsafe fn drop_future(&self) -> Result<(), JoinError> {
        let _in_task = self.header.id.enter();
        panic::catch_unwind(AssertUnwindSafe(|| {
            self.stage.with_mut(|stage| {
                // Even if the destructor unwinds, what is left of the future is not dropped again.
                // SAFETY: `RUNNING` gives us the stage.
                unsafe { replace_stage(stage, Stage::Nothing) }
            });
        }))
        .map_err(|payload| self.panicked(payload))
    }

    /// Drops the future, stores the output, completes, and wakes whoever awaits it.
    ///
    /// # Safety
    ///
    /// The caller holds `RUNNING`, and gives up the runtime's reference.
    unsafe fn finish(
        header: NonNull<Header>,
        output: Result<F::Output, JoinError>,
        wake: impl FnOnce(Waker),
    ) {
        // SAFETY: we have the runtime's reference.
        let cell = unsafe { Self::of(header) };
        // SAFETY: we hold `RUNNING`.
        let output = match unsafe { cell.drop_future() } {
            Ok(()) => output,
            // The first panic says more than what came of it.
            Err(second) if output.as_ref().is_err_and(JoinError::is_panic) => {
                drop_quietly(second);
                output
            }
            Err(panic) => {
                drop_quietly(output);
                Err(panic)
            }
        };
        cell.stage.with_mut(|stage| {
            // SAFETY: `RUNNING` gives us the stage; it holds nothing now.
            unsafe { *stage = Stage::Output(output) }
        });
        // SAFETY: we hold `RUNNING`.
        unsafe { OwnerList::disown(header) };
        let Completed::Pending {
            output_is_wanted,
            wake_joiner,
        } = cell.header.state.complete()
        else {
            return;
        };
        if !output_is_wanted {
            // SAFETY: T5: the output is ours.
            unsafe { Self::drop_output(header) };
        }
        if wake_joiner {
            let stored = &cell.header.join_waker;
            // SAFETY: T6: the completer owns the waker's cell.
            let waker = stored.with_mut(|waker| unsafe { (*waker).take() });
            quietly(|| {
                if let Some(waker) = waker {
                    wake(waker);
                }
            });
        }
        // SAFETY: the runtime's reference, which `complete` has left to us.
        unsafe { release(header) }
    }

    /// # Safety
    ///
    /// As [`Vtable::cancel`]: the caller owns the task's `Runnable`.
    unsafe fn cancel(header: NonNull<Header>, reason: Option<io::Error>) {
        // SAFETY: the `Runnable` owns the runtime's reference (T1).
        let cell = unsafe { Self::of(header) };
        let (Start::Poll | Start::Cancel) = cell.header.state.start();
        let reason = match reason {
            None => cell.header.cancelled(),
            Some(reason) => JoinError::not_started(cell.header.id, cell.header.name(), reason),
        };
        // SAFETY: `start` gave us `RUNNING`.
        unsafe { Self::finish(header, Err(reason), Waker::wake) }
    }

    /// # Safety
    ///
    /// As [`Vtable::cancel_claimed`]: the caller holds `RUNNING` of an idle task.
    unsafe fn cancel_claimed(header: NonNull<Header>) {
        // SAFETY: an idle task has the runtime's reference, which the claim has taken over.
        let cell = unsafe { Self::of(header) };
        // SAFETY: the claim is `RUNNING`.
        unsafe { Self::finish(header, Err(cell.header.cancelled()), Waker::wake) }
    }

    /// # Safety
    ///
    /// As [`Vtable::schedule`]: the caller is to make the `Runnable` (T2).
    unsafe fn schedule(header: NonNull<Header>) {
        // SAFETY: the `Runnable` that the caller is to make owns the runtime's reference.
        let scheduler = unsafe { Self::of(header) }.scheduler.clone();
        // SAFETY: the caller's duty, discharged here.
        scheduler.schedule(unsafe { Runnable::from_raw(header) });
    }

    /// # Safety
    ///
    /// As [`Vtable::take_output`]: the task is complete, the output is the caller's (T5), and
    /// `to` points to an `Option<Result<F::Output, JoinError>>`.
    unsafe fn take_output(header: NonNull<Header>, to: *mut ()) {
        // SAFETY: the caller holds a reference.
        let cell = unsafe { Self::of(header) };
        let stage = cell.stage.with_mut(|stage| {
            // SAFETY: the output is the caller's.
            unsafe { std::mem::replace(&mut *stage, Stage::Nothing) }
        });
        let Stage::Output(output) = stage else {
            panic!("`JoinHandle` polled after it gave its output");
        };
        // SAFETY: the caller's promise.
        unsafe { *to.cast::<Option<Result<F::Output, JoinError>>>() = Some(output) }
    }

    /// # Safety
    ///
    /// As [`Vtable::drop_output`]: the task is complete and the output is the caller's (T5).
    unsafe fn drop_output(header: NonNull<Header>) {
        // SAFETY: the caller holds a reference.
        let cell = unsafe { Self::of(header) };
        let stage = cell.stage.with_mut(|stage| {
            // SAFETY: the output is the caller's.
            unsafe { std::mem::replace(&mut *stage, Stage::Nothing) }
        });
        let _in_task = cell.header.id.enter();
        drop_quietly(stage);
    }

    /// # Safety
    ///
    /// As [`Vtable::free`]: nobody else has a reference.
    unsafe fn free(header: NonNull<Header>) {
        // SAFETY: made by `Box::leak` in `new`, and this is the last use.
        let cell = unsafe { Box::from_raw(header.cast::<Self>().as_ptr()) };
        // A waker may be left in it, if its successor could not be cloned.
        drop_quietly(cell);
    }
}

/// Drops the future of a task whose poll panics while the panic is under way, so that destructors
/// see it ([`std::thread::panicking`]), as in a thread that ends.
struct OnUnwind<'a, F: Future, S: Schedule>(Option<&'a Cell<F, S>>);

impl<F: Future, S: Schedule> Drop for OnUnwind<'_, F, S> {
    fn drop(&mut self) {
        if let Some(cell) = self.0 {
            // SAFETY: who polls holds `RUNNING`.
            if let Err(second) = unsafe { cell.drop_future() } {
                // The first panic says more.
                drop_quietly(second);
            }
        }
    }
}

/// Writes `with` over the stage, even if the destructor of what was there unwinds.
///
/// # Safety
///
/// The caller has the stage to itself.
unsafe fn replace_stage<F: Future>(stage: *mut Stage<F>, with: Stage<F>) {
    struct Write<F: Future>(*mut Stage<F>, Option<Stage<F>>);
    impl<F: Future> Drop for Write<F> {
        fn drop(&mut self) {
            if let Some(stage) = self.1.take() {
                // SAFETY: the old stage has been dropped, or is lost to an unwinding destructor;
                // either way the place is free to be written.
                unsafe { self.0.write(stage) }
            }
        }
    }
    let write = Write(stage, Some(with));
    // SAFETY: the caller has the stage; it is dropped in place (a future is pinned) and
    // overwritten before anybody can see it.
    unsafe { write.0.drop_in_place() }
}
