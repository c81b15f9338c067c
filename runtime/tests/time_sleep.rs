//! Sleeps: none is early, all end.
#![cfg(all(feature = "time", feature = "test-util"))]

mod support;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake};
use std::time::Duration;

use fastwake::runtime::{Builder, Runtime};
use fastwake::time::{self, Instant, sleep};
use support::must_end;

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

fn each_flavor(test: impl Fn(Runtime)) {
    test(
        Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap(),
    );
    test(
        Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap(),
    );
    test(Builder::new_current_thread().enable_all().build().unwrap());
}

#[test]
fn no_sleep_is_early_and_each_ends() {
    must_end(|| {
        each_flavor(|runtime| {
            runtime.block_on(async {
                let sleeps = (0..2_000_u64).map(|n| {
                    fastwake::spawn(async move {
                        let duration = Duration::from_micros(n * 37 % 20_000);
                        let start = Instant::now();
                        sleep(duration).await;
                        assert!(start.elapsed() >= duration);
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
fn a_stopped_clock_jumps_from_deadline_to_deadline() {
    must_end(|| {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let day = fastwake::spawn(sleep(Duration::from_secs(86_400)));
            for _ in 0..24 {
                sleep(Duration::from_secs(3_600)).await;
            }
            day.await.unwrap();
            assert_eq!(start.elapsed().as_secs(), 86_400);
            time::resume();
            sleep(Duration::from_millis(1)).await;
        });
    });
}

#[test]
fn a_long_poll_of_the_worker_that_drives_does_not_keep_others_from_their_deadlines() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let late = runtime.spawn(async {
            let deadline = Instant::now() + Duration::from_millis(100);
            time::sleep_until(deadline).await;
            deadline.elapsed()
        });
        // Whoever fires this timer is the one that drives, and is gone for long.
        runtime.spawn(async {
            sleep(Duration::from_millis(10)).await;
            std::thread::sleep(Duration::from_secs(5));
        });
        let late = runtime.block_on(late).unwrap();
        assert!(late < Duration::from_secs(2), "late by {late:?}");
        runtime.shutdown_background();
    });
}

#[test]
fn whoever_blocks_leaves_the_driver_to_somebody() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let late = runtime.spawn(async {
            let deadline = Instant::now() + Duration::from_millis(100);
            time::sleep_until(deadline).await;
            deadline.elapsed()
        });
        runtime.spawn(async {
            sleep(Duration::from_millis(10)).await;
            fastwake::task::block_in_place(|| std::thread::sleep(Duration::from_secs(5)));
        });
        let late = runtime.block_on(late).unwrap();
        assert!(late < Duration::from_secs(2), "late by {late:?}");
        runtime.shutdown_background();
    });
}

#[test]
fn a_sleep_has_not_elapsed_before_it_is_polled_or_moved() {
    must_end(|| {
        each_flavor(|runtime| {
            runtime.block_on(async {
                let mut nap = std::pin::pin!(sleep(Duration::ZERO));
                assert!(!nap.is_elapsed());
                nap.as_mut().await;
                assert!(nap.is_elapsed());
                let mut moved = std::pin::pin!(sleep(Duration::from_secs(3_600)));
                moved.as_mut().reset(Instant::now());
                assert!(moved.is_elapsed());
                // One that somebody waits for is done with the move, and not when its driver looks.
                let mut waited = std::pin::pin!(sleep(Duration::from_secs(3_600)));
                let woken = Arc::new(Woken::default());
                let waker = Arc::clone(&woken).into();
                let mut context = Context::from_waker(&waker);
                assert!(waited.as_mut().poll(&mut context).is_pending());
                waited.as_mut().reset(Instant::now());
                assert!(woken.0.load(SeqCst));
                assert!(waited.poll(&mut context).is_ready());
            });
        });
    });
}
