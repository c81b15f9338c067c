#![forbid(unsafe_code)]
//! Waiting for the end of a process, and what becomes of it if nobody does.

use std::io;
use std::process::{self, ExitStatus};
use std::task::{Context, Poll, ready};

use crate::coop::poll_proceed;
use crate::driver::Direction;
use crate::io::{Interest, PollEvented};
use crate::runtime::Handle;
use crate::signal::is_heard;
use crate::signal::unix::{Signal, SignalKind, signal};

use super::orphans;
use super::pidfd::Pidfd;

/// A process that has not been seen to end.
#[derive(Debug)]
pub(super) struct Running {
    /// There until it is dropped.
    child: Option<process::Child>,
    watch: Watch,
    kill_on_drop: bool,
    /// The runtime that it was started in.
    home: Handle,
}

/// How the end is noticed.
#[derive(Debug)]
enum Watch {
    /// There is none between two runtimes.
    Pidfd(Option<PollEvented<Pidfd>>),
    Signal(Signal),
    /// Nothing could be had.
    None,
}

impl Watch {
    fn new(pid: u32) -> io::Result<Self> {
        match Pidfd::open(pid) {
            Some(pidfd) => {
                let pidfd = PollEvented::with_interest(pidfd, Interest::READABLE)?;
                Ok(Self::Pidfd(Some(pidfd)))
            }
            None => signal(SignalKind::child()).map(Self::Signal),
        }
    }
}

impl Running {
    /// Watches a process that has just been started in the current runtime.
    ///
    /// # Errors
    ///
    /// The system's: no file descriptor is left to watch it with. The process is treated as one
    /// whose [`Child`](super::Child) has been dropped.
    pub(super) fn new(child: process::Child, kill_on_drop: bool) -> io::Result<Self> {
        let mut running = Self {
            watch: Watch::None,
            child: Some(child),
            kill_on_drop,
            home: Handle::current(),
        };
        running.watch = Watch::new(running.id())?;
        Ok(running)
    }

    fn child(&mut self) -> &mut process::Child {
        self.child
            .as_mut()
            .expect("it is there until it is dropped")
    }

    pub(super) fn id(&self) -> u32 {
        let child = self.child.as_ref();
        child.expect("it is there until it is dropped").id()
    }

    /// Kills it; it is still to be waited for.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.child().kill()?;
        self.kill_on_drop = false;
        Ok(())
    }

    /// Has it ended?
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child().try_wait()?;
        self.kill_on_drop &= status.is_none();
        Ok(status)
    }

    /// Waits until it has ended.
    pub(super) fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let unit = ready!(poll_proceed(context));
        let result = match self.watch {
            Watch::Pidfd(_) => ready!(self.poll_pidfd(context)),
            Watch::Signal(_) => ready!(self.poll_signal(context)),
            Watch::None => unreachable!("who could not be watched has not been made"),
        };
        unit.made_progress();
        Poll::Ready(result)
    }

    fn poll_pidfd(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        loop {
            let Watch::Pidfd(Some(pidfd)) = &self.watch else {
                let error = "the runtime that watched the process has been shut down";
                return Poll::Ready(Err(io::Error::other(error)));
            };
            let event = ready!(pidfd.registration().poll_ready(context, Direction::Read));
            if let Some(status) = self.try_wait()? {
                return Poll::Ready(Ok(status));
            }
            if event.is_ok() {
                // It has ended, but whoever traces it keeps its status back. Nothing tells when that
                // changes.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.move_to_current_runtime()?;
        }
    }

    /// The runtime that has watched it is gone.
    fn move_to_current_runtime(&mut self) -> io::Result<()> {
        let Watch::Pidfd(watch) = &mut self.watch else {
            return Ok(());
        };
        if let (Some(pidfd), Ok(handle)) = (watch.take(), Handle::try_current()) {
            if !handle.has_io() {
                return Err(nobody_watches());
            }
            let pidfd = pidfd.into_inner()?;
            *watch = Some(PollEvented::with_interest(pidfd, Interest::READABLE)?);
            self.home = handle;
        }
        Ok(())
    }

    fn poll_signal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        loop {
            let Watch::Signal(signal) = &mut self.watch else {
                unreachable!("it is watched through signals");
            };
            // First listen, then look: an end in between is noticed in the one way or the other.
            let is_listening = signal.poll_recv(context).is_pending();
            if let Some(status) = self.try_wait()? {
                return Poll::Ready(Ok(status));
            }
            if is_listening {
                return match is_heard() {
                    true => Poll::Pending,
                    false => Poll::Ready(Err(nobody_watches())),
                };
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.kill_on_drop {
            // It may have ended meanwhile.
            let _ = self.kill();
        }
        // An error says that somebody else has collected its status.
        if let Ok(None) = self.try_wait()
            && let Some(child) = self.child.take()
        {
            orphans::adopt(child, &self.home);
        }
    }
}

fn nobody_watches() -> io::Error {
    io::Error::other(
        "the runtime that watched this process has been shut down, and the current one has been \
         built without I/O: call `enable_io` or `enable_all` on its builder",
    )
}
