//! What the integration tests share. Each test crate uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod driven;
pub mod gate;
#[cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync"
))]
pub mod http;
#[cfg(feature = "net")]
pub mod net;
#[cfg(all(unix, feature = "net"))]
pub mod unix;

use std::future::Future;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use fastwake::runtime::{Builder, Runtime};

/// After this long, a test that does not get on has failed. Far more than any takes, also under
/// emulation and with sanitizers.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .build()
        .expect("a runtime")
}

pub fn current_thread() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

/// Runs a test once on each flavor.
pub fn on_both(test: impl Fn(Runtime)) {
    test(multi_thread(2));
    test(multi_thread(1));
    test(current_thread());
}

/// Runs `test` on a thread of its own, so that one that hangs fails.
#[track_caller]
pub fn must_end<R: Send + 'static>(test: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    let thread = thread::spawn(move || {
        let result = test();
        // Nobody listens any more if it took too long.
        let _ = done.send(());
        result
    });
    match ended.recv_timeout(PATIENCE) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("hangs: not done within {PATIENCE:?}"),
        _ => thread
            .join()
            .unwrap_or_else(|panic| panic::resume_unwind(panic)),
    }
}

/// Waits for something that must become true.
#[track_caller]
pub fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "not true within {PATIENCE:?}");
        thread::sleep(Duration::from_micros(200));
    }
}

/// The message that `f` panics with.
#[track_caller]
pub fn panic_message<R>(f: impl FnOnce() -> R) -> String {
    match panic::catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("no panic"),
        Err(payload) => message(&*payload),
    }
}

pub fn message(payload: &(dyn std::any::Any + Send)) -> String {
    match payload.downcast_ref::<String>() {
        Some(text) => text.clone(),
        None => payload
            .downcast_ref::<&str>()
            .map_or("?".to_owned(), |text| (*text).to_owned()),
    }
}

/// A count that clones share.
#[derive(Clone, Default, Debug)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    pub fn add(&self) -> usize {
        self.0.fetch_add(1, SeqCst) + 1
    }

    pub fn sub(&self) {
        self.0.fetch_sub(1, SeqCst);
    }

    pub fn get(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Counts its drop.
    pub fn on_drop(&self) -> OnDrop<impl FnMut() + Send + use<>> {
        let count = self.clone();
        OnDrop(move || {
            count.add();
        })
    }
}

/// Does something when it is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Never ready, and keeps what it is given until it is dropped.
pub async fn keep<T>(kept: T) {
    std::future::pending::<()>().await;
    drop(kept);
}

/// Calls its function in every poll of the future in it.
pub struct EachPoll<F, P>(pub Pin<Box<F>>, pub P);

impl<F: Future, P: FnMut() + Unpin> Future for EachPoll<F, P> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        (self.1)();
        self.0.as_mut().poll(context)
    }
}

/// Is this process the one that [`rerun`] has started for `test`?
pub fn is_rerun(test: &str) -> bool {
    std::env::var("FASTWAKE_TEST_RERUN").is_ok_and(|name| name == test)
}

/// Runs one test of this binary again, in a process of its own.
pub fn rerun(test: &str, change: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env("FASTWAKE_TEST_RERUN", test);
    change(&mut command);
    command.output().expect("this binary runs again")
}

/// As [`rerun`], and demands that the test passes there.
#[track_caller]
pub fn rerun_passes(test: &str, change: impl FnOnce(&mut Command)) {
    let output = rerun(test, change);
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed;"), "no such test: {out}");
}
