#![forbid(unsafe_code)]
//! What a file descriptor was ready for, until it turns out not to be.

use std::os::fd::AsRawFd;
use std::{fmt, io};

use crate::driver::{ReadyEvent, Registration};
use crate::io::Ready;

use super::{AsyncFd, TryIoError};

/// What a file descriptor was ready for when it was looked at; from [`AsyncFd::readable`] and the
/// like.
///
/// It stays known as ready until an operation has been seen to block and that is said here, with
/// [`try_io`](Self::try_io) or [`clear_ready`](Self::clear_ready). What the system has reported since
/// the guard was made is not cleared with it.
#[must_use = "an operation that blocks is to be reported to the guard, or the next wait returns at once"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    pub(super) async_fd: &'a AsyncFd<T>,
    pub(super) event: Seen,
}

/// As [`AsyncFdReadyGuard`], with mutable access; from [`AsyncFd::readable_mut`] and the like.
#[must_use = "an operation that blocks is to be reported to the guard, or the next wait returns at once"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    pub(super) async_fd: &'a mut AsyncFd<T>,
    pub(super) event: Seen,
}

/// The readiness that a guard stands for, as far as it has not been cleared.
#[derive(Debug)]
pub(super) struct Seen(pub(super) Option<ReadyEvent>);

impl Seen {
    fn clear(&mut self, registration: &Registration) {
        if let Some(event) = self.0.take() {
            registration.clear_readiness(event);
        }
    }

    fn clear_matching(&mut self, registration: &Registration, ready: Ready) {
        if let Some(event) = self.0.take() {
            registration.clear_readiness(event.masked(ready));
            let left = event.masked(event.ready - ready);
            self.0 = Some(left).filter(|left| !left.ready.is_empty());
        }
    }

    fn ready(&self) -> Ready {
        self.0.map_or(Ready::EMPTY, |event| event.ready)
    }
}

impl<'a, Inner: AsRawFd> AsyncFdReadyGuard<'a, Inner> {
    /// An operation has blocked: the file descriptor is not ready any more for what the guard stands
    /// for.
    ///
    /// To be called only then: the system reports changes, and none comes while what there is has not
    /// been used up.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Read};
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (one, other) = UnixStream::pair()?;
    /// # other.set_nonblocking(true)?;
    /// # drop(one);
    /// # // SAFETY: a stream owns its descriptor, and it is the same one as long as the stream lives.
    /// # let socket: AsyncFd<UnixStream> = unsafe { AsyncFd::register(other)? };
    /// let mut bytes = Vec::new();
    /// loop {
    ///     let mut guard = socket.readable().await?;
    ///     // Reads to the end of what there is, or to the end of all.
    ///     match guard.get_inner().read_to_end(&mut bytes) {
    ///         Ok(_) => break,
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => guard.clear_ready(),
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready(&mut self) {
        self.event.clear(&self.async_fd.registration);
    }

    /// As [`clear_ready`](Self::clear_ready), for a part of it: of a guard for both directions, the
    /// one that has blocked.
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        let registration = &self.async_fd.registration;
        self.event.clear_matching(registration, ready);
    }

    /// Leaves the file descriptor known as ready; says so to the reader, and does nothing.
    pub fn retain_ready(&mut self) {}

    /// What the file descriptor was ready for.
    #[must_use]
    pub fn ready(&self) -> Ready {
        self.event.ready()
    }

    /// Runs an operation. If it fails with `WouldBlock`, clears the readiness; it is not to do so for
    /// any other reason.
    ///
    /// # Errors
    ///
    /// [`TryIoError`] if the operation would have blocked; everything else that it returns, other
    /// errors included, is in `Ok`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_nonblocking(true)?;
    /// // SAFETY: a stream owns its descriptor, and it is the same one as long as the stream lives.
    /// let one = unsafe { AsyncFd::register(one)? };
    /// let n = loop {
    ///     let mut guard = one.writable().await?;
    ///     if let Ok(result) = guard.try_io(|one| one.get_ref().write(b"hello")) {
    ///         break result?;
    ///     }
    /// };
    /// assert_eq!(n, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<Inner>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        match f(self.async_fd) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            done => Ok(done),
        }
    }

    /// The file descriptor.
    #[must_use]
    pub fn get_ref(&self) -> &'a AsyncFd<Inner> {
        self.async_fd
    }

    /// What has been registered.
    #[must_use]
    pub fn get_inner(&self) -> &'a Inner {
        self.async_fd.get_ref()
    }
}

impl<Inner: AsRawFd> AsyncFdReadyMutGuard<'_, Inner> {
    /// As [`AsyncFdReadyGuard::clear_ready`].
    pub fn clear_ready(&mut self) {
        self.event.clear(&self.async_fd.registration);
    }

    /// As [`AsyncFdReadyGuard::clear_ready_matching`].
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        let registration = &self.async_fd.registration;
        self.event.clear_matching(registration, ready);
    }

    /// As [`AsyncFdReadyGuard::retain_ready`].
    pub fn retain_ready(&mut self) {}

    /// What the file descriptor was ready for.
    #[must_use]
    pub fn ready(&self) -> Ready {
        self.event.ready()
    }

    /// As [`AsyncFdReadyGuard::try_io`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<Inner>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        match f(self.async_fd) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            done => Ok(done),
        }
    }

    /// The file descriptor.
    #[must_use]
    pub fn get_ref(&self) -> &AsyncFd<Inner> {
        self.async_fd
    }

    /// The file descriptor.
    pub fn get_mut(&mut self) -> &mut AsyncFd<Inner> {
        self.async_fd
    }

    /// What has been registered.
    #[must_use]
    pub fn get_inner(&self) -> &Inner {
        self.async_fd.get_ref()
    }

    /// What has been registered.
    pub fn get_inner_mut(&mut self) -> &mut Inner {
        self.async_fd.get_mut()
    }
}

impl<T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFdReadyGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard")
            .field("async_fd", &self.async_fd)
            .field("ready", &self.ready())
            .finish()
    }
}

impl<T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFdReadyMutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyMutGuard")
            .field("async_fd", &self.async_fd)
            .field("ready", &self.ready())
            .finish()
    }
}
