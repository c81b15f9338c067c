//! What a task does, step by step.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};

use futures_task::{ArcWake, waker};

use super::Queue;
use crate::cell::{AbortHandle, JoinError, JoinHandle};

/// Counts its drops, and panics in the first if told to.
struct Bomb(Arc<AtomicUsize>, bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        assert!(!self.1, "in a destructor");
    }
}

#[derive(Default)]
struct Count(AtomicUsize);

impl ArcWake for Count {
    fn wake_by_ref(count: &Arc<Self>) {
        count.0.fetch_add(1, SeqCst);
    }
}

fn poll<T>(handle: &mut JoinHandle<T>) -> Poll<Result<T, JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(Waker::noop()))
}

fn output<T>(handle: &mut JoinHandle<T>) -> Result<T, JoinError> {
    match poll(handle) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the task is complete"),
    }
}

#[test]
fn an_output_reaches_its_handle() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async { 5 });
    assert!(poll(&mut handle).is_pending());
    assert!(!handle.is_finished());
    queue.run_all();
    assert!(handle.is_finished());
    assert_eq!(output(&mut handle).unwrap(), 5);
}

#[test]
fn a_task_that_waits_is_polled_when_it_is_woken() {
    let queue = Queue::new();
    let mut handle = queue.spawn_waiting(async {
        crate::task::yield_now().await;
        5
    });
    assert!(!queue.run_one());
    assert_eq!((queue.waiting.len(), queue.owned.len()), (1, 0));
    handle.abort_handle().wake();
    handle.abort_handle().wake();
    let task = queue.pop().expect("it has been woken");
    assert!(!task.is_ordinary() && !task.is_new());
    assert!(task.is_owned_by(&queue.waiting));
    task.end_wait();
    assert!(!task.is_ordinary() && task.is_new());
    assert!(!task.is_owned_by(&queue.waiting) && !task.is_owned_by(&queue.owned));
    assert_eq!((queue.waiting.len(), queue.owned.len()), (0, 0));
    queue.push(task);
    assert!(queue.run_one());
    assert_eq!((queue.waiting.len(), queue.owned.len()), (0, 1));
    let task = queue.pop().expect("it has yielded");
    assert!(task.is_ordinary() && !task.is_new());
    assert!(task.is_owned_by(&queue.owned) && !task.is_owned_by(&queue.waiting));
    queue.push(task);
    queue.run_all();
    assert_eq!(output(&mut handle).unwrap(), 5);
    assert_eq!((queue.waiting.len(), queue.owned.len()), (0, 0));
}

#[test]
fn a_task_that_is_aborted_while_it_waits_is_not_polled() {
    let queue = Queue::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let bomb = Bomb(Arc::clone(&drops), false);
    let mut handle = queue.spawn_waiting(async move {
        drop(bomb);
        unreachable!("it is not polled")
    });
    handle.abort();
    assert!(queue.run_one());
    let result: Result<(), _> = output(&mut handle);
    assert!(result.unwrap_err().is_cancelled());
    assert_eq!((drops.load(SeqCst), queue.waiting.len()), (1, 0));
}

#[test]
fn a_list_that_is_closed_takes_nobody_who_waits() {
    let queue = Queue::new();
    assert_eq!(queue.close(), 0);
    let mut handle = queue.spawn_waiting(pending::<()>());
    assert!(output(&mut handle).unwrap_err().is_cancelled());
}

#[test]
fn a_waker_leads_to_its_own_task() {
    let queue = Queue::new();
    let mut handle = queue.spawn(poll_fn(|context| {
        let own = AbortHandle::of_waker(context.waker()).expect("it is a task's");
        assert!(AbortHandle::of_waker(Waker::noop()).is_none());
        own.abort();
        Poll::<()>::Pending
    }));
    queue.run_all();
    assert!(output(&mut handle).unwrap_err().is_cancelled());
}

#[test]
fn a_wake_up_during_the_poll_queues_the_task_again() {
    let queue = Queue::new();
    let polls = Rc::new(Cell::new(0));
    let mut handle = queue.spawn(poll_fn(move |context| {
        polls.set(polls.get() + 1);
        if polls.get() == 3 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        let owned = context.waker().clone();
        owned.wake_by_ref();
        owned.wake();
        Poll::Pending
    }));
    assert!(queue.run_one() && queue.run_one() && queue.run_one());
    assert!(!queue.run_one(), "two wake-ups in one poll are one turn");
    output(&mut handle).unwrap();
}

#[test]
fn many_wake_ups_of_a_waiting_task_are_one_turn() {
    let queue = Queue::new();
    let stored: Rc<Cell<Option<Waker>>> = Rc::default();
    let store = Rc::clone(&stored);
    let handle = queue.spawn(poll_fn(move |context| {
        store.set(Some(context.waker().clone()));
        Poll::<()>::Pending
    }));
    queue.run_all();
    let waker = stored.take().unwrap();
    waker.wake_by_ref();
    waker.wake_by_ref();
    waker.wake();
    assert!(queue.run_one());
    assert!(!queue.run_one());
    drop(handle);
    assert_eq!(queue.close(), 0);
    stored.take().unwrap().wake();
    assert!(queue.pop().is_none());
}

#[test]
fn wakers_of_one_task_are_equal_and_of_two_are_not() {
    let queue = Queue::new();
    let wakers: Rc<RefCell<Vec<Waker>>> = Rc::default();
    for _ in 0..2 {
        let wakers = Rc::clone(&wakers);
        drop(queue.spawn(poll_fn(move |context| {
            wakers.borrow_mut().push(context.waker().clone());
            Poll::<()>::Pending
        })));
    }
    queue.run_all();
    wakers.borrow()[0].wake_by_ref();
    queue.run_all();
    let stored = wakers.take();
    assert!(stored[0].will_wake(&stored[2]));
    assert!(!stored[0].will_wake(&stored[1]));
    drop(stored);
    assert_eq!(queue.close(), 0);
}

#[test]
fn an_aborted_task_drops_its_future_and_says_so() {
    for runs_before in [false, true] {
        let queue = Queue::new();
        let drops = Arc::new(AtomicUsize::new(0));
        let bomb = Bomb(Arc::clone(&drops), false);
        let mut handle = queue.spawn(async move {
            let _bomb = bomb;
            pending::<()>().await;
        });
        if runs_before {
            queue.run_all();
        }
        handle.abort();
        handle.abort();
        queue.run_all();
        assert_eq!(drops.load(SeqCst), 1);
        let error = output(&mut handle).unwrap_err();
        assert!(error.is_cancelled() && error.try_into_panic().is_err());
    }
}

#[test]
fn an_abort_after_completion_changes_nothing() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async { 1 });
    let abort = handle.abort_handle();
    queue.run_all();
    abort.abort();
    assert!(queue.pop().is_none());
    assert_eq!(output(&mut handle).unwrap(), 1);
    assert!(abort.is_finished());
}

#[test]
fn futures_and_outputs_are_dropped_once_wherever_a_panic_happens() {
    for (in_poll, in_future, in_output) in
        (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0))
    {
        for (abort, detach) in [(false, false), (false, true), (true, false), (true, true)] {
            let queue = Queue::new();
            let futures = Arc::new(AtomicUsize::new(0));
            let outputs = Arc::new(AtomicUsize::new(0));
            let future = Bomb(Arc::clone(&futures), in_future);
            let result = Bomb(Arc::clone(&outputs), false);
            let mut result = Some(result);
            let handle = queue.spawn(poll_fn(move |_| {
                let _held = &future;
                assert!(!in_poll, "in a poll");
                let mut result = result.take().expect("polled once");
                result.1 = in_output;
                Poll::Ready(result)
            }));
            if abort {
                handle.abort();
            }
            if detach {
                drop(handle);
                queue.run_all();
            } else {
                queue.run_all();
                let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
            }
            let case = (in_poll, in_future, in_output, abort, detach);
            assert_eq!(futures.load(SeqCst), 1, "{case:?}");
            assert_eq!(outputs.load(SeqCst), 1, "{case:?}");
        }
    }
}

#[test]
fn the_last_waker_that_was_given_is_the_one_woken() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async {});
    let (first, second) = (Arc::new(Count::default()), Arc::new(Count::default()));
    for count in [&first, &second, &second] {
        let waker = waker(Arc::clone(count));
        assert!(
            Pin::new(&mut handle)
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    assert_eq!(Arc::strong_count(&first), 1);
    queue.run_all();
    assert_eq!((first.0.load(SeqCst), second.0.load(SeqCst)), (0, 1));
    output(&mut handle).unwrap();
    assert_eq!(Arc::strong_count(&second), 1);
}

#[test]
fn a_handle_that_goes_takes_its_waker_with_it() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async {});
    let count = Arc::new(Count::default());
    let waker = waker(Arc::clone(&count));
    assert!(
        Pin::new(&mut handle)
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop((waker, handle));
    assert_eq!(Arc::strong_count(&count), 1);
    queue.run_all();
    assert_eq!(count.0.load(SeqCst), 0);
}

#[test]
fn a_closed_queue_gives_a_waiting_task_back_and_cancels_a_new_one() {
    let queue = Queue::new();
    let stored: Rc<Cell<Option<Waker>>> = Rc::default();
    let store = Rc::clone(&stored);
    let mut waiting = queue.spawn(poll_fn(move |context| {
        store.set(Some(context.waker().clone()));
        Poll::<()>::Pending
    }));
    queue.run_all();
    drop(queue.runnables.lock().take());
    stored.take().unwrap().wake();
    assert!(
        !waiting.is_finished(),
        "a waker's caller does not drop the future"
    );
    let mut new = queue.spawn(async {});
    assert!(output(&mut new).unwrap_err().is_cancelled());
    assert_eq!(queue.owned.close_and_cancel().left, 0);
    assert!(output(&mut waiting).unwrap_err().is_cancelled());
}

#[test]
fn a_task_that_got_no_thread_says_why() {
    let queue = Queue::new();
    let mut handle = queue.spawn(async {});
    let list = queue.pop().into_iter().collect::<crate::cell::TaskList>();
    list.fail(&std::io::Error::from_raw_os_error(11));
    let error = output(&mut handle).unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(
        error.not_started_because().unwrap().raw_os_error(),
        Some(11)
    );
    assert!(error.to_string().contains("was not started"), "{error}");
}
