//! What a runtime has been built with, and what it says of the rest.
#![cfg(all(feature = "net", feature = "time"))]

mod support;

use std::time::Duration;

use fastwake::net::{TcpListener, UdpSocket};
use fastwake::runtime::{Builder, Runtime};
use fastwake::time::{interval, sleep, timeout};
use support::{must_end, panic_message};

fn builders() -> [Builder; 2] {
    [Builder::new_multi_thread(), Builder::new_current_thread()]
}

fn each(enable: fn(&mut Builder) -> &mut Builder, test: fn(Runtime)) {
    must_end(move || {
        for mut builder in builders() {
            test(enable(builder.worker_threads(1)).build().unwrap());
        }
    });
}

fn assert_no_io(runtime: &Runtime) {
    let text = panic_message(|| runtime.block_on(async { UdpSocket::bind("127.0.0.1:0").await }));
    assert!(
        text.contains("IO is disabled") && text.contains("enable_io"),
        "{text}"
    );
    let text = panic_message(|| {
        runtime.block_on(async { TcpListener::bind("127.0.0.1:0").await.map(drop) })
    });
    assert!(text.contains("enable_io"), "{text}");
}

fn assert_no_time(runtime: &Runtime) {
    let contains = |text: String| {
        assert!(
            text.contains("timers are disabled") && text.contains("enable_time"),
            "{text}"
        );
    };
    contains(panic_message(|| {
        runtime.block_on(async { sleep(Duration::ZERO).await })
    }));
    contains(panic_message(|| {
        runtime.block_on(async { drop(interval(Duration::from_secs(1))) })
    }));
    contains(panic_message(|| {
        runtime.block_on(async { timeout(Duration::from_secs(1), async {}).await })
    }));
}

async fn receive_one() {
    let (near, far) = (
        UdpSocket::bind("127.0.0.1:0").await,
        UdpSocket::bind("127.0.0.1:0").await,
    );
    let (near, far) = (near.unwrap(), far.unwrap());
    let address = near.local_addr().unwrap();
    let receiver = fastwake::spawn(async move {
        let mut byte = [0];
        near.recv(&mut byte).await.unwrap();
        byte[0]
    });
    fastwake::task::yield_now().await;
    far.send_to(&[9], address).await.unwrap();
    assert_eq!(receiver.await.unwrap(), 9);
}

#[test]
fn a_runtime_with_neither_runs_tasks_and_says_what_is_missing() {
    each(
        |builder| builder,
        |runtime| {
            assert_no_io(&runtime);
            assert_no_time(&runtime);
            assert_eq!(runtime.block_on(runtime.spawn(async { 5 })).unwrap(), 5);
        },
    );
}

#[test]
fn a_runtime_with_timers_alone_sleeps_and_has_no_sockets() {
    each(Builder::enable_time, |runtime| {
        runtime.block_on(async { sleep(Duration::from_millis(2)).await });
        assert_no_io(&runtime);
        runtime.block_on(async {
            fastwake::spawn(sleep(Duration::from_millis(2)))
                .await
                .unwrap()
        });
    });
}

#[test]
fn a_runtime_with_io_alone_has_sockets_and_does_not_sleep() {
    each(Builder::enable_io, |runtime| {
        runtime.block_on(receive_one());
        assert_no_time(&runtime);
        runtime.block_on(receive_one());
    });
}

#[test]
fn outside_of_a_runtime_sleeps_and_sockets_say_so() {
    assert!(panic_message(|| sleep(Duration::ZERO)).contains("no reactor running"));
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    assert!(panic_message(|| UdpSocket::from_std(socket)).contains("no reactor running"));
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    for mut builder in builders() {
        let text = panic_message(|| {
            builder.max_io_events_per_tick(0);
        });
        assert!(text.contains("max_io_events_per_tick"), "{text}");
        let text = panic_message(|| {
            builder.event_interval(0);
        });
        assert!(text.contains("event_interval"), "{text}");
    }
}
