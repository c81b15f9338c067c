//! Runtimes with I/O and timers.

use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use fastwake::runtime::{Builder, Runtime};

use super::{Count, PATIENCE};

pub fn multi(workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .expect("a runtime")
}

pub fn current() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A runtime whose clock stands still.
pub fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

/// Runs a test once on each flavor.
pub fn on_each(test: impl Fn(Runtime)) {
    test(multi(2));
    test(multi(1));
    test(current());
}

/// Runs a future on this thread, which belongs to no runtime.
pub fn block_on_plain_thread<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    let start = Instant::now();
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        let left = PATIENCE.checked_sub(start.elapsed());
        thread::park_timeout(left.expect("hangs: nobody wakes the future"));
    }
}

/// Counts how often it is woken, and its drop.
pub struct CountingWaker {
    pub woken: Count,
    pub dropped: Count,
}

impl CountingWaker {
    pub fn waker(woken: &Count, dropped: &Count) -> Waker {
        Waker::from(Arc::new(Self {
            woken: woken.clone(),
            dropped: dropped.clone(),
        }))
    }
}

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.add();
    }
}

impl Drop for CountingWaker {
    fn drop(&mut self) {
        self.dropped.add();
    }
}

/// Far away, so that a test which waits for it fails by its patience.
pub const NEVER: Duration = Duration::from_secs(100_000);

/// Sooner than this counts as "not held up", on whatever machine.
pub const SOON: Duration = Duration::from_secs(2);

/// How long the things last that hold others up.
pub const LONG: Duration = Duration::from_secs(6);
