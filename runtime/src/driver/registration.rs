#![forbid(unsafe_code)]
//! One source's registration with a driver: how operations wait for it.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::coop::poll_proceed;

use super::Driver;
use super::interest::{Interest, Ready};
use super::readiness::ReadyEvent;
use super::sources::{Direction, Source};

/// A source that a driver watches.
///
/// It has to be deregistered before the source is closed; whoever has both sees to it.
#[derive(Debug)]
pub(crate) struct Registration {
    driver: Arc<Driver>,
    place: u32,
}

impl Registration {
    /// Has the driver watch a source.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    pub(crate) fn new(
        driver: Arc<Driver>,
        source: &mut impl mio::event::Source,
        interest: Interest,
    ) -> io::Result<Self> {
        let Some((place, token)) = driver.sources.claim() else {
            return Err(gone());
        };
        match driver.registry.register(source, token, interest.to_mio()) {
            Ok(()) => Ok(Self { driver, place }),
            Err(error) => {
                driver.sources.give_back(place);
                Err(error)
            }
        }
    }

    /// Ends the watch; to be called once, before the source is closed or given away.
    ///
    /// # Errors
    ///
    /// The system's. The registration is over all the same.
    pub(crate) fn deregister(&self, source: &mut impl mio::event::Source) -> io::Result<()> {
        let result = self.driver.registry.deregister(source);
        self.driver.sources.give_back(self.place);
        result
    }

    fn source(&self) -> &Source {
        self.driver.sources.at(self.place)
    }

    /// Somebody says that the source is not ready any more.
    pub(crate) fn clear_readiness(&self, event: ReadyEvent) {
        self.source().clear(event);
    }

    /// An operation for which this event was enough would have blocked.
    pub(crate) fn refute(&self, event: ReadyEvent) {
        self.source().clear_refuted(event);
    }

    /// The source is ready from the start, as far as one can guess: the first operation is tried
    /// without waiting for the driver. A wrong guess costs one that would block.
    pub(crate) fn assume_ready(&self, ready: Ready) {
        self.source().assume(ready);
    }

    /// Waits, in a poll function, until a direction is ready. One waker for each direction.
    pub(crate) fn poll_ready(
        &self,
        context: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        let unit = ready!(poll_proceed(context));
        let event = ready!(self.source().poll_ready(context, direction));
        unit.made_progress();
        Poll::Ready(alive(event))
    }

    /// Runs an operation in a poll function, as often as it takes until it does not block.
    pub(crate) fn poll_io<R>(
        &self,
        context: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            let event = ready!(self.poll_ready(context, direction))?;
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.refute(event),
                done => return Poll::Ready(done),
            }
        }
    }

    /// Waits until the source is ready for something of `interest`. Any number of tasks may wait.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the source stays ready.
    pub(crate) async fn readiness(&self, interest: Interest) -> io::Result<ReadyEvent> {
        let mut waiting = self.waiting(interest);
        poll_fn(|context| waiting.poll(context)).await
    }

    /// As [`readiness`](Self::readiness), for whoever writes a future by hand.
    pub(crate) fn waiting(&self, interest: Interest) -> Waiting<'_> {
        Waiting {
            source: self.source(),
            mask: interest.mask(),
            key: None,
        }
    }

    /// Runs an operation, as often as it takes until it does not block.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            let event = self.readiness(interest).await?;
            // Who only waits, as `readable` does, spends nothing.
            poll_fn(poll_proceed).await.made_progress();
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.refute(event),
                done => return done,
            }
        }
    }

    /// Runs an operation once, if the source is ready for it as far as is known.
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.source().ready().masked(interest.mask());
        if event.ready.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match operation() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.refute(event);
                Err(io::ErrorKind::WouldBlock.into())
            }
            done => done,
        }
    }
}

/// A future that waits for a source; it may be polled again after it was ready.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    source: &'a Source,
    mask: Ready,
    key: Option<usize>,
}

impl Waiting<'_> {
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        let event = ready!(self.source.poll_future(context, self.mask, &mut self.key));
        Poll::Ready(alive(event))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.source.forget(key);
        }
    }
}

fn alive(event: ReadyEvent) -> io::Result<ReadyEvent> {
    if event.is_shut_down {
        Err(gone())
    } else {
        Ok(event)
    }
}

fn gone() -> io::Error {
    super::shut_down_error()
}
