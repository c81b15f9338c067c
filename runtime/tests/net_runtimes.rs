//! Sockets and the runtime that they belong to: they can be used from anywhere, and end with it.
#![cfg(feature = "net")]

mod support;

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use fastwake::net::{TcpListener, TcpStream, UdpSocket};
use fastwake::runtime::{Builder, Runtime};
use fastwake::topology::AffinityScope;
use support::net::{
    LOCALHOST, current_thread_io, multi_thread_io, on_each_flavor, pair, park_on, poll_once, read,
    read_exact, settle, write_all,
};
use support::{Count, must_end, panic_message};

fn each_flavor() -> [Runtime; 3] {
    [multi_thread_io(2), multi_thread_io(1), current_thread_io()]
}

#[track_caller]
fn assert_over<T: std::fmt::Debug>(result: io::Result<T>) {
    let error = result.unwrap_err();
    assert!(error.to_string().contains("has been shut down"), "{error}");
    assert!(fastwake::runtime::is_rt_shutdown_err(&error), "{error}");
}

/// Ping-pong for a while, with waits in both directions.
async fn exchange(one: &mut TcpStream, other: &mut TcpStream) {
    let ping = async |round: u32, one: &mut TcpStream, other: &mut TcpStream| {
        let mut buf = [0; 4];
        {
            let mut received = pin!(read_exact(other, &mut buf));
            assert!(poll_once(received.as_mut()).await.is_pending());
            write_all(one, &round.to_le_bytes()).await.unwrap();
            received.await.unwrap();
        }
        assert_eq!(u32::from_le_bytes(buf), round);
    };
    for round in 0..50 {
        ping(round, one, other).await;
        ping(round, other, one).await;
    }
}

#[test]
fn tasks_that_wait_for_sockets_are_dropped_with_their_runtime() {
    must_end(|| {
        for runtime in each_flavor() {
            let dropped = Count::default();
            runtime.block_on(async {
                let (client, mut server) = pair().await;
                let listener = TcpListener::bind(LOCALHOST).await.unwrap();
                let socket = UdpSocket::bind(LOCALHOST).await.unwrap();
                let counts = [dropped.on_drop(), dropped.on_drop(), dropped.on_drop()];
                let [for_accept, for_read, for_recv] = counts;
                fastwake::spawn(async move {
                    let _count = for_accept;
                    listener.accept().await.map(drop)
                });
                fastwake::spawn(async move {
                    let (_count, _client) = (for_read, client);
                    read(&mut server, &mut [0; 1]).await
                });
                fastwake::spawn(async move {
                    let _count = for_recv;
                    socket.recv(&mut [0; 1]).await
                });
                for _ in 0..50 {
                    fastwake::task::yield_now().await;
                }
            });
            drop(runtime);
            assert_eq!(dropped.get(), 3);
        }
    });
}

#[test]
fn who_waits_elsewhere_is_told_that_the_runtime_has_ended() {
    must_end(|| {
        for runtime in each_flavor() {
            let (mut client, server) = runtime.block_on(pair());
            let listener = runtime.block_on(TcpListener::bind(LOCALHOST)).unwrap();
            let socket = runtime.block_on(UdpSocket::bind(LOCALHOST)).unwrap();
            let (waits, waiting) = mpsc::channel();
            let thread = thread::spawn(move || {
                park_on(async move {
                    let mut buf = [0; 1];
                    let mut reading = Box::pin(read(&mut client, &mut buf));
                    let mut accepting = Box::pin(listener.accept());
                    let mut readable = Box::pin(socket.readable());
                    assert!(poll_once(reading.as_mut()).await.is_pending());
                    assert!(poll_once(accepting.as_mut()).await.is_pending());
                    assert!(poll_once(readable.as_mut()).await.is_pending());
                    waits.send(()).unwrap();
                    assert_over(reading.await);
                    assert_over(accepting.await);
                    assert_over(readable.await);
                    // What comes later is told, too.
                    assert_over(socket.recv(&mut [0; 1]).await);
                    assert_over(write_all(&mut client, b"x").await);
                    (client, listener)
                })
            });
            waiting.recv().unwrap();
            drop(runtime);
            let (client, listener) = thread.join().unwrap();
            // They can move on to another runtime.
            let next = current_thread_io();
            next.block_on(async {
                let mut client = TcpStream::from_std(client.into_std().unwrap()).unwrap();
                let mut server = TcpStream::from_std(server.into_std().unwrap()).unwrap();
                exchange(&mut client, &mut server).await;
                assert!(listener.into_std().is_ok());
            });
        }
    });
}

#[test]
fn a_runtime_that_ends_takes_no_more_sockets() {
    must_end(|| {
        for runtime in each_flavor() {
            let handle = runtime.handle().clone();
            drop(runtime);
            let _entered = handle.enter();
            let bound = {
                let mut binding = pin!(UdpSocket::bind(LOCALHOST));
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                binding.as_mut().poll(&mut context)
            };
            let Poll::Ready(bound) = bound else {
                panic!("there is nothing to wait for");
            };
            assert_over(bound);
        }
    });
}

#[test]
fn a_socket_is_of_use_in_another_runtime() {
    must_end(|| {
        for home in each_flavor() {
            // Somebody has to drive the home of a current-thread runtime.
            let (stop, stopped) = mpsc::channel::<()>();
            let (mut one, mut other) = home.block_on(pair());
            let home = thread::spawn(move || {
                home.block_on(async {
                    let stopped = fastwake::task::spawn_blocking(move || stopped.recv());
                    let _ = stopped.await.unwrap();
                });
            });
            for user in each_flavor() {
                user.block_on(exchange(&mut one, &mut other));
                let task = user.spawn(async move {
                    exchange(&mut one, &mut other).await;
                    (one, other)
                });
                (one, other) = user.block_on(task).unwrap();
            }
            drop(stop);
            home.join().unwrap();
        }
    });
}

#[test]
fn a_socket_is_of_use_on_a_plain_thread() {
    must_end(|| {
        for workers in [1, 2] {
            let home = multi_thread_io(workers);
            let (mut one, mut other) = home.block_on(pair());
            thread::spawn(move || park_on(exchange(&mut one, &mut other)))
                .join()
                .unwrap();
        }
    });
}

#[test]
fn a_socket_is_of_use_outside_the_pool_where_it_was_made() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .affinity_scope(AffinityScope::Cpu)
            .enable_all()
            .build()
            .unwrap();
        let cpus: Vec<_> = fastwake::topology::allowed_cpus().unwrap().iter().collect();
        let handle = runtime.handle();
        runtime.block_on(async {
            for &home in &cpus {
                let mut sockets = handle.spawn_on(home, pair()).unwrap().await.unwrap();
                for &user in &cpus {
                    let task = handle.spawn_on(user, async move {
                        exchange(&mut sockets.0, &mut sockets.1).await;
                        sockets
                    });
                    sockets = task.unwrap().await.unwrap();
                }
            }
        });
    });
}

/// Each poll may be in another task, with another waker.
#[test]
fn the_last_waker_is_woken() {
    on_each_flavor(|| async {
        let (client, server) = pair().await;
        let refute = || assert!(server.try_read(&mut [0; 1]).is_err());
        settle(|| server.readable(), refute).await;
        let server = std::sync::Arc::new(server);
        let first = {
            let server = server.clone();
            fastwake::spawn(async move {
                poll_fn(|context| Poll::Ready(server.poll_read_ready(context).is_pending())).await
            })
        };
        assert!(first.await.unwrap());
        let second =
            fastwake::spawn(
                async move { poll_fn(|context| server.poll_read_ready(context)).await },
            );
        for _ in 0..20 {
            fastwake::task::yield_now().await;
        }
        assert_eq!(client.try_write(b"x").unwrap(), 1);
        second.await.unwrap().unwrap();
    });
}

#[test]
fn a_socket_without_a_runtime_with_io_panics_and_says_what_to_do() {
    must_end(|| {
        let bind = || drop(park_on(TcpListener::bind(LOCALHOST)));
        let message = panic_message(bind);
        assert!(message.contains("runtime"), "{message}");
        let runtime = Builder::new_current_thread().build().unwrap();
        let message =
            panic_message(|| runtime.block_on(async { drop(TcpListener::bind(LOCALHOST).await) }));
        assert!(message.contains("enable_io"), "{message}");
    });
}

#[test]
fn a_busy_worker_that_takes_one_event_at_a_time_gets_all_of_them() {
    for builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        must_end(move || {
            let mut builder = builder;
            builder.worker_threads(1).enable_all();
            let runtime = builder.max_io_events_per_busy_tick(1).build().unwrap();
            // It never waits for events.
            runtime.spawn(async {
                loop {
                    fastwake::task::yield_now().await;
                }
            });
            let exchanges = (0..8).map(|_| async {
                let (mut one, mut other) = pair().await;
                exchange(&mut one, &mut other).await;
            });
            let tasks: Vec<_> = exchanges.map(|each| runtime.spawn(each)).collect();
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
        });
    }
}

#[test]
fn to_ask_whether_a_socket_is_ready_spends_no_budget() {
    on_each_flavor(|| async {
        let task = fastwake::spawn(async {
            let (client, _server) = pair().await;
            client.writable().await.unwrap();
            fastwake::task::yield_now().await;
            for _ in 0..1_000 {
                let writable = pin!(client.writable());
                assert!(poll_once(writable).await.is_ready());
            }
            assert!(fastwake::task::coop::has_budget_remaining());
        });
        task.await.unwrap();
    });
}
