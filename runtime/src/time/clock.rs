#![forbid(unsafe_code)]
//! Stopping the clock, for tests.

use std::sync::Arc;
use std::time::Duration;

use crate::driver::Clock;
use crate::runtime::{Handle, RuntimeFlavor};
use crate::task::yield_now;

/// The clock of the current runtime, which has to be one whose clock can be stopped.
#[track_caller]
fn clock() -> Arc<Clock> {
    let handle = Handle::current();
    assert!(
        handle.runtime_flavor() == RuntimeFlavor::CurrentThread,
        "the clock can only be stopped in a current-thread runtime, which `#[fastwake::test]` is \
         by default"
    );
    Arc::clone(handle.clock())
}

/// Stops the clock: [`Instant::now`](super::Instant::now) stays where it is, and sleeps wait until
/// it is [moved](advance).
///
/// When the runtime has nothing to do but to wait for timers, the clock jumps to the next deadline: a
/// test that sleeps for an hour takes no time. It does not jump while a closure runs on a blocking
/// thread; work on other pools (CPU-intensive closures, `spawn_on`) does not hold it up.
///
/// # Panics
///
/// If the clock is stopped already; outside a current-thread runtime.
///
/// # Examples
///
/// ```
/// use fastwake::time::{self, Duration, Instant};
///
/// #[fastwake::main(flavor = "current_thread")]
/// async fn main() {
///     time::pause();
///     let start = Instant::now();
///     time::sleep(Duration::from_secs(3_600)).await;
///     assert_eq!(start.elapsed().as_secs(), 3_600);
/// }
/// ```
#[track_caller]
pub fn pause() {
    assert!(clock().stop(), "the clock is stopped already");
}

/// Lets a stopped clock go on from where it is.
///
/// # Panics
///
/// If the clock runs; outside a current-thread runtime.
///
/// # Examples
///
/// ```
/// use fastwake::time;
///
/// #[fastwake::main(flavor = "current_thread")]
/// async fn main() {
///     time::pause();
///     time::resume();
/// }
/// ```
#[track_caller]
pub fn resume() {
    assert!(clock().go_on(), "the clock is not stopped");
}

/// Moves a stopped clock forward, and lets the tasks run whose timers have come.
///
/// It moves in one go: a task that sleeps a second three times in a row has slept once after three
/// seconds. To let it sleep each time, sleep instead: the clock jumps from deadline to deadline.
///
/// # Panics
///
/// If the clock runs; outside a current-thread runtime.
///
/// # Examples
///
/// ```
/// use fastwake::time::{self, Duration, Instant};
///
/// #[fastwake::main(flavor = "current_thread")]
/// async fn main() {
///     time::pause();
///     let start = Instant::now();
///     time::advance(Duration::from_millis(250)).await;
///     assert_eq!(start.elapsed(), Duration::from_millis(250));
/// }
/// ```
pub async fn advance(duration: Duration) {
    assert!(clock().advance(duration), "the clock is not stopped");
    Handle::current().fire_due_timers();
    yield_now().await;
}
