//! Libraries that insist on tokio run in fastwake's tasks.
#![cfg(all(feature = "tokio-compat", feature = "net", feature = "time"))]

mod support;

use std::time::{Duration, Instant};

use fastwake::runtime::{Builder, Runtime};
use support::must_end;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn each_flavor(test: impl Fn(Runtime)) {
    let multi = |workers| {
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(workers)
            .enable_all()
            .build()
            .unwrap()
    };
    test(multi(2));
    test(multi(1));
    test(Builder::new_current_thread().enable_all().build().unwrap());
}

/// What a library does: it sleeps, it talks to a socket, it has a time limit.
async fn tokio_library() {
    let nap = Duration::from_millis(5);
    let start = Instant::now();
    tokio::time::sleep(nap).await;
    assert!(start.elapsed() >= nap);
    let never = std::future::pending::<()>();
    assert!(tokio::time::timeout(nap, never).await.is_err());

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client.write_all(b"hello").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(server.await.unwrap(), b"hello");
    assert_eq!(tokio::task::spawn_blocking(|| 5).await.unwrap(), 5);
}

#[test]
fn what_needs_tokio_works_in_tasks_and_in_block_on() {
    must_end(|| {
        each_flavor(|runtime| {
            runtime.block_on(tokio_library());
            runtime.block_on(async { fastwake::spawn(tokio_library()).await.unwrap() });
        });
    });
}

#[test]
fn threads_for_closures_have_the_context_too() {
    must_end(|| {
        each_flavor(|runtime| {
            let has_context = || tokio::runtime::Handle::try_current().is_ok();
            assert!(
                runtime
                    .block_on(runtime.spawn_blocking(has_context))
                    .unwrap()
            );
            let intensive = runtime.spawn_cpu_intensive(has_context);
            assert!(runtime.block_on(intensive).unwrap());
            let _entered = runtime.enter();
            assert!(has_context());
        });
        assert!(
            tokio::runtime::Handle::try_current().is_err(),
            "and nobody else"
        );
    });
}

#[test]
fn a_spawn_of_tokios_runs_on_its_helper() {
    must_end(|| {
        each_flavor(|runtime| {
            let name = runtime.block_on(async {
                let name = || std::thread::current().name().map(str::to_owned);
                tokio::spawn(async move { name() }).await.unwrap()
            });
            assert_eq!(name.as_deref(), Some("fastwake-tokio"));
        });
    });
}

#[test]
fn a_thread_that_is_in_a_tokio_runtime_stays_there() {
    must_end(|| {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let id = tokio.handle().id();
        let _entered = tokio.enter();
        let runtime = Builder::new_current_thread().build().unwrap();
        let inside = runtime.block_on(async { tokio::runtime::Handle::current().id() });
        assert_eq!(inside, id);
    });
}

#[test]
fn tasks_of_fastwakes_are_spawned_by_fastwake() {
    must_end(|| {
        each_flavor(|runtime| {
            runtime.block_on(async {
                // A tokio timer wakes a task that runs here, on whatever worker it is.
                let tasks = (0..100).map(|n| {
                    fastwake::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(n % 7)).await;
                        fastwake::time::sleep(Duration::from_millis(n % 5)).await;
                        fastwake::task::id()
                    })
                });
                let tasks: Vec<_> = tasks.collect();
                for task in tasks {
                    let id = task.id();
                    assert_eq!(task.await.unwrap(), id);
                }
            });
        });
    });
}
