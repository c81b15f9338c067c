//! Sleeps and the ends of their runtimes; sleeps of one runtime in another.
#![cfg(all(feature = "time", feature = "test-util"))]

mod support;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Context;
use std::thread;
use std::time::Duration;

use fastwake::runtime::Runtime;
use fastwake::time::{Instant, Sleep, sleep};
use support::driven::{
    CountingWaker, LONG, NEVER, SOON, block_on_plain_thread, current, multi, on_each,
};
use support::{Count, must_end, panic_message};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn sleep_of(runtime: &Runtime, duration: Duration) -> Pin<Box<Sleep>> {
    let _entered = runtime.enter();
    Box::pin(sleep(duration))
}

const GONE: &str = "being shutdown";

#[test]
fn a_sleep_of_one_runtime_can_be_awaited_in_another() {
    must_end(|| {
        let a = multi(1);
        on_each(|b| {
            for duration in [Duration::ZERO, ms(3)] {
                let (start, nap) = (Instant::now(), sleep_of(&a, duration));
                b.block_on(b.spawn(nap)).unwrap();
                assert!(start.elapsed() >= duration);
                let (start, nap) = (Instant::now(), sleep_of(&a, duration));
                b.block_on(nap);
                assert!(start.elapsed() >= duration);
            }
        });
    });
}

#[test]
fn a_sleep_can_be_awaited_on_a_thread_of_no_runtime() {
    must_end(|| {
        let a = multi(2);
        for n in 0..20 {
            let (start, nap) = (Instant::now(), sleep_of(&a, ms(n)));
            block_on_plain_thread(nap);
            assert!(start.elapsed() >= ms(n));
        }
        // That of a current-thread runtime ends while somebody is in `block_on`.
        let a = current();
        let nap = sleep_of(&a, ms(5));
        let thread = thread::spawn(move || block_on_plain_thread(nap));
        a.block_on(async {
            while !thread.is_finished() {
                sleep(ms(1)).await;
            }
        });
        thread.join().unwrap();
    });
}

#[test]
fn a_sleep_whose_runtime_has_ended_panics_and_does_not_hang() {
    must_end(|| {
        on_each(|a| {
            let (fresh, mut armed, due) = (
                sleep_of(&a, NEVER),
                sleep_of(&a, NEVER),
                sleep_of(&a, Duration::ZERO),
            );
            let (woken, dropped) = (Count::default(), Count::default());
            let waker = CountingWaker::waker(&woken, &dropped);
            assert!(
                armed
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            let mut moved = sleep_of(&a, NEVER);
            assert!(
                moved
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            let handle = a.handle().clone();
            drop(a);
            assert_eq!(woken.get(), 2, "who waits is told");
            let b = current();
            assert!(panic_message(|| b.block_on(fresh)).contains(GONE));
            assert!(panic_message(|| block_on_plain_thread(armed)).contains(GONE));
            // Its time had come before.
            b.block_on(due);
            // Neither the reset nor the drop panics: the poll does.
            moved.as_mut().reset(Instant::now() + NEVER);
            assert!(panic_message(|| b.block_on(moved.as_mut())).contains(GONE));
            moved.as_mut().reset(Instant::now());
            b.block_on(moved);
            let new = {
                let _entered = handle.enter();
                sleep(ms(1_000))
            };
            assert!(panic_message(|| block_on_plain_thread(new)).contains(GONE));
        });
    });
}

#[test]
fn whoever_waits_while_the_runtime_ends_is_woken_to_panic() {
    must_end(|| {
        for round in 0..40 {
            on_each(|a| {
                let (ready, is_ready) = mpsc::channel();
                let waiters: Vec<_> = (0..4)
                    .map(|_| {
                        let (nap, ready) = (sleep_of(&a, NEVER), ready.clone());
                        thread::spawn(move || {
                            ready.send(()).unwrap();
                            std::panic::catch_unwind(AssertUnwindSafe(|| {
                                block_on_plain_thread(nap)
                            }))
                        })
                    })
                    .collect();
                is_ready.recv().unwrap();
                thread::sleep(Duration::from_micros(round * 5));
                drop(a);
                for waiter in waiters {
                    let panic = waiter.join().unwrap().unwrap_err();
                    assert!(support::message(&*panic).contains(GONE));
                }
            });
        }
    });
}

/// Its waker is another with each poll: the shutdown wakes one of them, and the sleep must not go
/// on to wait with the next.
#[test]
fn a_sleep_that_is_polled_by_many_while_the_runtime_ends_is_not_forgotten() {
    must_end(|| {
        for round in 0..300_u64 {
            let a = multi(1);
            let mut nap = sleep_of(&a, NEVER);
            let poller = thread::spawn(move || {
                std::panic::catch_unwind(AssertUnwindSafe(move || {
                    loop {
                        let (woken, dropped) = (Count::default(), Count::default());
                        let waker = CountingWaker::waker(&woken, &dropped);
                        let mut context = Context::from_waker(&waker);
                        assert!(nap.as_mut().poll(&mut context).is_pending());
                        if woken.get() == 0 && nap_is_over(&woken) {
                            continue;
                        }
                    }
                }))
            });
            thread::sleep(Duration::from_micros(round % 50));
            drop(a);
            assert!(support::message(&*poller.join().unwrap().unwrap_err()).contains(GONE));
        }
    });
}

fn nap_is_over(woken: &Count) -> bool {
    thread::yield_now();
    woken.get() > 0
}

#[test]
fn tasks_that_sleep_are_dropped_with_their_runtime() {
    must_end(|| {
        on_each(|a| {
            let dropped = Count::default();
            for n in 0..500_u64 {
                let kept = dropped.on_drop();
                a.spawn(async move {
                    sleep(Duration::from_micros(n * 10)).await;
                    sleep(NEVER).await;
                    drop(kept);
                });
            }
            a.block_on(async { sleep(ms(2)).await });
            drop(a);
            assert_eq!(dropped.get(), 500);
        });
    });
}

/// A task that does not end keeps the runtime's end from being complete, and nobody else.
#[test]
fn a_task_that_holds_up_the_shutdown_keeps_no_sleep_hanging() {
    must_end(|| {
        let a = multi(2);
        let handle = a.handle().clone();
        let (begun, has_begun) = mpsc::channel();
        a.spawn(async move {
            begun.send(()).unwrap();
            thread::sleep(LONG);
        });
        has_begun.recv().unwrap();
        a.shutdown_background();
        let start = std::time::Instant::now();
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
            handle.block_on(async { sleep(ms(50)).await });
        }));
        let (took, ended) = (start.elapsed(), outcome.is_ok());
        assert!(took < SOON, "slept: {ended}, after {took:?}");
    });
}
