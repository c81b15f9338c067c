//! Whom a timer wakes, whatever kind of waker it has been polled with.
#![cfg(all(feature = "time", feature = "test-util"))]

mod support;

use std::future::Future;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, RawWaker, RawWakerVTable, Waker};
use std::time::Duration;

use fastwake::time::sleep;
use support::driven::multi;
use support::until;

/// Wakers that are places in a table. A clone has a place of its own, as one that is copied to the
/// heap has; the place of one that has been dropped is the next one's, as memory is.
static TABLE: Mutex<Vec<Option<Arc<AtomicBool>>>> = Mutex::new(Vec::new());

static VTABLE: RawWakerVTable = RawWakerVTable::new(
    |data| RawWaker::new(put(woken_flag(data)), &VTABLE),
    |data| {
        woken_flag(data).store(true, SeqCst);
        free(data);
    },
    |data| woken_flag(data).store(true, SeqCst),
    free,
);

fn put(flag: Arc<AtomicBool>) -> *const () {
    let mut table = TABLE.lock().unwrap();
    let place = table.iter().position(Option::is_none).unwrap_or_else(|| {
        table.push(None);
        table.len() - 1
    });
    table[place] = Some(flag);
    ptr::without_provenance(place + 1)
}

fn woken_flag(data: *const ()) -> Arc<AtomicBool> {
    TABLE.lock().unwrap()[data.addr() - 1].clone().unwrap()
}

fn free(data: *const ()) {
    TABLE.lock().unwrap()[data.addr() - 1] = None;
}

fn waker(flag: &Arc<AtomicBool>) -> Waker {
    // SAFETY: the functions of the table take any thread's calls, and a place is only used by the
    // one waker that it belongs to.
    unsafe { Waker::new(put(flag.clone()), &VTABLE) }
}

#[test]
fn a_waker_that_lies_where_an_earlier_one_lay_takes_its_place() {
    let runtime = multi(1);
    let _entered = runtime.enter();
    let mut nap = Box::pin(sleep(Duration::from_secs(2)));
    let [earlier, later] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));

    let first = waker(&earlier);
    assert!(
        nap.as_mut()
            .poll(&mut Context::from_waker(&first))
            .is_pending()
    );
    let place = first.data();
    drop(first);
    let second = waker(&later);
    assert_eq!(second.data(), place, "this is about the same place");
    assert!(
        nap.as_mut()
            .poll(&mut Context::from_waker(&second))
            .is_pending()
    );

    until(|| earlier.load(SeqCst) || later.load(SeqCst));
    assert!(later.load(SeqCst), "the one that polled last is woken");
}
