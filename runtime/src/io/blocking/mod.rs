#![forbid(unsafe_code)]
//! One blocking operation at a time, behind the traits for reading and writing without blocking;
//! files and the standard streams are made of it.
//!
//! ```text
//!            ┌───────────── poll_idle: joined, buffer comes back ─────────────┐
//!            ▼                                                                │
//!   idle (has the buffer) ──begin──▶ running (the thread has the buffer) ─────┘
//! ```
//!
//! A read goes into the buffer and is taken from there by the poll that finds it done; what that one
//! does not want is left for the next. A write is copied into the buffer and counts as written from
//! then on, see [`accepted`]; its error is kept for the next write or flush.

mod accepted;
mod buf;
#[cfg(feature = "io-std")]
mod flush;
mod hop;
#[cfg(feature = "fs")]
mod seek;

use std::io::{self, IoSlice, Read, Write};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use crate::task::{JoinHandle, spawn_blocking};

use accepted::Pledge;
use buf::Buf;
#[cfg(feature = "fs")]
pub(crate) use hop::{lost, unblock};

/// What one hop onto a blocking thread transfers at most, unless the file says otherwise; tokio's.
/// Large enough to make the hop small beside the copy.
pub(crate) const DEFAULT_MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// What is read and written.
#[derive(Debug)]
pub(crate) struct Device<T> {
    pub(crate) io: Arc<T>,
    /// In bytes.
    pub(crate) max_buf_size: usize,
}

impl<T> Device<T> {
    pub(crate) fn new(io: T) -> Self {
        Self {
            io: Arc::new(io),
            max_buf_size: DEFAULT_MAX_BUF_SIZE,
        }
    }
}

/// A device that is read and written at one position.
pub(crate) trait Rewind {
    /// Goes back over bytes that were read from the device and that nobody has taken; often none.
    fn rewind(&self, bytes: u64) -> io::Result<()>;
}

/// What came of an operation.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "fs"),
    expect(dead_code, reason = "only files seek and are resized")
)]
enum Outcome {
    Read(io::Result<()>),
    /// Or a flush.
    Write(io::Result<()>),
    Seek(io::Result<u64>),
    Resize(io::Result<()>),
}

type Output = (Outcome, Buf);

/// The operations on one device.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    running: Option<JoinHandle<Output>>,
    /// What was read and not taken yet. The operation that runs has it.
    buf: Buf,
    /// Of the write that runs.
    pledge: Arc<Pledge<Output>>,
    /// Why an accepted write failed, until somebody who writes is told.
    failed_write: Option<io::Error>,
    /// Where the last seek led.
    position: u64,
}

/// An operation with all that it needs, to be done on any thread.
fn work<T, F>(io: Arc<T>, mut buf: Buf, operation: F) -> impl FnOnce() -> Output + Send + 'static
where
    T: Send + Sync + 'static,
    F: FnOnce(&T, &mut Buf) -> Outcome + Send + 'static,
{
    move || {
        let outcome = operation(&io, &mut buf);
        (outcome, buf)
    }
}

// A panic in an operation is its result, and leaves nothing half done here.
impl UnwindSafe for Operations {}
impl RefUnwindSafe for Operations {}

impl Operations {
    /// Begins an operation; none runs. It is cancelled if the runtime is shut down before it starts.
    fn begin<T, F>(&mut self, device: &Device<T>, operation: F)
    where
        T: Send + Sync + 'static,
        F: FnOnce(&T, &mut Buf) -> Outcome + Send + 'static,
    {
        let buf = std::mem::take(&mut self.buf);
        let work = work(Arc::clone(&device.io), buf, operation);
        self.running = Some(spawn_blocking(work));
    }

    /// As [`begin`](Self::begin), for an operation that is done in any case if this returns true. If
    /// not, the handle says why.
    fn begin_accepted<T, F>(&mut self, device: &Device<T>, operation: F) -> bool
    where
        T: Send + Sync + 'static,
        F: FnOnce(&T, &mut Buf) -> Outcome + Send + 'static,
    {
        let buf = std::mem::take(&mut self.buf);
        let work = work(Arc::clone(&device.io), buf, operation);
        let work = self.pledge.offer(work);
        self.running = Some(spawn_blocking(move || work.run()));
        self.pledge.accept()
    }

    /// Waits for the operation that runs, if one does. What came of a write is noted; other outcomes
    /// are the caller's.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Outcome>>> {
        let Some(running) = &mut self.running else {
            return Poll::Ready(Ok(None));
        };
        // This spends the budget.
        let joined = ready!(Pin::new(running).poll(context));
        self.running = None;
        let (outcome, buf) = match joined {
            Ok(output) => output,
            Err(error) => match self.pledge.take() {
                Some(output) => output,
                None => return Poll::Ready(Err(hop::lost(error))),
            },
        };
        self.buf = buf;
        Poll::Ready(Ok(match outcome {
            Outcome::Write(result) => {
                self.failed_write = result.err();
                None
            }
            Outcome::Seek(Ok(position)) => {
                self.position = position;
                Some(Outcome::Seek(Ok(position)))
            }
            other => Some(other),
        }))
    }

    /// Waits until no operation runs; errors are kept for the next write or flush.
    pub(crate) fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(self.poll_idle(context)) {
            self.failed_write = Some(error);
        }
        Poll::Ready(())
    }

    /// Waits for the write that runs, if one does. Gives the error of the last one.
    pub(crate) fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_settled(context));
        Poll::Ready(self.failed_write.take().map_or(Ok(()), Err))
    }

    pub(crate) fn poll_read<T>(
        &mut self,
        device: &Device<T>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>
    where
        T: Send + Sync + 'static,
        for<'a> &'a T: Read,
    {
        loop {
            let outcome = ready!(self.poll_idle(context))?;
            let end = if let Some(Outcome::Read(result)) = outcome {
                result?;
                true
            } else {
                to.remaining() == 0
            };
            if end || !self.buf.is_empty() {
                self.buf.take_into(to);
                return Poll::Ready(Ok(()));
            }
            let most = to.remaining().min(device.max_buf_size);
            self.begin(device, move |mut io, buf| {
                Outcome::Read(buf.read_from(&mut io, most))
            });
        }
    }

    /// Accepts what fits into the buffer.
    pub(crate) fn poll_write<T>(
        &mut self,
        device: &Device<T>,
        context: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>
    where
        T: Rewind + Send + Sync + 'static,
        for<'a> &'a T: Write,
    {
        loop {
            ready!(self.poll_written(context))?;
            let unread = self.buf.forget();
            let accepted = self.buf.fill_from(from, device.max_buf_size);
            let begun = self.begin_accepted(device, move |mut io, buf| {
                let rewound = io.rewind(unread);
                Outcome::Write(rewound.and_then(|()| buf.write_to(&mut io)))
            });
            if begun {
                return Poll::Ready(Ok(accepted));
            }
        }
    }
}
