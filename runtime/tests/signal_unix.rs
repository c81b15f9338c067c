//! Signals. Each test has a signal of its own: handlers are the process's.
#![cfg(all(unix, feature = "signal"))]

mod support;

use std::pin::pin;
use std::sync::mpsc;
use std::thread;

use fastwake::runtime::Runtime;
use fastwake::signal::unix::{Signal, SignalKind, signal};
use support::net::{current_thread_io, multi_thread_io, on_each_flavor, park_on, poll_once};
use support::{Count, must_end};

fn raise(kind: SignalKind) {
    // SAFETY: it has a handler, which does nothing but tell.
    assert_eq!(unsafe { libc::raise(kind.as_raw_value()) }, 0);
}

async fn recv(signal: &mut Signal) {
    assert_eq!(signal.recv().await, Some(()));
}

async fn is_silent(signal: &mut Signal) -> bool {
    poll_once(pin!(signal.recv()).as_mut()).await.is_pending()
}

#[test]
fn all_listeners_hear_and_again() {
    const KIND: SignalKind = SignalKind::user_defined1();
    on_each_flavor(|| async {
        let mut mine = signal(KIND).unwrap();
        let other = signal(KIND).unwrap();
        let dropped = signal(KIND).unwrap();
        drop(dropped);
        let heard = Count::default();
        let count = heard.clone();
        let task = fastwake::spawn(async move {
            let mut other = other;
            for _ in 0..3 {
                recv(&mut other).await;
                count.add();
            }
        });
        for n in 1..=3 {
            raise(KIND);
            recv(&mut mine).await;
            while heard.get() < n {
                fastwake::task::yield_now().await;
            }
        }
        task.await.unwrap();
        assert!(is_silent(&mut mine).await);
    });
}

#[test]
fn those_that_nobody_has_fetched_count_once() {
    const KIND: SignalKind = SignalKind::user_defined2();
    on_each_flavor(|| async {
        let mut slow = signal(KIND).unwrap();
        let mut quick = signal(KIND).unwrap();
        for _ in 0..3 {
            raise(KIND);
            recv(&mut quick).await;
        }
        recv(&mut slow).await;
        assert!(is_silent(&mut slow).await);
    });
}

#[test]
fn a_wait_that_is_dropped_loses_no_signal() {
    const KIND: SignalKind = SignalKind::window_change();
    on_each_flavor(|| async {
        let mut mine = signal(KIND).unwrap();
        let mut other = signal(KIND).unwrap();
        assert!(is_silent(&mut mine).await);
        raise(KIND);
        recv(&mut other).await;
        recv(&mut mine).await;
    });
}

#[test]
fn signals_of_one_kind_are_not_heard_by_another() {
    const ONE: SignalKind = SignalKind::alarm();
    const OTHER: SignalKind = SignalKind::hangup();
    on_each_flavor(|| async {
        let mut one = signal(ONE).unwrap();
        let mut other = signal(OTHER).unwrap();
        raise(ONE);
        recv(&mut one).await;
        assert!(is_silent(&mut other).await);
    });
}

#[test]
fn many_runtimes_hear_at_once() {
    const KIND: SignalKind = SignalKind::io();
    must_end(|| {
        let (ready, all_ready) = mpsc::channel();
        let threads: Vec<_> = (0..6)
            .map(|n| {
                let ready = ready.clone();
                thread::spawn(move || {
                    let runtime = match n % 2 {
                        0 => current_thread_io(),
                        _ => multi_thread_io(1),
                    };
                    runtime.block_on(async {
                        let mut signal = signal(KIND).unwrap();
                        ready.send(()).unwrap();
                        recv(&mut signal).await;
                    });
                })
            })
            .collect();
        for _ in &threads {
            all_ready.recv().unwrap();
        }
        raise(KIND);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_signal_that_comes_while_no_runtime_runs_is_kept_for_its_listener() {
    const KIND: SignalKind = SignalKind::quit();
    must_end(|| {
        let listen = |runtime: Runtime| runtime.block_on(async { signal(KIND).unwrap() });
        let mut orphaned = listen(current_thread_io());
        for runtime in [current_thread_io(), multi_thread_io(2)] {
            // The runtime that it comes from has ended.
            raise(KIND);
            runtime.block_on(recv(&mut orphaned));
            drop(runtime);
            orphaned = listen(multi_thread_io(1));
        }
    });
}

#[test]
fn a_runtime_that_nobody_drives_leaves_its_listeners_to_others() {
    const KIND: SignalKind = SignalKind::pipe();
    must_end(|| {
        let idle = current_thread_io();
        let mut moved = idle.block_on(async { signal(KIND).unwrap() });
        let busy = multi_thread_io(1);
        let task = busy.spawn(async move { recv(&mut moved).await });
        raise(KIND);
        busy.block_on(task).unwrap();
        // And one on a thread without a runtime hears as long as any runtime delivers.
        let mut outside = busy.block_on(async { signal(KIND).unwrap() });
        raise(KIND);
        park_on(recv(&mut outside));
        drop(idle);
    });
}

#[test]
fn runtimes_that_come_and_go_all_hear() {
    const KIND: SignalKind = SignalKind::terminate();
    must_end(|| {
        for n in 0..50 {
            let runtime = match n % 2 {
                0 => current_thread_io(),
                _ => multi_thread_io(1),
            };
            runtime.block_on(async {
                let mut signal = signal(KIND).unwrap();
                raise(KIND);
                recv(&mut signal).await;
            });
        }
    });
}

#[test]
fn ctrl_c_is_an_interrupt() {
    on_each_flavor(|| async {
        let mut waiting = pin!(fastwake::signal::ctrl_c());
        assert!(poll_once(waiting.as_mut()).await.is_pending());
        raise(SignalKind::interrupt());
        waiting.await.unwrap();
    });
}

#[test]
fn what_cannot_be_handled_is_refused() {
    on_each_flavor(|| async {
        let numbers = [0, -1, libc::SIGKILL, libc::SIGSTOP, libc::SIGSEGV, 1_000];
        for number in numbers {
            let error = signal(SignalKind::from_raw(number)).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(&format!("signal {number} ")), "{text}");
        }
        // The system's own refusal, and then it is not remembered as handled.
        for _ in 0..2 {
            assert!(signal(SignalKind::from_raw(127)).is_err());
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn real_time_signals_are_signals() {
    on_each_flavor(|| async {
        let kind = SignalKind::from_raw(libc::SIGRTMIN() + 1);
        let mut realtime = signal(kind).unwrap();
        raise(kind);
        recv(&mut realtime).await;
    });
}

#[test]
fn a_runtime_without_io_says_so() {
    let runtime = support::current_thread();
    let message = support::panic_message(|| {
        runtime.block_on(async { signal(SignalKind::child()).map(drop) })
    });
    assert!(message.contains("enable_io"), "{message}");
    let message = support::panic_message(|| signal(SignalKind::child()).map(drop));
    assert!(message.contains("no reactor running"), "{message}");
}
