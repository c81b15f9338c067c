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
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use fastwake::io::unix::{AsyncFd, AsyncFdReadyGuard};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (mut peer, socket) = UnixStream::pair()?;
/// # socket.set_nonblocking(true)?;
/// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
/// # let socket = unsafe { AsyncFd::register(socket)? };
/// peer.write_all(b"hello")?;
/// let mut bytes = [0; 8];
/// let n = loop {
///     let mut guard: AsyncFdReadyGuard<'_, UnixStream> = socket.readable().await?;
///     if let Ok(result) = guard.try_io(|socket| socket.get_ref().read(&mut bytes)) {
///         break result?;
///     }
/// };
/// assert_eq!(&bytes[..n], b"hello");
/// # Ok(())
/// # }
/// ```
#[must_use = "an operation that blocks is to be reported to the guard, or the next wait returns at once"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    pub(super) async_fd: &'a AsyncFd<T>,
    pub(super) event: Seen,
}

/// As [`AsyncFdReadyGuard`], with mutable access; from [`AsyncFd::readable_mut`] and the like.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use fastwake::io::unix::{AsyncFd, AsyncFdReadyMutGuard};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (mut peer, socket) = UnixStream::pair()?;
/// # socket.set_nonblocking(true)?;
/// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
/// # let mut socket = unsafe { AsyncFd::register(socket)? };
/// peer.write_all(b"hello")?;
/// let mut bytes = [0; 8];
/// let n = loop {
///     let mut guard: AsyncFdReadyMutGuard<'_, UnixStream> = socket.readable_mut().await?;
///     if let Ok(result) = guard.try_io(|socket| socket.get_mut().read(&mut bytes)) {
///         break result?;
///     }
/// };
/// assert_eq!(&bytes[..n], b"hello");
/// # Ok(())
/// # }
/// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::{ErrorKind, Read, Write};
    /// use fastwake::io::{Interest, Ready};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// let mut guard = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// let mut bytes = Vec::new();
    /// if let Err(error) = guard.get_inner().read_to_end(&mut bytes) {
    ///     assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///     // There may be room to write all the same.
    ///     guard.clear_ready_matching(Ready::READABLE);
    /// }
    /// assert!(!guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        let registration = &self.async_fd.registration;
        self.event.clear_matching(registration, ready);
    }

    /// Leaves the file descriptor known as ready; says so to the reader, and does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::{Read, Write};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// let mut guard = socket.readable().await?;
    /// let mut first = [0; 2];
    /// guard.get_inner().read_exact(&mut first)?;
    /// // There is more.
    /// guard.retain_ready();
    /// assert!(guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn retain_ready(&mut self) {}

    /// What the file descriptor was ready for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// drop(peer);
    /// let guard = socket.readable().await?;
    /// // There is an end to be found.
    /// assert!(guard.ready().is_readable() || guard.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::Interest;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// let guard = socket.writable().await?;
    /// let write = |mut stream: &UnixStream| stream.write(b"hello");
    /// assert_eq!(guard.get_ref().try_io(Interest::WRITABLE, write)?, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &'a AsyncFd<Inner> {
        self.async_fd
    }

    /// What has been registered.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// let guard = socket.writable().await?;
    /// assert!(guard.get_inner().peer_addr()?.is_unnamed());
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get_inner(&self) -> &'a Inner {
        self.async_fd.get_ref()
    }
}

impl<Inner: AsRawFd> AsyncFdReadyMutGuard<'_, Inner> {
    /// As [`AsyncFdReadyGuard::clear_ready`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::{ErrorKind, Read, Write};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// drop(peer);
    /// let mut bytes = Vec::new();
    /// loop {
    ///     let mut guard = socket.readable_mut().await?;
    ///     match guard.get_inner_mut().read_to_end(&mut bytes) {
    ///         Ok(_) => break,
    ///         Err(error) if error.kind() == ErrorKind::WouldBlock => guard.clear_ready(),
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// assert_eq!(bytes, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready(&mut self) {
        self.event.clear(&self.async_fd.registration);
    }

    /// As [`AsyncFdReadyGuard::clear_ready_matching`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::{ErrorKind, Read, Write};
    /// use fastwake::io::{Interest, Ready};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// let mut guard = socket.ready_mut(Interest::READABLE | Interest::WRITABLE).await?;
    /// let mut bytes = Vec::new();
    /// if let Err(error) = guard.get_inner_mut().read_to_end(&mut bytes) {
    ///     assert_eq!(error.kind(), ErrorKind::WouldBlock);
    ///     // There may be room to write all the same.
    ///     guard.clear_ready_matching(Ready::READABLE);
    /// }
    /// assert!(!guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        let registration = &self.async_fd.registration;
        self.event.clear_matching(registration, ready);
    }

    /// As [`AsyncFdReadyGuard::retain_ready`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::{Read, Write};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// let mut guard = socket.readable_mut().await?;
    /// let mut first = [0; 2];
    /// guard.get_inner_mut().read_exact(&mut first)?;
    /// // There is more.
    /// guard.retain_ready();
    /// assert!(guard.ready().is_readable());
    /// # Ok(())
    /// # }
    /// ```
    pub fn retain_ready(&mut self) {}

    /// What the file descriptor was ready for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// drop(peer);
    /// let guard = socket.readable_mut().await?;
    /// // There is an end to be found.
    /// assert!(guard.ready().is_readable() || guard.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ready(&self) -> Ready {
        self.event.ready()
    }

    /// As [`AsyncFdReadyGuard::try_io`].
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::Write;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// let n = loop {
    ///     let mut guard = socket.writable_mut().await?;
    ///     if let Ok(result) = guard.try_io(|socket| socket.get_mut().write(b"hello")) {
    ///         break result?;
    ///     }
    /// };
    /// assert_eq!(n, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::os::fd::AsRawFd;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// let guard = socket.writable_mut().await?;
    /// println!("descriptor {} is ready", guard.get_ref().as_raw_fd());
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &AsyncFd<Inner> {
        self.async_fd
    }

    /// The file descriptor.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::Write;
    /// use fastwake::io::Interest;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// let mut guard = socket.writable_mut().await?;
    /// let socket = guard.get_mut();
    /// assert_eq!(socket.try_io_mut(Interest::WRITABLE, |stream| stream.write(b"hello"))?, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut AsyncFd<Inner> {
        self.async_fd
    }

    /// What has been registered.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// let guard = socket.writable_mut().await?;
    /// assert!(guard.get_inner().peer_addr()?.is_unnamed());
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get_inner(&self) -> &Inner {
        self.async_fd.get_ref()
    }

    /// What has been registered.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::Write;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// let mut guard = socket.writable_mut().await?;
    /// assert_eq!(guard.get_inner_mut().write(b"hello")?, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
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
