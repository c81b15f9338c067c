//! Files in a runtime that ends: what was accepted is written, everything else gives an error.
#![cfg(all(feature = "fs", feature = "io-util"))]

mod support;

use std::error::Error;
use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use fastwake::fs::{self, File};
use fastwake::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use fastwake::runtime::{Builder, Runtime};
use support::{current_thread, must_end, on_both, until};

/// The one blocking thread of a runtime is busy until this is dropped.
struct Busy(#[expect(dead_code, reason = "its drop ends the wait")] mpsc::Sender<()>);

/// Runs a test on each flavor, in a runtime whose one blocking thread is busy.
fn with_busy_thread(test: impl Fn(Runtime, Busy) + Send + 'static) {
    must_end(move || {
        for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            let runtime = builder.max_blocking_threads(1).build().unwrap();
            let (release, blocked) = mpsc::channel::<()>();
            let (begin, begun) = mpsc::channel();
            runtime.spawn_blocking(move || {
                begin.send(()).unwrap();
                blocked.recv()
            });
            begun.recv().unwrap();
            test(runtime, Busy(release));
        }
    });
}

async fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

fn file() -> (tempfile::NamedTempFile, File) {
    let place = tempfile::NamedTempFile::new().unwrap();
    let file = File::from_std(place.reopen().unwrap());
    (place, file)
}

#[test]
fn what_was_accepted_is_written_although_its_turn_never_came() {
    with_busy_thread(|runtime, busy| {
        let (place, mut file) = file();
        runtime.block_on(file.write_all(b"accepted")).unwrap();
        drop(file);
        let path = place.path().to_owned();
        let release = thread::spawn(move || {
            until(|| std::fs::read(&path).unwrap() == b"accepted");
            drop(busy);
        });
        drop(runtime);
        release.join().unwrap();
    });
}

#[test]
fn what_became_of_the_write_is_known_in_another_runtime() {
    with_busy_thread(|runtime, busy| {
        let (place, mut file) = file();
        runtime.block_on(file.write_all(b"first, ")).unwrap();
        runtime.shutdown_background();
        drop(busy);
        current_thread().block_on(async {
            file.flush().await.unwrap();
            file.write_all(b"second").await.unwrap();
            file.flush().await.unwrap();
        });
        assert_eq!(std::fs::read(place.path()).unwrap(), b"first, second");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn the_error_of_the_write_is_known_in_another_runtime() {
    with_busy_thread(|runtime, busy| {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut file = File::from_std(full);
        runtime.block_on(file.write_all(b"no room")).unwrap();
        runtime.shutdown_background();
        drop(busy);
        let error = current_thread().block_on(file.flush()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    });
}

#[test]
fn what_else_had_no_turn_gives_an_error_and_changes_nothing() {
    with_busy_thread(|runtime, busy| {
        let (mut place, mut file) = file();
        place.write_all(b"0123456789").unwrap();
        let (_, mut other) = self::file();
        let path = place.path().to_owned();
        let reading = runtime.spawn(async move { fs::read(path).await });
        runtime.block_on(async {
            assert!(poll_once(file.read(&mut [0; 4])).await.is_pending());
            assert!(poll_once(other.set_len(100)).await.is_pending());
            // The task is polled for the first time, too.
            while fastwake::runtime::Handle::current()
                .metrics()
                .blocking()
                .tasks_queued
                < 4
            {
                fastwake::task::yield_now().await;
            }
        });
        runtime.shutdown_background();
        drop(busy);
        current_thread().block_on(async {
            let mut some = [0; 4];
            let error = file.read(&mut some).await.unwrap_err();
            assert!(error.to_string().contains("shut down"), "{error}");
            assert_eq!(file.read(&mut some).await.unwrap(), 4);
            assert_eq!(&some, b"0123");
            let error = other.flush().await.unwrap_err();
            assert!(error.to_string().contains("shut down"), "{error}");
            assert_eq!(other.metadata().await.unwrap().len(), 0);
            assert!(!matches!(reading.await, Ok(Ok(_))));
        });
    });
}

#[test]
fn after_the_shutdown_every_operation_gives_an_error_and_none_panics() {
    on_both(|runtime| {
        must_end(move || {
            let handle = runtime.handle().clone();
            let (mut place, mut file) = file();
            place.write_all(b"0123456789").unwrap();
            drop(runtime);
            let is_refused = |error: std::io::Error| {
                // What reads as in tokio has the reason as its source.
                let reason = match error.source() {
                    Some(source) => source.to_string(),
                    None => error.to_string(),
                };
                assert!(reason.contains("shut down"), "{error}");
            };
            handle.block_on(async {
                for _ in 0..2 {
                    is_refused(file.write(b"late").await.unwrap_err());
                    is_refused(file.read(&mut [0; 4]).await.unwrap_err());
                    is_refused(file.seek(std::io::SeekFrom::Start(5)).await.unwrap_err());
                    is_refused(file.set_len(0).await.unwrap_err());
                    is_refused(file.sync_all().await.unwrap_err());
                    is_refused(file.metadata().await.unwrap_err());
                    file.flush().await.unwrap();
                }
                is_refused(fs::read(place.path()).await.unwrap_err());
                is_refused(fs::write(place.path(), "late").await.unwrap_err());
                is_refused(fs::read_dir(".").await.unwrap_err());
            });
            drop(file);
            assert_eq!(std::fs::read(place.path()).unwrap(), b"0123456789");
        });
    });
}

#[test]
fn tasks_that_write_can_be_shut_down_at_any_moment() {
    for delay in 0..20 {
        on_both(|runtime| {
            must_end(move || {
                let places: Vec<_> = (0..4).map(|_| file()).collect();
                let mut kept = Vec::new();
                for (place, mut file) in places {
                    let accepted = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
                    kept.push((place, accepted.clone()));
                    runtime.spawn(async move {
                        while let Ok(n) = file.write(&[7; 1_000]).await {
                            accepted.fetch_add(n, std::sync::atomic::Ordering::SeqCst);
                        }
                    });
                }
                runtime.block_on(async {
                    for _ in 0..delay * 50 {
                        fastwake::task::yield_now().await;
                    }
                });
                drop(runtime);
                for (place, accepted) in kept {
                    let accepted = accepted.load(std::sync::atomic::Ordering::SeqCst);
                    let written = std::fs::read(place.path()).unwrap();
                    assert_eq!(written.len(), accepted);
                    assert!(written.iter().all(|&byte| byte == 7));
                }
            });
        });
    }
}

#[test]
fn a_shutdown_that_does_not_wait_for_closures_writes_what_was_accepted() {
    with_busy_thread(|runtime, busy| {
        let (place, mut file) = file();
        runtime.block_on(file.write_all(b"accepted")).unwrap();
        runtime.shutdown_timeout(Duration::ZERO);
        assert_eq!(std::fs::read(place.path()).unwrap(), b"accepted");
        drop(busy);
    });
}
