//! A file descriptor of any kind that a driver watches.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll, ready};
use std::{fmt, io};

use mio::unix::SourceFd;

use crate::driver::{Direction, ReadyEvent, Registration};
use crate::io::Interest;
use crate::runtime::Handle;

use super::guard::Seen;
use super::{AsyncFdReadyGuard, AsyncFdReadyMutGuard, AsyncFdRegisterError};

/// A file descriptor that tasks can wait for: a device, a socket of a library's, anything that the
/// system's event queue takes and that does not block.
///
/// The file descriptor is registered as long as this lives. Waiting gives a
/// [guard](AsyncFdReadyGuard) that knows what the file descriptor is ready for; the operation is then
/// tried, and if it blocks the guard has to hear of it, best through
/// [`try_io`](AsyncFdReadyGuard::try_io). [`async_io`](Self::async_io) does all that.
///
/// Each direction has one waker for its `poll_` functions, that of the last call; any number of tasks
/// may wait in the `async` functions.
///
/// # Examples
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use fastwake::io::Interest;
/// use fastwake::io::unix::AsyncFd;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut one, other) = UnixStream::pair()?;
/// other.set_nonblocking(true)?;
/// // SAFETY: a stream owns its descriptor, and it is the same one as long as the stream lives.
/// let other = unsafe { AsyncFd::register(other)? };
///
/// one.write_all(b"hello")?;
/// let mut bytes = [0; 8];
/// let read = |mut stream: &UnixStream| stream.read(&mut bytes);
/// assert_eq!(other.async_io(Interest::READABLE, read).await?, 5);
/// # Ok(())
/// # }
/// ```
pub struct AsyncFd<T: AsRawFd> {
    pub(super) registration: Registration,
    /// There until it is taken, which ends the registration.
    inner: Option<T>,
}

/// Making one.
impl<T: AsRawFd> AsyncFd<T> {
    /// Registers a file descriptor, for reading and writing. It has to be in non-blocking mode.
    ///
    /// # Errors
    ///
    /// The system's, such as `EPERM` for a regular file, or that the runtime has been shut down; with
    /// `inner` in it.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Safety
    ///
    /// What `as_raw_fd` returns is an open file descriptor, always the same one and of the same file,
    /// until this is dropped or [`into_inner`](Self::into_inner) has been called.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_nonblocking(true)?;
    /// // SAFETY: a stream owns its descriptor, and it is the same one as long as the stream lives.
    /// let one = unsafe { AsyncFd::register(one)? };
    /// let guard = one.writable().await?;
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::watch(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// As [`register`](Self::register), for `interest` only.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    ///
    /// # Safety
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::Interest;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut one, other) = UnixStream::pair()?;
    /// other.set_nonblocking(true)?;
    /// // SAFETY: a stream owns its descriptor, and it is the same one as long as the stream lives.
    /// let other = unsafe { AsyncFd::register_with_interest(other, Interest::READABLE)? };
    ///
    /// one.write_all(b"hello")?;
    /// let mut bytes = [0; 8];
    /// let read = |mut stream: &UnixStream| stream.read(&mut bytes);
    /// assert_eq!(other.async_io(Interest::READABLE, read).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::watch(inner, interest)
    }

    /// As [`register`](Self::register), without the promise that it asks for.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_nonblocking(true)?;
    /// # #[allow(deprecated)]
    /// let one = AsyncFd::new(one)?;
    /// assert!(one.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(
        note = "nothing obliges the file descriptor to stay open: use `AsyncFd::register`"
    )]
    #[track_caller]
    pub fn new(inner: T) -> io::Result<Self> {
        Ok(Self::watch(inner, Interest::READABLE | Interest::WRITABLE)?)
    }

    /// As [`register_with_interest`](Self::register_with_interest), without the promise that it asks
    /// for.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::Interest;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_nonblocking(true)?;
    /// # #[allow(deprecated)]
    /// let one = AsyncFd::with_interest(one, Interest::WRITABLE)?;
    /// assert!(one.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(
        note = "nothing obliges the file descriptor to stay open: use `AsyncFd::register_with_interest`"
    )]
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        Ok(Self::watch(inner, interest)?)
    }

    /// As [`register`](Self::register), without the promise that it asks for.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_nonblocking(true)?;
    /// # #[allow(deprecated)]
    /// let one = match AsyncFd::try_new(one) {
    ///     Ok(one) => one,
    ///     Err(error) => {
    ///         let (one, cause) = error.into_parts();
    ///         eprintln!("cannot wait for {one:?}");
    ///         return Err(cause);
    ///     }
    /// };
    /// assert!(one.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(
        note = "nothing obliges the file descriptor to stay open: use `AsyncFd::register`"
    )]
    #[track_caller]
    pub fn try_new(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::watch(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// As [`register_with_interest`](Self::register_with_interest), without the promise that it asks
    /// for.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::Interest;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (one, _other) = UnixStream::pair()?;
    /// one.set_nonblocking(true)?;
    /// # #[allow(deprecated)]
    /// let one = AsyncFd::try_with_interest(one, Interest::WRITABLE)?;
    /// assert!(one.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[deprecated(
        note = "nothing obliges the file descriptor to stay open: use `AsyncFd::register_with_interest`"
    )]
    #[track_caller]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::watch(inner, interest)
    }

    #[track_caller]
    fn watch(inner: T, interest: Interest) -> Result<Self, AsyncFdRegisterError<T>> {
        let fd = inner.as_raw_fd();
        match Registration::new(Handle::io_driver(), &mut SourceFd(&fd), interest) {
            Ok(registration) => Ok(Self {
                registration,
                inner: Some(inner),
            }),
            Err(cause) => Err(AsyncFdRegisterError { inner, cause }),
        }
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
    /// assert!(socket.get_ref().peer_addr()?.is_unnamed());
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get_ref(&self) -> &T {
        self.inner.as_ref().expect("it is there until the end")
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
    /// socket.get_mut().write_all(b"hello")?;
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("it is there until the end")
    }

    /// Ends the registration, and gives back what was registered.
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
    /// let mut stream = socket.into_inner();
    /// stream.set_nonblocking(false)?;
    /// peer.write_all(b"hello")?;
    /// let mut bytes = [0; 5];
    /// stream.read_exact(&mut bytes)?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_inner(mut self) -> T {
        self.take_inner().expect("it is there until the end")
    }

    fn take_inner(&mut self) -> Option<T> {
        let inner = self.inner.take()?;
        // If the owner has closed it against the rules, there is nothing left to end.
        let _ = self
            .registration
            .deregister(&mut SourceFd(&inner.as_raw_fd()));
        Some(inner)
    }

    fn guard(&self, event: ReadyEvent) -> AsyncFdReadyGuard<'_, T> {
        AsyncFdReadyGuard {
            async_fd: self,
            event: Seen(Some(event)),
        }
    }

    fn guard_mut(&mut self, event: ReadyEvent) -> AsyncFdReadyMutGuard<'_, T> {
        AsyncFdReadyMutGuard {
            async_fd: self,
            event: Seen(Some(event)),
        }
    }
}

/// Waiting until it is ready.
impl<T: AsRawFd> AsyncFd<T> {
    /// Waits until there is something to read, in a poll function: only the task of the last call,
    /// of this and of [`poll_read_ready_mut`](Self::poll_read_ready_mut), is woken.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::future::poll_fn;
    /// use std::io::{Read, Write};
    /// use std::task::{Poll, ready};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// let mut bytes = [0; 8];
    /// let read = poll_fn(|context| {
    ///     loop {
    ///         let mut guard = ready!(socket.poll_read_ready(context))?;
    ///         if let Ok(result) = guard.try_io(|socket| socket.get_ref().read(&mut bytes)) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// });
    /// assert_eq!(read.await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready<'a>(
        &'a self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(context, Direction::Read))?;
        Poll::Ready(Ok(self.guard(event)))
    }

    /// As [`poll_read_ready`](Self::poll_read_ready), with mutable access.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::future::poll_fn;
    /// use std::io::{Read, Write};
    /// use std::task::{Poll, ready};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// let mut bytes = [0; 8];
    /// let read = poll_fn(|context| {
    ///     loop {
    ///         let mut guard = ready!(socket.poll_read_ready_mut(context))?;
    ///         if let Ok(result) = guard.try_io(|socket| socket.get_mut().read(&mut bytes)) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// });
    /// assert_eq!(read.await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(context, Direction::Read))?;
        Poll::Ready(Ok(self.guard_mut(event)))
    }

    /// Waits until there is room to write, in a poll function: only the task of the last call, of
    /// this and of [`poll_write_ready_mut`](Self::poll_write_ready_mut), is woken.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::future::poll_fn;
    /// use std::io::Write;
    /// use std::task::{Poll, ready};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// let write = poll_fn(|context| {
    ///     loop {
    ///         let mut guard = ready!(socket.poll_write_ready(context))?;
    ///         if let Ok(result) = guard.try_io(|socket| socket.get_ref().write(b"hello")) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// });
    /// assert_eq!(write.await?, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready<'a>(
        &'a self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(context, Direction::Write))?;
        Poll::Ready(Ok(self.guard(event)))
    }

    /// As [`poll_write_ready`](Self::poll_write_ready), with mutable access.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::future::poll_fn;
    /// use std::io::Write;
    /// use std::task::{Poll, ready};
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// let write = poll_fn(|context| {
    ///     loop {
    ///         let mut guard = ready!(socket.poll_write_ready_mut(context))?;
    ///         if let Ok(result) = guard.try_io(|socket| socket.get_mut().write(b"hello")) {
    ///             return Poll::Ready(result);
    ///         }
    ///     }
    /// });
    /// assert_eq!(write.await?, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.registration.poll_ready(context, Direction::Write))?;
        Poll::Ready(Ok(self.guard_mut(event)))
    }

    /// Waits until the file descriptor is ready for something of `interest`.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the file descriptor stays ready.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use fastwake::io::Interest;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// let guard = socket.ready(Interest::READABLE | Interest::WRITABLE).await?;
    /// if guard.ready().is_readable() {
    ///     println!("there is something to read");
    /// }
    /// if guard.ready().is_writable() {
    ///     println!("there is room to write");
    /// }
    /// assert!(!guard.ready().is_empty());
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = self.registration.readiness(interest).await?;
        Ok(self.guard(event))
    }

    /// As [`ready`](Self::ready), with mutable access.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
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
    /// let mut guard = socket.ready_mut(Interest::WRITABLE).await?;
    /// if let Ok(result) = guard.try_io(|socket| socket.get_mut().write(b"hello")) {
    ///     assert_eq!(result?, 5);
    /// }
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        let event = self.registration.readiness(interest).await?;
        Ok(self.guard_mut(event))
    }

    /// Waits until there is something to read.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut one, other) = UnixStream::pair()?;
    /// other.set_nonblocking(true)?;
    /// // SAFETY: a stream owns its descriptor, and it is the same one as long as the stream lives.
    /// let other = unsafe { AsyncFd::register(other)? };
    /// one.write_all(b"hello")?;
    ///
    /// let mut bytes = [0; 8];
    /// let n = loop {
    ///     let mut guard = other.readable().await?;
    ///     // An error says that there was nothing to read after all, and that the guard has noted it.
    ///     if let Ok(result) = guard.try_io(|other| other.get_ref().read(&mut bytes)) {
    ///         break result?;
    ///     }
    /// };
    /// assert_eq!(&bytes[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::READABLE).await
    }

    /// As [`readable`](Self::readable), with mutable access.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
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
    /// let mut bytes = [0; 8];
    /// let n = loop {
    ///     let mut guard = socket.readable_mut().await?;
    ///     if let Ok(result) = guard.try_io(|socket| socket.get_mut().read(&mut bytes)) {
    ///         break result?;
    ///     }
    /// };
    /// assert_eq!(&bytes[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// Waits until there is room to write.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
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
    /// # let socket = unsafe { AsyncFd::register(socket)? };
    /// let n = loop {
    ///     let mut guard = socket.writable().await?;
    ///     if let Ok(result) = guard.try_io(|socket| socket.get_ref().write(b"hello")) {
    ///         break result?;
    ///     }
    /// };
    /// assert_eq!(n, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// As [`writable`](Self::writable), with mutable access.
    ///
    /// # Errors
    ///
    /// The runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
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
    pub async fn writable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }
}

/// Waiting and operating in one.
impl<T: AsRawFd> AsyncFd<T> {
    /// Runs an operation as often as it fails with `WouldBlock`, each time when the file descriptor
    /// has become ready. It is to fail so for no other reason.
    ///
    /// # Errors
    ///
    /// The operation's; or that the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: an operation that does not block ends it at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write};
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
    /// peer.write_all(b"hello")?;
    /// let mut bytes = [0; 8];
    /// let read = |mut socket: &UnixStream| socket.read(&mut bytes);
    /// let n = socket.async_io(Interest::READABLE, read).await?;
    /// assert_eq!(&bytes[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let operation = || f(self.get_ref());
        self.registration.async_io(interest, operation).await
    }

    /// As [`async_io`](Self::async_io), with mutable access.
    ///
    /// # Errors
    ///
    /// As [`async_io`](Self::async_io).
    ///
    /// # Cancel safety
    ///
    /// As there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::os::unix::net::UnixStream;
    /// use std::io::{Read, Write};
    /// use fastwake::io::Interest;
    /// use fastwake::io::unix::AsyncFd;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (mut peer, socket) = UnixStream::pair()?;
    /// # socket.set_nonblocking(true)?;
    /// # // SAFETY: a stream owns its descriptor, and the same one as long as the stream lives.
    /// # let mut socket = unsafe { AsyncFd::register(socket)? };
    /// peer.write_all(b"hello")?;
    /// let mut bytes = [0; 8];
    /// let n = socket.async_io_mut(Interest::READABLE, |socket| socket.read(&mut bytes)).await?;
    /// assert_eq!(&bytes[..n], b"hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let inner = self.inner.as_mut().expect("it is there until the end");
        let operation = || f(inner);
        self.registration.async_io(interest, operation).await
    }

    /// Runs an operation, unless the file descriptor is known not to be ready. If the operation fails
    /// with `WouldBlock`, it counts as not ready from then on.
    ///
    /// # Errors
    ///
    /// The operation's; `WouldBlock` if it has not been run.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{ErrorKind, Write};
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
    /// socket.writable().await?.retain_ready();
    /// // Nobody reads: at some point there is no room.
    /// let error = loop {
    ///     let write = |mut socket: &UnixStream| socket.write(&[0; 4096]);
    ///     if let Err(error) = socket.try_io(Interest::WRITABLE, write) {
    ///         break error;
    ///     }
    /// };
    /// assert_eq!(error.kind(), ErrorKind::WouldBlock);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.try_io(interest, || f(self.get_ref()))
    }

    /// As [`try_io`](Self::try_io), with mutable access.
    ///
    /// # Errors
    ///
    /// As [`try_io`](Self::try_io).
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
    /// socket.writable().await?.retain_ready();
    /// let n = socket.try_io_mut(Interest::WRITABLE, |socket| socket.write(b"hello"))?;
    /// assert_eq!(n, 5);
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let inner = self.inner.as_mut().expect("it is there until the end");
        self.registration.try_io(interest, || f(inner))
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

impl<T: AsRawFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: who registered it has promised that it stays open as long as this lives. (Who used
        // one of the deprecated functions has not; that is what they are deprecated for.)
        unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
    }
}

impl<T: AsRawFd> Drop for AsyncFd<T> {
    fn drop(&mut self) {
        drop(self.take_inner());
    }
}

impl<T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd")
            .field("inner", self.get_ref())
            .finish()
    }
}
