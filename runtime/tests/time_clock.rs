//! A clock that tests stop, move and let go on.
#![cfg(all(feature = "time", feature = "test-util"))]

mod support;

use std::future::Future;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Builder, Handle};
use fastwake::task::yield_now;
use fastwake::time::{self, Instant, sleep, sleep_until, timeout};
use support::driven::{NEVER, current, multi, paused};
use support::{Count, must_end, panic_message};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn hour() -> Duration {
    Duration::from_secs(3_600)
}

#[test]
fn a_stopped_clock_stands_until_it_goes_on() {
    must_end(|| {
        current().block_on(async {
            time::pause();
            let start = Instant::now();
            thread::sleep(ms(5));
            assert_eq!(Instant::now(), start);
            assert_eq!(start.elapsed(), Duration::ZERO);
            time::advance(ms(7)).await;
            assert_eq!(start.elapsed(), ms(7));
            time::resume();
            let resumed = Instant::now();
            assert!(resumed >= start + ms(7));
            thread::sleep(ms(5));
            assert!(resumed.elapsed() >= ms(5));
            // As often as one likes, and never backwards.
            let mut before = Instant::now();
            for _ in 0..1_000 {
                time::pause();
                let stopped = Instant::now();
                time::resume();
                let after = Instant::now();
                assert!(before <= stopped && stopped <= after);
                before = after;
            }
        });
    });
}

#[test]
fn any_duration_passes_exactly_on_a_stopped_clock() {
    must_end(|| {
        paused().block_on(async {
            for n in 1..200_u64 {
                let start = Instant::now();
                sleep(ms(n)).await;
                assert_eq!(start.elapsed(), ms(n));
                // Shorter than a tick of the timers: at least that.
                let start = Instant::now();
                sleep(Duration::from_nanos(n)).await;
                assert!(start.elapsed() >= Duration::from_nanos(n));
                assert!(start.elapsed() <= ms(1));
            }
            let start = Instant::now();
            sleep(hour() * 24 * 365).await;
            assert_eq!(start.elapsed().as_secs(), hour().as_secs() * 24 * 365);
        });
    });
}

#[test]
fn an_advance_wakes_all_whose_time_has_come_and_nobody_else() {
    must_end(|| {
        paused().block_on(async {
            let ended = Count::default();
            let tasks: Vec<_> = (1..=10)
                .map(|n| {
                    let ended = ended.clone();
                    fastwake::spawn(async move {
                        sleep(hour() * n).await;
                        ended.add();
                    })
                })
                .collect();
            // So that they begin now.
            yield_now().await;
            for n in 1..=10 {
                time::advance(hour() - ms(1)).await;
                assert_eq!(ended.get(), n - 1);
                time::advance(ms(1)).await;
                assert_eq!(ended.get(), n);
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn tasks_with_one_deadline_go_on_in_the_order_in_which_they_began_to_wait() {
    must_end(|| {
        paused().block_on(async {
            let order = Arc::new(Mutex::new(Vec::new()));
            let deadline = Instant::now() + hour();
            let tasks: Vec<_> = (0..600)
                .map(|n| {
                    let order = order.clone();
                    fastwake::spawn(async move {
                        if n % 2 == 1 {
                            // These come to the last level of the timers by another way.
                            sleep_until(deadline - ms(1)).await;
                        }
                        sleep_until(deadline).await;
                        order.lock().unwrap().push(n);
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let expected: Vec<_> = (0..600).step_by(2).chain((1..600).step_by(2)).collect();
            assert_eq!(*order.lock().unwrap(), expected);
        });
    });
}

#[test]
fn an_advance_past_many_deadlines_wakes_in_the_order_of_deadlines() {
    must_end(|| {
        paused().block_on(async {
            let order = Arc::new(Mutex::new(Vec::new()));
            let asleep = Count::default();
            let tasks: Vec<_> = (0..500_u64)
                .map(|n| {
                    let (order, asleep) = (order.clone(), asleep.clone());
                    let after = 1 + n * 7_919 % 500;
                    fastwake::spawn(async move {
                        asleep.add();
                        sleep(ms(after)).await;
                        order.lock().unwrap().push(after);
                    })
                })
                .collect();
            while asleep.get() < 500 {
                yield_now().await;
            }
            time::advance(hour()).await;
            for task in tasks {
                task.await.unwrap();
            }
            let order = order.lock().unwrap();
            assert!(order.is_sorted(), "{order:?}");
        });
    });
}

#[test]
fn the_clock_does_not_jump_while_there_is_something_to_do() {
    must_end(|| {
        paused().block_on(async {
            let start = Instant::now();
            let sleeper = fastwake::spawn(sleep(hour()));
            for _ in 0..1_000 {
                yield_now().await;
                assert_eq!(start.elapsed(), Duration::ZERO);
            }
            sleeper.await.unwrap();
            assert_eq!(start.elapsed(), hour());
        });
    });
}

#[test]
fn the_clock_does_not_jump_while_a_closure_is_on_a_blocking_thread() {
    must_end(|| {
        paused().block_on(async {
            let start = Instant::now();
            for _ in 0..20 {
                let closure = fastwake::task::spawn_blocking(|| thread::sleep(ms(3)));
                timeout(ms(1), closure)
                    .await
                    .expect("no time has passed on the stopped clock")
                    .unwrap();
                assert_eq!(start.elapsed(), Duration::ZERO);
            }
            // Once it is done, it does, also when nobody waits for the closure.
            let closure = fastwake::task::spawn_blocking(|| thread::sleep(ms(20)));
            sleep(hour()).await;
            assert!(closure.is_finished());
            assert_eq!(start.elapsed(), hour());
        });
    });
}

#[test]
fn a_closure_that_panics_or_is_cancelled_does_not_hold_the_clock() {
    must_end(|| {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let panics = fastwake::task::spawn_blocking(|| panic!("a closure's own"));
            let never_runs = fastwake::task::spawn_blocking(|| ());
            never_runs.abort();
            sleep(hour()).await;
            assert!(panics.await.unwrap_err().is_panic());
            sleep(hour()).await;
        });
    });
}

#[test]
fn a_sleep_of_another_thread_makes_a_stopped_clock_jump() {
    must_end(|| {
        for round in 0..200 {
            let runtime = paused();
            let handle = runtime.handle().clone();
            let (done, is_done) = fastwake::sync::oneshot::channel();
            let thread = thread::spawn(move || {
                // Before, while and after the runtime falls asleep.
                thread::sleep(Duration::from_micros(round * 3));
                handle.block_on(async { sleep(hour()).await });
                done.send(()).unwrap();
            });
            runtime.block_on(is_done).unwrap();
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_clock_that_goes_on_by_another_threads_doing_reaches_the_deadlines() {
    must_end(|| {
        let runtime = paused();
        runtime.block_on(async {
            let start = std::time::Instant::now();
            let (asleep, is_asleep) = mpsc::channel();
            let closure = fastwake::task::spawn_blocking(move || {
                is_asleep.recv().unwrap();
                thread::sleep(ms(20));
                time::resume();
                // The runtime cannot rely on the end of the closure to look again.
                thread::sleep(ms(20));
            });
            drop(closure);
            asleep.send(()).unwrap();
            sleep(ms(100)).await;
            assert!(start.elapsed() >= ms(100));
        });
    });
}

#[test]
fn a_sleep_on_a_pool_of_one_cpu_follows_the_stopped_clock() {
    must_end(|| {
        let runtime = paused();
        let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let there = Handle::current()
                .spawn_on(cpu, async {
                    sleep(ms(1_000)).await;
                    Instant::now()
                })
                .unwrap();
            // Real time, so that it sleeps by now.
            thread::sleep(ms(20));
            sleep(hour()).await;
            assert!(there.await.unwrap() >= start + ms(1_000));
            // And once the clock goes on.
            let there = Handle::current()
                .spawn_on(cpu, async { sleep(ms(50)).await })
                .unwrap();
            thread::sleep(ms(20));
            time::resume();
            there.await.unwrap();
        });
    });
}

#[test]
fn a_sleep_on_a_pool_of_one_cpu_alone_makes_the_stopped_clock_jump() {
    must_end(|| {
        let runtime = paused();
        let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
        runtime.block_on(async {
            let there = Handle::current()
                .spawn_on(cpu, async { sleep(hour()).await })
                .unwrap();
            there.await.unwrap();
        });
    });
}

#[test]
fn a_clock_that_is_stopped_while_something_sleeps_jumps_to_its_end() {
    must_end(|| {
        current().block_on(async {
            let start = Instant::now();
            let sleeper = fastwake::spawn(sleep(hour()));
            sleep(ms(2)).await;
            time::pause();
            sleeper.await.unwrap();
            assert!(start.elapsed() >= hour());
            time::resume();
            // What is ahead stays so: a new sleep takes its time.
            let real = std::time::Instant::now();
            sleep(ms(20)).await;
            assert!(real.elapsed() >= ms(19));
        });
    });
}

#[test]
fn one_runtimes_clock_is_not_anothers() {
    must_end(|| {
        let (stopped, runs) = (paused(), multi(1));
        let start = stopped.block_on(async { Instant::now() });
        stopped.block_on(async { sleep(hour()).await });
        runs.block_on(async {
            let before = Instant::now();
            assert!(before < start + hour(), "it has not jumped with the other");
            sleep(ms(5)).await;
            assert!(before.elapsed() >= ms(5) && before.elapsed() < hour());
        });
        assert_eq!(stopped.block_on(async { start.elapsed() }), hour());
    });
}

struct PanicsOnWake;

impl Wake for PanicsOnWake {
    fn wake(self: Arc<Self>) {
        panic!("a waker's own panic");
    }
}

#[test]
fn a_waker_that_panics_keeps_no_other_timer_from_firing() {
    must_end(|| {
        paused().block_on(async {
            let ended = Count::default();
            let deadline = Instant::now() + ms(5);
            let mut naps = Vec::new();
            for n in 0..20 {
                let ended = ended.clone();
                fastwake::spawn(async move {
                    sleep_until(deadline).await;
                    ended.add();
                });
                yield_now().await;
                if n % 4 == 1 {
                    let mut nap = Box::pin(sleep_until(deadline));
                    let waker = Waker::from(Arc::new(PanicsOnWake));
                    assert!(
                        nap.as_mut()
                            .poll(&mut Context::from_waker(&waker))
                            .is_pending()
                    );
                    naps.push(nap);
                }
            }
            time::advance(ms(5)).await;
            yield_now().await;
            assert_eq!(ended.get(), 20);
        });
    });
}

#[test]
fn a_clock_that_is_not_as_it_should_be_says_so() {
    let contains = |text: &str, part: &str| assert!(text.contains(part), "{text:?}");
    contains(&panic_message(time::pause), "runtime");
    contains(&panic_message(time::resume), "runtime");
    let runtime = current();
    runtime.block_on(async {
        contains(&panic_message(time::resume), "not stopped");
        time::pause();
        contains(&panic_message(time::pause), "stopped already");
        time::resume();
    });
    let advance = || runtime.block_on(async { time::advance(ms(1)).await });
    contains(&panic_message(advance), "not stopped");
    let runtime = multi(1);
    let in_multi = |f: fn()| panic_message(|| runtime.block_on(async { f() }));
    contains(&in_multi(time::pause), "current-thread");
    contains(&in_multi(time::resume), "current-thread");
    let advance = || runtime.block_on(async { time::advance(ms(1)).await });
    contains(&panic_message(advance), "current-thread");
    // None of this has hurt the clock.
    runtime.block_on(async { sleep(ms(1)).await });
}

#[test]
fn a_clock_that_is_moved_beyond_what_it_can_tell_panics_and_stays() {
    must_end(|| {
        let runtime = paused();
        let start = runtime.block_on(async { Instant::now() });
        panic_message(|| runtime.block_on(async { time::advance(Duration::MAX).await }));
        assert_eq!(runtime.block_on(async { Instant::now() }), start);
        runtime.block_on(async { sleep(ms(1)).await });
    });
}

#[test]
fn a_multi_thread_runtime_with_a_stopped_clock_is_refused() {
    let error = Builder::new_multi_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("current-thread"), "{error}");
}

#[test]
fn a_sleep_without_end_on_a_stopped_clock_does_not_keep_others_from_ending() {
    must_end(|| {
        paused().block_on(async {
            let start = Instant::now();
            let far = fastwake::spawn(sleep(Duration::MAX));
            sleep(NEVER).await;
            assert_eq!(start.elapsed(), NEVER);
            assert!(!far.is_finished());
        });
    });
}
