//! Nothing keeps a runtime from its events and deadlines: neither tasks that are always ready, nor
//! workers that block or stay in a long poll.
#![cfg(all(
    feature = "net",
    feature = "io-util",
    feature = "time",
    feature = "test-util"
))]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use fastwake::io::{AsyncReadExt, AsyncWriteExt};
use fastwake::net::{TcpListener, TcpStream, UdpSocket};
use fastwake::runtime::{Builder, Handle, Runtime};
use fastwake::task::{block_in_place, yield_now};
use fastwake::time::{Instant, sleep, sleep_until};
use support::driven::{LONG, SOON, current, multi, on_each};
use support::{must_end, until};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = fastwake::join!(TcpStream::connect(address), listener.accept());
    (near.unwrap(), far.unwrap().0)
}

/// How late a deadline in 100 ms is.
async fn lateness() -> Duration {
    let deadline = Instant::now() + ms(100);
    sleep_until(deadline).await;
    deadline.elapsed()
}

/// How long it takes until a datagram arrives that a thread outside sends in 100 ms.
async fn datagram_lateness() -> Duration {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let sender = thread::spawn(move || {
        thread::sleep(ms(100));
        let outside = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let sent = std::time::Instant::now();
        outside.send_to(b"?", address).unwrap();
        sent
    });
    let mut byte = [0];
    socket.recv(&mut byte).await.unwrap();
    let received = std::time::Instant::now();
    received - sender.join().unwrap()
}

/// Both, as they are seen while `meanwhile` goes on.
fn assert_prompt(runtime: Runtime, meanwhile: impl FnOnce(&Runtime)) {
    let (timer, datagram) = (
        runtime.spawn(lateness()),
        runtime.spawn(datagram_lateness()),
    );
    meanwhile(&runtime);
    let late = runtime.block_on(timer).unwrap();
    assert!(late < SOON, "the timer was late by {late:?}");
    let late = runtime.block_on(datagram).unwrap();
    assert!(late < SOON, "the datagram was late by {late:?}");
    runtime.shutdown_background();
}

#[test]
fn tasks_that_always_yield_keep_nothing_from_happening() {
    must_end(|| {
        on_each(|runtime| {
            assert_prompt(runtime, |runtime| {
                for _ in 0..20 {
                    runtime.spawn(async {
                        loop {
                            yield_now().await;
                        }
                    });
                }
            });
        });
    });
}

#[test]
fn sockets_that_are_always_ready_keep_nothing_from_happening() {
    must_end(|| {
        on_each(|runtime| {
            assert_prompt(runtime, |runtime| {
                for _ in 0..4 {
                    runtime.spawn(async {
                        let (mut near, mut far) = tcp_pair().await;
                        fastwake::spawn(async move {
                            let chunk = [1; 65_536];
                            while far.write_all(&chunk).await.is_ok() {}
                        });
                        let mut chunk = [0; 1_000];
                        while near.read(&mut chunk).await.is_ok() {}
                    });
                }
            });
        });
    });
}

#[test]
fn the_future_of_block_on_keeps_nothing_from_happening() {
    must_end(|| {
        for runtime in [current(), multi(1)] {
            let ready = (
                runtime.spawn(lateness()),
                runtime.spawn(datagram_lateness()),
            );
            runtime.block_on(async {
                while !(ready.0.is_finished() && ready.1.is_finished()) {
                    yield_now().await;
                }
            });
            assert!(runtime.block_on(ready.0).unwrap() < SOON);
            assert!(runtime.block_on(ready.1).unwrap() < SOON);
        }
    });
}

#[test]
fn a_look_at_events_after_each_turn_is_as_good() {
    must_end(|| {
        for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            let runtime = builder
                .worker_threads(1)
                .enable_all()
                .event_interval(1)
                .build()
                .unwrap();
            assert_prompt(runtime, |runtime| {
                runtime.spawn(async {
                    loop {
                        yield_now().await;
                    }
                });
            });
        }
    });
}

#[test]
fn a_hundred_ready_sockets_are_served_one_event_at_a_time() {
    must_end(|| {
        for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            let runtime = builder
                .worker_threads(2)
                .enable_all()
                .max_io_events_per_tick(1)
                .event_interval(7)
                .build()
                .unwrap();
            runtime.block_on(async {
                let sockets: Vec<_> = (0..100)
                    .map(|_| {
                        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
                        socket.set_nonblocking(true).unwrap();
                        Arc::new(UdpSocket::from_std(socket).unwrap())
                    })
                    .collect();
                let readers: Vec<_> = sockets
                    .iter()
                    .map(|socket| {
                        let socket = socket.clone();
                        fastwake::spawn(async move {
                            for expected in 0..20 {
                                let mut byte = [0];
                                assert_eq!(socket.recv(&mut byte).await.unwrap(), 1);
                                assert_eq!(byte[0], expected);
                                sleep(Duration::from_micros(100)).await;
                            }
                        })
                    })
                    .collect();
                let outside = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                for n in 0..20 {
                    for socket in &sockets {
                        outside
                            .send_to(&[n], socket.local_addr().unwrap())
                            .await
                            .unwrap();
                    }
                }
                for reader in readers {
                    reader.await.unwrap();
                }
            });
        }
    });
}

#[test]
fn a_long_poll_of_the_worker_that_drives_keeps_nothing_from_happening() {
    must_end(|| {
        assert_prompt(multi(2), |runtime| {
            runtime.spawn(async {
                sleep(ms(10)).await;
                thread::sleep(LONG);
            });
        });
    });
}

#[test]
fn a_worker_that_blocks_in_place_keeps_nothing_from_happening() {
    must_end(|| {
        for workers in [1, 2] {
            assert_prompt(multi(workers), |runtime| {
                for _ in 0..workers {
                    runtime.spawn(async {
                        sleep(ms(10)).await;
                        block_in_place(|| thread::sleep(LONG));
                    });
                }
            });
        }
    });
}

/// The other worker is blocked, so there is room for a thread that is still to be made.
#[test]
fn a_long_poll_beside_a_worker_that_blocks_keeps_nothing_from_happening() {
    must_end(|| {
        assert_prompt(multi(2), |runtime| {
            // All workers sleep, one of them in the driver.
            thread::sleep(ms(20));
            let blocks = Arc::new(AtomicBool::new(false));
            let blocked = blocks.clone();
            runtime.spawn(async move {
                block_in_place(|| {
                    blocks.store(true, SeqCst);
                    thread::sleep(LONG);
                });
            });
            until(|| blocked.load(SeqCst));
            thread::sleep(ms(10));
            runtime.spawn(async {
                sleep(ms(10)).await;
                thread::sleep(LONG);
            });
        });
    });
}

/// A worker that looks at the driver between tasks has not gone to look after it.
#[test]
fn a_long_poll_after_many_looks_keeps_nothing_from_happening() {
    must_end(|| {
        for _ in 0..20 {
            let runtime = Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .event_interval(1)
                .build()
                .unwrap();
            let late = runtime.spawn(lateness());
            runtime.spawn(async {
                let end = Instant::now() + ms(40);
                while Instant::now() < end {
                    yield_now().await;
                }
                thread::sleep(ms(1_000));
            });
            // Takes the other worker out of the driver while this one looks all the time.
            runtime.spawn(async {
                for _ in 0..30 {
                    sleep(ms(1)).await;
                }
            });
            let late = runtime.block_on(late).unwrap();
            assert!(late < ms(600), "late by {late:?}");
            runtime.shutdown_background();
        }
    });
}

#[test]
fn pools_of_one_cpu_have_events_and_deadlines_of_their_own() {
    must_end(|| {
        let cpus: Vec<_> = fastwake::topology::allowed_cpus().unwrap().iter().collect();
        on_each(|runtime| {
            let tasks: Vec<_> = (0..20)
                .map(|n| {
                    let cpu = cpus[n % cpus.len()];
                    let there = async {
                        let (mut near, mut far) = tcp_pair().await;
                        for n in 0..50_u32 {
                            near.write_u32(n).await.unwrap();
                            assert_eq!(far.read_u32().await.unwrap(), n);
                            sleep(Duration::from_micros(200)).await;
                        }
                        (near, far)
                    };
                    runtime.handle().spawn_on(cpu, there).unwrap()
                })
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    // Used here, of a pool that is not this one.
                    let (mut near, mut far) = task.await.unwrap();
                    let echo = fastwake::spawn(async move {
                        let n = far.read_u32().await.unwrap();
                        far.write_u32(n + 1).await.unwrap();
                    });
                    near.write_u32(5).await.unwrap();
                    assert_eq!(near.read_u32().await.unwrap(), 6);
                    echo.await.unwrap();
                }
            });
        });
    });
}

#[test]
fn a_pool_of_one_cpu_that_blocks_in_place_sees_its_deadlines() {
    must_end(|| {
        let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
        let runtime = multi(1);
        let late = runtime.handle().spawn_on(cpu, lateness()).unwrap();
        let blocks = async {
            sleep(ms(10)).await;
            block_in_place(|| thread::sleep(LONG));
        };
        drop(runtime.handle().spawn_on(cpu, blocks).unwrap());
        let late = runtime.block_on(late).unwrap();
        assert!(late < SOON, "late by {late:?}");
        runtime.shutdown_background();
    });
}

#[test]
fn cpu_intensive_work_can_sleep_and_use_sockets() {
    must_end(|| {
        for runtime in [multi(2), multi(1)] {
            runtime.block_on(async {
                let work: Vec<_> = (0..20)
                    .map(|_| {
                        fastwake::task::spawn_cpu_intensive(|| {
                            Handle::current().block_on(async {
                                sleep(ms(2)).await;
                                let (mut near, mut far) = tcp_pair().await;
                                near.write_u32(7).await.unwrap();
                                assert_eq!(far.read_u32().await.unwrap(), 7);
                            });
                        })
                    })
                    .collect();
                for work in work {
                    work.await.unwrap();
                }
            });
        }
    });
}

/// A spare worker retires just when the driver is used for the first time.
#[test]
fn a_worker_that_retires_does_not_leave_a_driver_in_its_first_use() {
    must_end(|| {
        for round in 0..150_u64 {
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .thread_keep_alive(ms(2))
                .enable_all()
                .build()
                .unwrap();
            let spare = runtime.spawn(async {
                let task = fastwake::spawn(async {});
                block_in_place(|| until(|| task.is_finished()));
            });
            runtime.block_on(spare).unwrap();
            let wait = Duration::from_micros(1_700 + round * 7 % 700);
            let start = Instant::now();
            while start.elapsed() < wait {
                std::hint::spin_loop();
            }
            runtime.block_on(async { sleep(Duration::from_micros(100)).await });
        }
    });
}
