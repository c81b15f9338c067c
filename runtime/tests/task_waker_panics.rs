//! Wakers that panic.

mod support;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, RawWaker, RawWakerVTable, Wake, Waker};

use support::{multi_thread, must_end};

struct PanicsWhenDropped;

impl Wake for PanicsWhenDropped {
    fn wake(self: Arc<Self>) {}
}

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("a waker's destructor");
    }
}

fn panics_when_cloned() -> Waker {
    static VTABLE: RawWakerVTable =
        RawWakerVTable::new(|_| panic!("a waker's clone"), |_| {}, |_| {}, |_| {});
    // SAFETY: the functions do nothing with their pointer.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &VTABLE)) }
}

#[test]
fn a_waker_that_is_left_with_a_task_takes_no_worker_with_it() {
    must_end(|| {
        let runtime = multi_thread(1);
        let (end, ends) = mpsc::channel::<()>();
        let mut task = runtime.spawn(async move {
            let _ = ends.recv();
        });
        let first = Waker::from(Arc::new(PanicsWhenDropped));
        let mut poll = |waker: &Waker| {
            let polled = Pin::new(&mut task).poll(&mut Context::from_waker(waker));
            assert!(polled.is_pending());
        };
        poll(&first);
        let second = panics_when_cloned();
        catch_unwind(AssertUnwindSafe(|| poll(&second))).unwrap_err();
        drop((first, task));
        end.send(()).unwrap();
        assert_eq!(runtime.block_on(runtime.spawn(async { 3 })).unwrap(), 3);
    });
}
