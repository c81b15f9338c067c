#![forbid(unsafe_code)]
//! hyper's timeouts on our clock.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::hyper::rt::Sleep as HyperSleep;
use pin_project_lite::pin_project;

use crate::time::{Instant, Sleep, sleep, sleep_until};

/// Times hyper's timeouts with [`fastwake::time`](crate::time), also on a clock that a test has
/// stopped.
///
/// Moving a deadline reuses the sleep that is there.
///
/// # Panics
///
/// Its sleeps are made outside a runtime, or in one
/// [without timers](crate::runtime::Builder::enable_time).
///
/// # Examples
///
/// ```
/// use hyper::server::conn::http1;
///
/// let mut http1 = http1::Builder::new();
/// http1.timer(fastwake::hyper::Timer);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Timer;

impl ::hyper::rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn HyperSleep>> {
        Box::pin(Timed {
            sleep: sleep(duration),
        })
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn HyperSleep>> {
        Box::pin(Timed {
            sleep: sleep_until(deadline.into()),
        })
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn HyperSleep>>, deadline: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Timed>() {
            Some(ours) => ours.project().sleep.reset(deadline.into()),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

pin_project! {
    struct Timed {
        #[pin]
        sleep: Sleep,
    }
}

impl Future for Timed {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(context)
    }
}

impl HyperSleep for Timed {}
