#![forbid(unsafe_code)]
//! What is published at intervals.

use std::time::Duration;

use crate::runtime::MetricsPublisher;

use super::{MissedTickBehavior, interval as every};

impl MetricsPublisher {
    /// Publishes the counts now and then at an interval, for ever: to be spawned, and to be aborted or
    /// to end with the runtime that it runs in. That may be another one than it tells of.
    ///
    /// Where a turn is late, the next one comes an interval after it.
    ///
    /// # Panics
    ///
    /// If the interval is zero.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fastwake::runtime::{Handle, MetricsPublisher};
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let publisher = MetricsPublisher::new(Handle::current().metrics());
    /// let publishing = fastwake::spawn(publisher.run(Duration::from_secs(5)));
    /// // …
    /// publishing.abort();
    /// # });
    /// ```
    #[cfg_attr(docsrs, doc(cfg(all(feature = "metrics", feature = "time"))))]
    pub async fn run(self, interval: Duration) {
        let mut turns = every(interval);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            self.publish();
        }
    }
}
