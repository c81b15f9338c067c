//! A source of the system's events together with its registration: what sockets and pipes are made
//! of.

use std::fmt;
use std::io::{self, Read, Write};
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll, ready};

use mio::event::Source;
use tokio::io::ReadBuf;

use crate::driver::{Direction, Interest, Registration};
use crate::runtime::Handle;

/// What a source's reads mean.
pub(crate) trait Drains {
    /// Has a read that does not fill its buffer taken all there was? Not if something else than the
    /// end of the data can end a read: a Unix socket stops at a message that carries descriptors.
    const BY_SHORT_READ: bool;
}

impl Drains for mio::net::TcpStream {
    const BY_SHORT_READ: bool = true;
}

#[cfg(unix)]
impl Drains for mio::net::UnixStream {
    const BY_SHORT_READ: bool = false;
}

#[cfg(unix)]
impl Drains for mio::unix::pipe::Receiver {
    const BY_SHORT_READ: bool = false;
}

/// Does the system tell anew when a source becomes ready, once it has been drained? Then a read that
/// has drained it, and a write that is cut short, say as much as one that would block.
const EDGE_TRIGGERED: bool = cfg!(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
));

/// A source that is registered for as long as this has it.
pub(crate) struct PollEvented<E: Source> {
    source: Option<E>,
    registration: Registration,
}

impl<E: Source> PollEvented<E> {
    /// Registers a source, which must not block, for reading and writing.
    ///
    /// # Errors
    ///
    /// The system's; or that the runtime has been shut down.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    #[track_caller]
    pub(crate) fn new(source: E) -> io::Result<Self> {
        Self::with_interest(source, Interest::READABLE | Interest::WRITABLE)
    }

    /// As [`new`](Self::new), for less.
    #[track_caller]
    pub(crate) fn with_interest(mut source: E, interest: Interest) -> io::Result<Self> {
        let registration = Registration::new(Handle::io_driver(), &mut source, interest)?;
        Ok(Self {
            source: Some(source),
            registration,
        })
    }

    pub(crate) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Gives the source back.
    ///
    /// # Errors
    ///
    /// The system's, if it does not let go of it.
    pub(crate) fn into_inner(mut self) -> io::Result<E> {
        let mut source = self.source.take().expect("it is taken once");
        self.registration.deregister(&mut source)?;
        Ok(source)
    }

    /// Reads into what is left of the buffer.
    pub(crate) fn poll_read<'a>(
        &'a self,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>
    where
        E: Drains,
        &'a E: Read,
    {
        loop {
            let event = ready!(self.registration.poll_ready(context, Direction::Read))?;
            let room = buf.remaining();
            // SAFETY: the bytes are only written to: a socket's `read` is the system's, which does
            // not look at them.
            let target = unsafe { &mut *(std::ptr::from_mut(buf.unfilled_mut()) as *mut [u8]) };
            match (&**self).read(target) {
                Ok(n) => {
                    if EDGE_TRIGGERED && E::BY_SHORT_READ && 0 < n && n < room {
                        self.registration.clear_readiness(event);
                    }
                    // SAFETY: the system has written `n` bytes.
                    unsafe { buf.assume_init(n) };
                    buf.advance(n);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.refute(event);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Reads into several buffers in one go.
    #[cfg(feature = "futures-io")]
    pub(crate) fn poll_read_vectored<'a>(
        &'a self,
        context: &mut Context<'_>,
        bufs: &mut [io::IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>>
    where
        &'a E: Read,
    {
        let read = || (&**self).read_vectored(bufs);
        self.registration.poll_io(context, Direction::Read, read)
    }

    /// Writes what there is room for.
    pub(crate) fn poll_write<'a>(
        &'a self,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>
    where
        &'a E: Write,
    {
        loop {
            let event = ready!(self.registration.poll_ready(context, Direction::Write))?;
            match (&**self).write(buf) {
                Ok(n) => {
                    if EDGE_TRIGGERED && 0 < n && n < buf.len() {
                        self.registration.clear_readiness(event);
                    }
                    return Poll::Ready(Ok(n));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.refute(event);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Writes several buffers in one go.
    pub(crate) fn poll_write_vectored<'a>(
        &'a self,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>>
    where
        &'a E: Write,
    {
        let write = || (&**self).write_vectored(bufs);
        self.registration.poll_io(context, Direction::Write, write)
    }
}

impl<E: Source> Deref for PollEvented<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.source.as_ref().expect("it is there until the end")
    }
}

impl<E: Source> Drop for PollEvented<E> {
    fn drop(&mut self) {
        if let Some(mut source) = self.source.take() {
            // It is closed next, which ends the system's watch too.
            let _ = self.registration.deregister(&mut source);
        }
    }
}

impl<E: Source + fmt::Debug> fmt::Debug for PollEvented<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl<E: Source> UnwindSafe for PollEvented<E> {}
impl<E: Source> RefUnwindSafe for PollEvented<E> {}
