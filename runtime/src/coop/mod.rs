#![forbid(unsafe_code)]
//! The budget of a poll; what it is for is said at [`task::coop`](crate::task::coop), which shows
//! this module to the world. The scheme and its numbers are tokio's.

mod consume;
mod cooperative;
mod unconstrained;

use std::cell::Cell;
use std::marker::PhantomData;
use std::task::{Context, Poll};

pub use consume::consume_budget;
pub use cooperative::{Coop, cooperative};
pub use unconstrained::{Unconstrained, unconstrained};

/// Units that one poll may spend; tokio's. Large enough to make a reschedule small beside the work
/// that it interrupts, small enough that the others do not wait for long.
const BUDGET: u8 = 128;

thread_local! {
    /// What the poll that runs on this thread has left; `None` if nobody counts.
    static LEFT: Cell<Option<u8>> = const { Cell::new(None) };

    /// Has a poll on this thread let the others go first?
    static YIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Puts the budget back as it was around a poll.
struct Restore(Option<u8>);

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = LEFT.try_with(|left| left.set(self.0));
    }
}

#[inline]
fn with_budget<R>(budget: Option<u8>, f: impl FnOnce() -> R) -> R {
    // A thread that is being torn down counts nothing.
    let before = LEFT.try_with(|left| left.replace(budget));
    let _restore = Restore(before.unwrap_or(None));
    f()
}

/// Runs one poll of a task.
#[inline]
pub(crate) fn budget<R>(poll: impl FnOnce() -> R) -> R {
    with_budget(Some(BUDGET), poll)
}

/// The poll that runs lets the others go first: the other tasks, and the driver.
pub(crate) fn let_others_go_first(context: &Context<'_>) {
    let _ = YIELDED.try_with(|yielded| yielded.set(true));
    // A task that is woken while it runs is queued again behind the others.
    context.waker().wake_by_ref();
}

/// Has a poll called [`let_others_go_first`] since this was last asked?
pub(crate) fn take_yielded() -> bool {
    YIELDED.try_with(Cell::take).unwrap_or(false)
}

/// Runs what nobody is to count.
#[inline]
pub(crate) fn without_budget<R>(f: impl FnOnce() -> R) -> R {
    with_budget(None, f)
}

/// Has the current poll anything left to spend?
///
/// True outside of tasks, where nobody counts. A combinator that polls a future and then a timer uses
/// it to find out that the future gave up because of the budget, and polls the timer
/// [unconstrained](unconstrained()).
///
/// # Examples
///
/// ```
/// use fastwake::task::coop::has_budget_remaining;
///
/// assert!(has_budget_remaining());
/// ```
#[must_use]
#[inline]
pub fn has_budget_remaining() -> bool {
    LEFT.try_with(Cell::get)
        .ok()
        .flatten()
        .is_none_or(|left| left > 0)
}

/// Gives a spent unit back when it is dropped, unless [progress was made](Self::made_progress);
/// from [`poll_proceed`].
///
/// # Examples
///
/// ```
/// use std::collections::VecDeque;
/// use std::task::{Context, Poll, ready};
/// use fastwake::task::coop::{RestoreOnPending, poll_proceed};
///
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// let mut queue = VecDeque::from([1, 2]);
/// let mut poll_pop = |context: &mut Context<'_>| {
///     let unit: RestoreOnPending = ready!(poll_proceed(context));
///     match queue.pop_front() {
///         Some(item) => {
///             unit.made_progress();
///             Poll::Ready(item)
///         }
///         // Here a queue keeps the waker. The unit is given back.
///         None => Poll::Pending,
///     }
/// };
/// assert_eq!(std::future::poll_fn(&mut poll_pop).await, 1);
/// assert_eq!(std::future::poll_fn(&mut poll_pop).await, 2);
/// # });
/// ```
#[derive(Debug)]
#[must_use = "the unit is given back when this is dropped"]
pub struct RestoreOnPending {
    /// What was left before, if it is to be put back.
    before: Cell<Option<u8>>,
    /// Belongs to its poll, and so to its thread.
    _thread: PhantomData<*const ()>,
}

impl RestoreOnPending {
    fn new(before: Option<u8>) -> Self {
        Self {
            before: Cell::new(before),
            _thread: PhantomData,
        }
    }

    /// The unit has been spent.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::Poll;
    /// use fastwake::task::coop::{has_budget_remaining, poll_proceed};
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// std::future::poll_fn(|context| {
    ///     while has_budget_remaining() {
    ///         match poll_proceed(context) {
    ///             // Without this, the loop would not end: each unit would be given back.
    ///             Poll::Ready(unit) => unit.made_progress(),
    ///             Poll::Pending => unreachable!("there is some left"),
    ///         }
    ///     }
    ///     assert!(poll_proceed(context).is_pending());
    ///     Poll::Ready(())
    /// })
    /// .await;
    /// # });
    /// ```
    #[inline]
    pub fn made_progress(&self) {
        self.before.set(None);
    }
}

impl Drop for RestoreOnPending {
    #[inline]
    fn drop(&mut self) {
        if let before @ Some(_) = self.before.get() {
            let _ = LEFT.try_with(|left| left.set(before));
        }
    }
}

/// Spends one unit of the budget of the current poll. Pending: there is none left, the task has been
/// woken, and the caller is to return [`Poll::Pending`].
///
/// An operation that then is not ready lets go of the guard, which gives the unit back; one that is
/// ready calls [`made_progress`](RestoreOnPending::made_progress) first.
///
/// # Examples
///
/// A leaf future that is ready from the start:
///
/// ```
/// use std::task::{Poll, ready};
/// use fastwake::task::coop;
///
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// std::future::poll_fn(|context| {
///     let unit = ready!(coop::poll_proceed(context));
///     unit.made_progress();
///     Poll::Ready(())
/// })
/// .await;
/// # });
/// ```
#[inline]
pub fn poll_proceed(context: &mut Context<'_>) -> Poll<RestoreOnPending> {
    let before = LEFT.try_with(Cell::get).ok().flatten();
    match before {
        None => Poll::Ready(RestoreOnPending::new(None)),
        Some(0) => {
            let_others_go_first(context);
            Poll::Pending
        }
        Some(left) => {
            let _ = LEFT.try_with(|cell| cell.set(Some(left - 1)));
            Poll::Ready(RestoreOnPending::new(before))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn spend() -> bool {
        let mut context = Context::from_waker(Waker::noop());
        match poll_proceed(&mut context) {
            Poll::Ready(unit) => {
                unit.made_progress();
                true
            }
            Poll::Pending => false,
        }
    }

    #[test]
    fn a_poll_spends_its_budget_and_no_more() {
        budget(|| {
            for _ in 0..BUDGET {
                assert!(has_budget_remaining());
                assert!(spend());
            }
            assert!(!has_budget_remaining());
            assert!(!spend());
        });
        assert!(spend(), "nobody counts outside of a poll");
    }

    #[test]
    fn what_made_no_progress_costs_nothing() {
        budget(|| {
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..1_000 {
                assert!(poll_proceed(&mut context).is_ready());
            }
            assert!(has_budget_remaining());
        });
    }

    #[test]
    fn an_inner_poll_has_a_budget_of_its_own() {
        budget(|| {
            while spend() {}
            budget(|| assert!(spend()));
            with_budget(None, || assert!(spend()));
            assert!(!spend());
        });
    }
}
