//! Deadlines that are centuries away, on a clock that can get there.
#![cfg(all(feature = "time", feature = "test-util"))]

use std::future::pending;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use fastwake::runtime::Builder;
use fastwake::time::timeout;

#[test]
fn a_stopped_clock_reaches_a_deadline_in_a_thousand_years() {
    const YEAR: u64 = 365 * 86_400;
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let limit = Duration::from_secs(1_000 * YEAR);
        let _ = done.send(runtime.block_on(async { timeout(limit, pending::<()>()).await }));
    });
    let elapsed = ended.recv_timeout(Duration::from_secs(20));
    assert!(matches!(elapsed, Ok(Err(_))), "{elapsed:?}");
}
