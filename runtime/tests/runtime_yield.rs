//! What has happened by the time that a yield returns.
#![cfg(feature = "net")]

mod support;

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

use fastwake::net::UdpSocket;
use fastwake::runtime::Builder;
use fastwake::task::yield_now;
use support::net::{LOCALHOST, current_thread_io, multi_thread_io};
use support::{Count, must_end, until};

/// What has come is known after one yield.
async fn receives_after_a_yield() {
    let socket = UdpSocket::bind(LOCALHOST).await.unwrap();
    let sender = std::net::UdpSocket::bind(LOCALHOST).unwrap();
    let to = socket.local_addr().unwrap();
    let mut buf = [0; 8];
    yield_now().await;
    for _ in 0..20 {
        let nothing = socket.try_recv(&mut buf).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        sender.send_to(b"x", to).unwrap();
        yield_now().await;
        assert_eq!(socket.try_recv(&mut buf).unwrap(), 1);
    }
}

#[test]
fn a_worker_that_has_nothing_else_to_do_looks_for_events_in_a_yield() {
    must_end(|| {
        current_thread_io().block_on(receives_after_a_yield());
        for runtime in [current_thread_io(), multi_thread_io(1)] {
            let task = runtime.spawn(receives_after_a_yield());
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_task_that_yields_goes_behind_the_future_of_block_on() {
    const TURNS: usize = 100;
    let runtime = current_thread_io();
    let polls = Count::default();
    let counted = polls.clone();
    runtime.spawn(async move {
        loop {
            counted.add();
            yield_now().await;
        }
    });
    runtime.block_on(async {
        for _ in 0..TURNS {
            yield_now().await;
        }
    });
    assert_eq!(polls.get(), TURNS);
}

#[test]
fn a_task_that_yields_goes_on_in_the_next_block_on() {
    must_end(|| {
        let runtime = current_thread_io();
        let task = runtime.spawn(async {
            for _ in 0..10 {
                yield_now().await;
            }
        });
        until(|| {
            runtime.block_on(yield_now());
            task.is_finished()
        });
        // And one that has yielded is dropped with the runtime.
        let task = runtime.spawn(async {
            loop {
                yield_now().await;
            }
        });
        runtime.block_on(yield_now());
        drop(runtime);
        assert!(task.is_finished());
    });
}

#[test]
fn a_park_hook_that_always_wakes_somebody_keeps_no_timers_away() {
    must_end(|| {
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let hook = Arc::clone(&waker);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_park(move || {
                if let Some(waker) = hook.lock().unwrap().take() {
                    waker.wake();
                }
            })
            .build()
            .unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&done);
        runtime.spawn(async move {
            fastwake::time::sleep(Duration::from_millis(1)).await;
            flag.store(true, SeqCst);
        });
        until(|| {
            let mut polled = false;
            runtime.block_on(std::future::poll_fn(|context| {
                if std::mem::replace(&mut polled, true) {
                    return Poll::Ready(());
                }
                *waker.lock().unwrap() = Some(context.waker().clone());
                Poll::Pending
            }));
            done.load(SeqCst)
        });
    });
}
