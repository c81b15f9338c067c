//! Deadlines: none is early, whatever happens to the sleep or its task meanwhile, and none is lost.
#![cfg(all(feature = "time", feature = "test-util"))]

mod support;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use fastwake::runtime::Handle;
use fastwake::time::{self, Instant, Sleep, sleep, sleep_until, timeout};
use support::driven::{CountingWaker, NEVER, current, multi, on_each};
use support::{Count, must_end, until};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Every distance to the edges of a tick, which is some power of ten of nanoseconds.
#[test]
fn no_sleep_is_early_at_the_edge_of_a_tick() {
    must_end(|| {
        on_each(|runtime| {
            runtime.block_on(async {
                let start = Instant::now();
                let edges = (0..300_u32).map(|n| {
                    let base = Duration::from_micros(10) * (100 + n * 17);
                    let off = Duration::from_nanos(u64::from(n % 7) * 1_667);
                    start + base + off - Duration::from_nanos(u64::from(n % 3))
                });
                let sleeps = edges.map(|deadline| {
                    fastwake::spawn(async move {
                        sleep_until(deadline).await;
                        let now = Instant::now();
                        assert!(now >= deadline, "early by {:?}", deadline - now);
                        assert!(deadline.elapsed() >= Duration::ZERO);
                    })
                });
                for sleep in sleeps.collect::<Vec<_>>() {
                    sleep.await.unwrap();
                }
            });
        });
    });
}

#[test]
fn a_hundred_thousand_sleeps_end_in_time_and_none_early() {
    must_end(|| {
        for runtime in [multi(2), current()] {
            runtime.block_on(async {
                let spawned = Handle::current().spawn_batch((0..100_000_u64).map(|n| async move {
                    let duration = Duration::from_micros(10_000 + n * 7_919 % 90_000);
                    let start = Instant::now();
                    sleep(duration).await;
                    start.elapsed() >= duration
                }));
                for sleep in spawned {
                    assert!(sleep.await.unwrap(), "early");
                }
            });
        }
    });
}

#[test]
fn a_past_deadline_a_zero_sleep_and_one_of_a_nanosecond_end_at_once() {
    must_end(|| {
        on_each(|runtime| {
            runtime.block_on(async {
                let past = Instant::now();
                thread::sleep(ms(2));
                for _ in 0..2_000 {
                    sleep_until(past).await;
                    sleep(Duration::ZERO).await;
                }
                for _ in 0..20 {
                    sleep(Duration::from_nanos(1)).await;
                }
                assert!(past.elapsed() < support::PATIENCE / 4);
            });
        });
    });
}

#[test]
fn a_sleep_that_no_clock_reaches_is_pending_and_can_be_cancelled() {
    must_end(|| {
        on_each(|runtime| {
            runtime.block_on(async {
                for far in [Duration::MAX, Duration::MAX / 2, NEVER * 1_000_000] {
                    assert!(timeout(ms(2), sleep(far)).await.is_err());
                    assert!(timeout(far, sleep(ms(1))).await.is_ok());
                    let mut far = pin!(sleep(far));
                    assert!(polled_once(far.as_mut()).await.is_pending());
                    far.as_mut().reset(Instant::now() + ms(1));
                    far.await;
                }
            });
        });
    });
}

async fn polled_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

#[test]
fn a_reset_moves_the_end_whenever_it_comes() {
    must_end(|| {
        on_each(|runtime| {
            runtime.block_on(async {
                // Before the first poll, to later.
                let mut nap = pin!(sleep(Duration::ZERO));
                let deadline = Instant::now() + ms(5);
                nap.as_mut().reset(deadline);
                nap.as_mut().await;
                assert!(Instant::now() >= deadline);
                // After it has fired, again and again.
                for _ in 0..3 {
                    assert!(nap.is_elapsed());
                    let deadline = Instant::now() + ms(2);
                    nap.as_mut().reset(deadline);
                    assert_eq!(nap.deadline(), deadline);
                    nap.as_mut().await;
                    assert!(Instant::now() >= deadline);
                }
                // While it waits, to later: not woken for the old deadline, or pending if so.
                nap.as_mut().reset(Instant::now() + ms(2));
                assert!(polled_once(nap.as_mut()).await.is_pending());
                let deadline = Instant::now() + ms(20);
                nap.as_mut().reset(deadline);
                nap.as_mut().await;
                assert!(Instant::now() >= deadline);
                // While it waits, to earlier, and to the past.
                for deadline in [Instant::now() + ms(2), Instant::now() - ms(1)] {
                    nap.as_mut().reset(Instant::now() + NEVER);
                    assert!(polled_once(nap.as_mut()).await.is_pending());
                    nap.as_mut().reset(deadline);
                    nap.as_mut().await;
                }
            });
        });
    });
}

/// A sleep that several tasks can reach.
type Shared = std::sync::Arc<std::sync::Mutex<Pin<Box<Sleep>>>>;

#[test]
fn a_reset_by_another_thread_wakes_the_task_that_waits() {
    must_end(|| {
        on_each(|runtime| {
            let nap: Shared = {
                let _entered = runtime.enter();
                std::sync::Arc::new(std::sync::Mutex::new(Box::pin(sleep(NEVER))))
            };
            let polled = Count::default();
            let waits = {
                let (nap, polled) = (nap.clone(), polled.clone());
                poll_fn(move |context| {
                    let result = nap.lock().unwrap().as_mut().poll(context);
                    polled.add();
                    result
                })
            };
            let resets = thread::spawn(move || {
                until(|| polled.get() > 0);
                // Time for the runtime to fall asleep, so that it has to be told.
                thread::sleep(ms(20));
                let deadline = Instant::now() + ms(5);
                nap.lock().unwrap().as_mut().reset(deadline);
                deadline
            });
            runtime.block_on(runtime.spawn(waits)).unwrap();
            let deadline = resets.join().unwrap();
            assert!(Instant::now() >= deadline);
        });
    });
}

#[test]
fn of_two_tasks_that_poll_a_sleep_in_turn_the_last_is_woken() {
    must_end(|| {
        on_each(|runtime| {
            let _entered = runtime.enter();
            for _ in 0..10 {
                let mut nap = Box::pin(sleep(ms(20)));
                let counts = [(); 4].map(|()| (Count::default(), Count::default()));
                for (woken, dropped) in &counts {
                    let waker = CountingWaker::waker(woken, dropped);
                    let polled = nap.as_mut().poll(&mut Context::from_waker(&waker));
                    assert!(polled.is_pending() || nap.is_elapsed());
                }
                assert_eq!(
                    counts[..3]
                        .iter()
                        .map(|(_, drops)| drops.get())
                        .sum::<usize>(),
                    3,
                    "the wakers before are dropped at once"
                );
                runtime.block_on(async {
                    while counts[3].0.get() == 0 {
                        sleep(ms(1)).await
                    }
                });
                let woken = counts.each_ref().map(|(woken, _)| woken.get());
                assert_eq!(woken, [0, 0, 0, 1]);
            }
        });
    });
}

#[test]
fn a_sleep_that_is_dropped_lets_go_of_its_waker_at_once() {
    must_end(|| {
        let other = multi(1);
        on_each(|runtime| {
            let (woken, dropped) = (Count::default(), Count::default());
            let armed = || {
                let _entered = runtime.enter();
                let mut nap = Box::pin(sleep(NEVER));
                let waker = CountingWaker::waker(&woken, &dropped);
                assert!(
                    nap.as_mut()
                        .poll(&mut Context::from_waker(&waker))
                        .is_pending()
                );
                nap
            };
            drop(armed());
            assert_eq!(dropped.get(), 1);
            let nap = armed();
            thread::spawn(move || drop(nap)).join().unwrap();
            assert_eq!(dropped.get(), 2);
            let nap = armed();
            other
                .block_on(other.spawn(async move { drop(nap) }))
                .unwrap();
            assert_eq!(dropped.get(), 3);
            let mut nap = armed();
            nap.as_mut().reset(Instant::now() + NEVER * 2);
            assert_eq!(dropped.get(), 3, "it waits for the new deadline");
            drop(nap);
            assert_eq!((woken.get(), dropped.get()), (0, 4));
        });
    });
}

#[test]
fn sleeps_that_are_dropped_while_they_fire_leave_nothing_behind() {
    must_end(|| {
        on_each(|runtime| {
            let (woken, dropped) = (Count::default(), Count::default());
            const ROUNDS: usize = 40;
            const SLEEPS: usize = 50;
            let (naps, dropper) = mpsc::channel::<(Instant, Vec<Pin<Box<Sleep>>>)>();
            let dropper = thread::spawn(move || {
                for (deadline, naps) in dropper {
                    while Instant::now() < deadline {
                        std::hint::spin_loop();
                    }
                    drop(naps);
                }
            });
            runtime.block_on(async {
                for round in 0..ROUNDS {
                    let deadline =
                        Instant::now() + Duration::from_micros(1_000 + round as u64 * 10);
                    let armed = (0..SLEEPS).map(|n| {
                        let mut nap =
                            Box::pin(sleep_until(deadline + Duration::from_micros(n as u64)));
                        let waker = CountingWaker::waker(&woken, &dropped);
                        let _ = nap.as_mut().poll(&mut Context::from_waker(&waker));
                        nap
                    });
                    naps.send((deadline, armed.collect())).unwrap();
                    sleep_until(deadline).await;
                }
            });
            drop(naps);
            dropper.join().unwrap();
            runtime.block_on(async { sleep(ms(1)).await });
            // The driver has had its turn: it lets go of what it has woken.
            until(|| dropped.get() == ROUNDS * SLEEPS);
            assert!(woken.get() <= ROUNDS * SLEEPS);
        });
    });
}

#[test]
fn tasks_that_are_aborted_from_everywhere_free_their_sleeps() {
    must_end(|| {
        on_each(|runtime| {
            let freed = Count::default();
            let tasks: Vec<_> = (0..1_000_u64)
                .map(|n| {
                    let kept = freed.on_drop();
                    runtime.spawn(async move {
                        sleep(Duration::from_micros(n * 20)).await;
                        sleep(NEVER).await;
                        drop(kept);
                    })
                })
                .collect();
            let aborts: Vec<_> = tasks.iter().map(|task| task.abort_handle()).collect();
            let thread = thread::spawn(move || {
                for abort in aborts {
                    abort.abort();
                    thread::sleep(Duration::from_micros(10));
                }
            });
            runtime.block_on(async {
                for task in tasks {
                    assert!(task.await.unwrap_err().is_cancelled());
                }
            });
            thread.join().unwrap();
            assert_eq!(freed.get(), 1_000);
        });
    });
}

#[test]
fn select_loops_that_make_new_sleeps_each_time_lose_none() {
    must_end(|| {
        on_each(|runtime| {
            runtime.block_on(async {
                let loops: Vec<_> = (0..50_u64)
                    .map(|n| {
                        fastwake::spawn(async move {
                            let end = Instant::now() + ms(100);
                            let (mut short, mut turns) = (0_u32, 0_u32);
                            while Instant::now() < end {
                                turns += 1;
                                fastwake::select! {
                                    () = sleep(Duration::from_micros(200 + n)) => short += 1,
                                    () = sleep(Duration::from_micros(210)) => {}
                                    () = sleep(NEVER) => panic!("a day is over early"),
                                }
                            }
                            assert!(short <= turns && turns > 0);
                        })
                    })
                    .collect();
                for each in loops {
                    each.await.unwrap();
                }
            });
        });
    });
}

/// A future that is always ready and spends budget, as a socket that never runs dry.
async fn spend() {
    fastwake::task::consume_budget().await;
}

#[test]
fn a_timeout_around_what_never_waits_ends_it() {
    must_end(|| {
        on_each(|runtime| {
            let busy = async {
                let result = timeout(ms(20), async {
                    loop {
                        spend().await;
                    }
                });
                result.await.map(|()| unreachable!("it has no end"))
            };
            assert!(runtime.block_on(busy).is_err());
            let spawned = runtime.spawn(async {
                timeout(ms(20), async {
                    loop {
                        spend().await;
                    }
                })
                .await
                .is_err()
            });
            assert!(runtime.block_on(spawned).unwrap());
            // Ready at the first poll, though the time has passed as well.
            runtime.block_on(async {
                for _ in 0..1_000 {
                    assert_eq!(timeout(Duration::ZERO, async { 5 }).await, Ok(5));
                }
                let past = Instant::now() - ms(1);
                assert!(
                    time::timeout_at(past, std::future::pending::<()>())
                        .await
                        .is_err()
                );
            });
        });
    });
}

#[test]
fn resets_from_many_threads_at_once_lose_no_end() {
    must_end(|| {
        on_each(|runtime| {
            const SLEEPS: usize = 64;
            let naps: Vec<Shared> = {
                let _entered = runtime.enter();
                let nap = || std::sync::Arc::new(std::sync::Mutex::new(Box::pin(sleep(NEVER))));
                (0..SLEEPS).map(|_| nap()).collect()
            };
            let tasks: Vec<_> = naps
                .iter()
                .map(|nap| {
                    let nap = nap.clone();
                    runtime.spawn(poll_fn(move |context| {
                        nap.lock().unwrap().as_mut().poll(context)
                    }))
                })
                .collect();
            thread::scope(|scope| {
                for seed in 0..4_u64 {
                    let naps = &naps;
                    scope.spawn(move || {
                        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
                        for _ in 0..2_000 {
                            random ^= random << 13;
                            random ^= random >> 7;
                            random ^= random << 17;
                            let nap = &naps[random as usize % SLEEPS];
                            let to = Instant::now() + ms(50 + random % 400_000);
                            nap.lock().unwrap().as_mut().reset(to);
                        }
                        for nap in naps {
                            nap.lock().unwrap().as_mut().reset(Instant::now() + ms(1));
                        }
                    });
                }
            });
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
        });
    });
}

#[test]
fn a_sleep_that_nobody_has_polled_can_be_dropped_outside_of_a_runtime() {
    let runtime = current();
    let nap = {
        let _entered = runtime.enter();
        sleep(NEVER)
    };
    assert!(Handle::try_current().is_err());
    drop(nap);
}

#[test]
fn sleeps_intervals_and_timeouts_can_be_sent_and_shared() {
    fn can<T: Send + Sync>() {}
    can::<Sleep>();
    can::<time::Interval>();
    can::<time::Timeout<std::future::Ready<()>>>();
}
