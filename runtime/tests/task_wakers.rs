//! Wakers: what they compare to, who may use them, and for how long.

// A wake by value and one by reference are two functions, and both are tried.
#![allow(clippy::waker_clone_wake)]

mod support;

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use fastwake::runtime::Runtime;
use fastwake::task::{self, JoinHandle};
use support::{Count, current_thread, multi_thread, must_end, on_both, until};

/// A task that hands its waker out and is never ready.
fn wakers_of_pending(runtime: &Runtime, polls: &Count) -> (Waker, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel();
    let polls = polls.clone();
    let task = runtime.spawn(poll_fn(move |context| {
        polls.add();
        let _ = sender.send(context.waker().clone());
        Poll::Pending
    }));
    let taken = Mutex::new(None);
    runtime.block_on(async {
        while taken.lock().unwrap().is_none() {
            *taken.lock().unwrap() = receiver.try_recv().ok();
            task::yield_now().await;
        }
    });
    (taken.into_inner().unwrap().unwrap(), task)
}

fn run_until(runtime: &Runtime, condition: impl Fn() -> bool) {
    runtime.block_on(async {
        while !condition() {
            task::yield_now().await;
        }
    });
}

#[test]
fn all_wakers_of_a_task_are_the_same_and_those_of_two_are_not() {
    on_both(|runtime| {
        let (polls, other_polls) = (Count::default(), Count::default());
        let (waker, _task) = wakers_of_pending(&runtime, &polls);
        let (other, _other_task) = wakers_of_pending(&runtime, &other_polls);
        assert!(waker.will_wake(&waker.clone()) && waker.clone().will_wake(&waker));
        assert!(!waker.will_wake(&other));
        let same = runtime.spawn(async {
            let first = poll_fn(|context| Poll::Ready(context.waker().clone())).await;
            task::yield_now().await;
            poll_fn(|context| Poll::Ready(context.waker().will_wake(&first))).await
        });
        assert!(runtime.block_on(same).unwrap());
    });
}

#[test]
fn a_wake_by_value_and_one_by_reference_each_lead_to_a_poll() {
    on_both(|runtime| {
        must_end(move || {
            let polls = Count::default();
            let (waker, _task) = wakers_of_pending(&runtime, &polls);
            assert_eq!(polls.get(), 1);
            waker.wake_by_ref();
            run_until(&runtime, || polls.get() == 2);
            waker.clone().wake();
            run_until(&runtime, || polls.get() == 3);
            let outside = waker.clone();
            thread::spawn(move || outside.wake()).join().unwrap();
            run_until(&runtime, || polls.get() == 4);
            drop(waker);
        });
    });
}

#[test]
fn a_wake_during_the_poll_leads_to_another() {
    on_both(|runtime| {
        must_end(move || {
            let mut polls = 0;
            let task = runtime.spawn(poll_fn(move |context| {
                polls += 1;
                let waker = context.waker().clone();
                thread::spawn(move || waker.wake()).join().unwrap();
                if polls == 100 {
                    Poll::Ready(polls)
                } else {
                    Poll::Pending
                }
            }));
            assert_eq!(runtime.block_on(task).unwrap(), 100);
        });
    });
}

#[test]
fn no_poll_follows_the_completion() {
    on_both(|runtime| {
        must_end(move || {
            let kept: Arc<Mutex<Vec<Waker>>> = Arc::default();
            let wakers = Arc::clone(&kept);
            let mut done = false;
            let task = runtime.spawn(poll_fn(move |context| {
                assert!(!done, "polled after completion");
                let waker = context.waker();
                wakers
                    .lock()
                    .unwrap()
                    .extend([waker.clone(), waker.clone()]);
                // Woken in its last poll, too.
                waker.wake_by_ref();
                done = true;
                Poll::Ready(7)
            }));
            run_until(&runtime, || task.is_finished());
            let wakers = std::mem::take(&mut *kept.lock().unwrap());
            for waker in wakers {
                waker.wake_by_ref();
                waker.wake();
            }
            assert_eq!(runtime.block_on(task).unwrap(), 7);
            assert_eq!(runtime.metrics().num_suspended_tasks(), 0);
        });
    });
}

#[test]
fn a_waker_may_outlive_the_runtime_and_be_used_on_any_thread() {
    on_both(|runtime| {
        must_end(move || {
            let polls = Count::default();
            let (waker, task) = wakers_of_pending(&runtime, &polls);
            drop(runtime);
            assert_eq!(polls.get(), 1);
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let waker = waker.clone();
                    thread::spawn(move || {
                        for _ in 0..100 {
                            waker.clone().wake();
                            waker.wake_by_ref();
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            assert!(current_thread().block_on(task).unwrap_err().is_cancelled());
            drop(waker);
            assert_eq!(polls.get(), 1);
        });
    });
}

#[test]
fn wakes_from_outside_during_the_shutdown_are_harmless() {
    must_end(|| {
        for round in 0..100 {
            let runtime = if round % 3 == 0 {
                current_thread()
            } else {
                multi_thread(1 + round % 2)
            };
            let dropped = Count::default();
            let wakers: Vec<_> = (0..8)
                .map(|_| {
                    let (polls, kept) = (Count::default(), dropped.on_drop());
                    let (sender, receiver) = mpsc::channel();
                    runtime.spawn(poll_fn(move |context| {
                        let _ = &kept;
                        polls.add();
                        let _ = sender.send(context.waker().clone());
                        Poll::<()>::Pending
                    }));
                    let waker = Mutex::new(None);
                    run_until(&runtime, || {
                        let mut waker = waker.lock().unwrap();
                        *waker = waker.take().or_else(|| receiver.try_recv().ok());
                        waker.is_some()
                    });
                    waker.into_inner().unwrap().unwrap()
                })
                .collect();
            let stop = Arc::new(AtomicBool::new(false));
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    let (wakers, stop) = (wakers.clone(), Arc::clone(&stop));
                    thread::spawn(move || {
                        while !stop.load(SeqCst) {
                            wakers.iter().for_each(Waker::wake_by_ref);
                        }
                    })
                })
                .collect();
            drop(runtime);
            assert_eq!(dropped.get(), 8);
            stop.store(true, SeqCst);
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        }
    });
}

#[test]
fn a_task_may_be_woken_by_another_runtime() {
    must_end(|| {
        let (a, b) = (multi_thread(2), multi_thread(1));
        let task = a.spawn(async {
            let mut sum = 0;
            for i in 0..1000_u64 {
                let (sender, receiver) = oneshot();
                // The other runtime's worker wakes this one's task.
                drop(task::spawn(async move { sender(i) }));
                sum += receiver.await;
            }
            sum
        });
        let crossing = b.spawn(task);
        assert_eq!(a.block_on(crossing).unwrap().unwrap(), 499_500);
    });
}

type Place<T> = Arc<Mutex<(Option<T>, Option<Waker>)>>;

/// A value that one task waits for and another gives.
fn oneshot<T: Send + 'static>() -> (impl FnOnce(T) + Send, impl Future<Output = T> + Send) {
    let place: Place<T> = Arc::new(Mutex::new((None, None)));
    let given = Arc::clone(&place);
    let give = move |value| {
        let waker = {
            let mut place = given.lock().unwrap();
            place.0 = Some(value);
            place.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    };
    let take = poll_fn(move |context| {
        let mut place = place.lock().unwrap();
        match place.0.take() {
            Some(value) => Poll::Ready(value),
            None => {
                place.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    });
    (give, take)
}

#[test]
fn the_waker_of_block_on_may_outlive_it() {
    on_both(|runtime| {
        must_end(move || {
            let waker = runtime.block_on(poll_fn(|context| Poll::Ready(context.waker().clone())));
            waker.wake_by_ref();
            assert_eq!(runtime.block_on(async { 1 }), 1);
            drop(runtime);
            waker.clone().wake();
            drop(waker);
        });
    });
}

/// A waker of ours kept in a thread-local is dropped, and used, when its thread ends.
#[test]
fn a_waker_may_be_used_while_a_thread_is_torn_down() {
    struct WakesOnDrop(Option<Waker>);
    impl Drop for WakesOnDrop {
        fn drop(&mut self) {
            self.0.take().into_iter().for_each(Waker::wake);
        }
    }
    thread_local! {
        static KEPT: std::cell::RefCell<Option<WakesOnDrop>> = const { std::cell::RefCell::new(None) };
    }
    on_both(|runtime| {
        must_end(move || {
            let polls = Count::default();
            let (waker, _task) = wakers_of_pending(&runtime, &polls);
            let own = waker.clone();
            // On a thread of the runtime itself, too.
            runtime.spawn_blocking(move || KEPT.set(Some(WakesOnDrop(Some(own)))));
            thread::spawn(move || KEPT.set(Some(WakesOnDrop(Some(waker)))))
                .join()
                .unwrap();
            run_until(&runtime, || polls.get() >= 2);
            drop(runtime);
        });
    });
}

#[test]
fn a_suspended_task_is_not_freed_before_its_last_waker_and_not_polled_after_its_abort() {
    on_both(|runtime| {
        must_end(move || {
            let dropped = Count::default();
            let kept = dropped.on_drop();
            let polls = Count::default();
            let (waker, task) = wakers_of_pending(&runtime, &polls);
            let keeper = runtime.spawn(async move {
                pending::<()>().await;
                drop(kept);
            });
            task.abort();
            keeper.abort();
            waker.wake_by_ref();
            run_until(&runtime, || task.is_finished() && keeper.is_finished());
            until(|| dropped.get() == 1);
            assert_eq!(polls.get(), 1);
            waker.wake();
        });
    });
}
