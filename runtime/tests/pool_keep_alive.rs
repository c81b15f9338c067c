//! Workers that could be spared.

mod support;

use std::sync::mpsc;
use std::time::Duration;

use fastwake::runtime::Builder;
use support::must_end;

#[test]
fn a_spare_worker_with_no_patience_does_not_spin() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_keep_alive(Duration::ZERO)
            .build()
            .unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (started, has_started) = mpsc::channel();
        let (unblock, unblocked) = mpsc::channel::<()>();
        let first = runtime.spawn(async move {
            fastwake::task::block_in_place(|| unblocked.recv().unwrap());
        });
        let long = runtime.spawn(async move {
            started.send(()).unwrap();
            let _ = released.recv();
        });
        has_started.recv().unwrap();
        let waiting = runtime.spawn(async {});
        unblock.send(()).unwrap();
        runtime.block_on(first).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let metrics = runtime.metrics();
        release.send(()).unwrap();
        runtime.block_on(long).unwrap();
        runtime.block_on(waiting).unwrap();
        let futile: u64 = metrics
            .pools()
            .into_iter()
            .map(|pool| pool.futile_wakes)
            .sum();
        assert!(futile < 10, "{futile} futile wake-ups");
    });
}
