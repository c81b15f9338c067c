#![forbid(unsafe_code)]
//! The time that a connection may be without a request: the time that its client has for the head of the
//! next.
//!
//! hyper has a timeout for heads of HTTP/1, too. It looks for the next head once more after each response to
//! start it: a twentieth of the instructions of a small request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::coop::without_budget;
use crate::time::{Instant, Sleep, sleep_until};

use super::requests::Requests;

/// How long a client has to say that it has learnt of the connection's end: a round trip, generously.
/// Not measured.
const GRACE: Duration = Duration::from_secs(1);

pin_project! {
    /// Watches over a connection with one timer, however many requests pass in its time.
    pub(super) struct IdleWatch {
        requests: Arc<Requests>,
        timeout: Duration,
        told_at: Option<Instant>,
        #[pin]
        alarm: Sleep,
    }
}

impl IdleWatch {
    pub(super) fn new(requests: Arc<Requests>, timeout: Duration) -> Self {
        Self {
            requests,
            timeout,
            told_at: None,
            alarm: sleep_until(Instant::now() + timeout),
        }
    }

    /// The client has been told that the connection ends: it has the grace for its part, and no
    /// longer the timeout.
    pub(super) fn tell(self: Pin<&mut Self>) {
        let mut this = self.project();
        let now = Instant::now();
        *this.told_at = Some(now);
        this.alarm.as_mut().reset(now + GRACE);
    }

    /// Ready when the connection has been without a request for too long.
    pub(super) fn poll_idle(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            // It is for the connection's own time, not for its turn among the tasks.
            ready!(without_budget(|| this.alarm.as_mut().poll(context)));
            let idle_since = this.requests.idle_since().unwrap_or_else(Instant::now);
            let due = match *this.told_at {
                None => idle_since + *this.timeout,
                Some(told_at) => idle_since.max(told_at) + GRACE,
            };
            if this.alarm.deadline() >= due {
                return Poll::Ready(());
            }
            this.alarm.as_mut().reset(due);
        }
    }
}
