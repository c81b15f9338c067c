//! Wakers: a pointer to the task's header, one reference each.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::header::{Header, release};
use super::state::WakeByValue;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker that owns no reference, for the time of a poll.
pub(super) struct BorrowedWaker<'a> {
    waker: ManuallyDrop<Waker>,
    _task: PhantomData<&'a Header>,
}

impl Deref for BorrowedWaker<'_> {
    type Target = Waker;

    fn deref(&self) -> &Waker {
        &self.waker
    }
}

/// The waker that a poll passes down. Making it costs nothing; cloning it counts a reference. It
/// takes the pointer to the whole cell: one made from a reference to the header would not lead to
/// the rest of it, nor free it.
///
/// # Safety
///
/// The caller keeps the task for as long as it uses the waker.
pub(super) unsafe fn borrowed_waker<'a>(task: NonNull<Header>) -> BorrowedWaker<'a> {
    let data = task.as_ptr().cast_const().cast();
    // SAFETY: the table's functions keep the contract of `RawWaker`, given that each waker stands
    // for a reference; this one does not, and is never dropped.
    let waker = ManuallyDrop::new(unsafe { Waker::from_raw(RawWaker::new(data, &VTABLE)) });
    BorrowedWaker {
        waker,
        _task: PhantomData,
    }
}

/// Wakes a task without using a reference up.
///
/// # Safety
///
/// The caller holds a reference to the live task.
pub(super) unsafe fn wake_task(task: NonNull<Header>) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    if header.state.schedule() {
        // SAFETY: the task was idle, so we are to make its `Runnable` (T2).
        unsafe { (header.vtable.schedule)(task) }
    }
}

/// The task of one of our wakers.
pub(super) fn task_of_waker(waker: &Waker) -> Option<NonNull<Header>> {
    std::ptr::eq(waker.vtable(), &VTABLE).then(|| header(waker.data()))
}

fn header(data: *const ()) -> NonNull<Header> {
    // SAFETY: all data pointers of our wakers are made from ones that are not null.
    unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }
}

/// # Safety
///
/// As for all functions of the table: `data` is that of a live waker of ours.
unsafe fn clone(data: *const ()) -> RawWaker {
    let task = header(data);
    // SAFETY: the waker at hand keeps the task alive.
    let header = unsafe { task.as_ref() };
    header.span.waker_cloned();
    header.state.reference();
    RawWaker::new(data, &VTABLE)
}

/// # Safety
///
/// As above; the waker is used up.
unsafe fn wake(data: *const ()) {
    let task = header(data);
    // SAFETY: the waker's reference.
    let header = unsafe { task.as_ref() };
    header.span.woken_by_value();
    // Read before the reference is given up.
    let vtable = header.vtable;
    match header.state.schedule_by_value() {
        WakeByValue::Nothing => {}
        // SAFETY: the task was idle, so we are to make its `Runnable` (T2), which has a reference
        // of its own.
        WakeByValue::Submit => unsafe { (vtable.schedule)(task) },
        // SAFETY: ours was the last reference.
        WakeByValue::Free => unsafe { (vtable.free)(task) },
    }
}

/// # Safety
///
/// As above.
unsafe fn wake_by_ref(data: *const ()) {
    let task = header(data);
    // SAFETY: the waker's reference.
    unsafe { task.as_ref() }.span.woken_by_ref();
    // SAFETY: as above.
    unsafe { wake_task(task) }
}

/// # Safety
///
/// As above; the waker is used up.
unsafe fn drop_waker(data: *const ()) {
    let task = header(data);
    // SAFETY: the waker's reference.
    unsafe { task.as_ref() }.span.waker_dropped();
    // SAFETY: the same, given up here.
    unsafe { release(task) }
}
