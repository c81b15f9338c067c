#![forbid(unsafe_code)]
//! The pipes to a process.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::{self, Stdio};
use std::task::{Context, Poll};

use crate::io::{AsyncRead, AsyncWrite, Interest, PollEvented, ReadBuf};
use crate::net::unix::pipe::flags::set_nonblocking;

/// What a process reads from: the end of a pipe that is written to. Dropping it closes it, and the
/// process finds the end then; `shutdown` does not.
///
/// # Examples
///
/// ```
/// use std::process::Stdio;
/// use fastwake::io::AsyncWriteExt;
/// use fastwake::process::Command;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut command = Command::new("sort");
/// let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
///
/// let mut stdin = child.stdin.take().expect("it is a pipe");
/// stdin.write_all(b"pear\napple\n").await?;
/// drop(stdin);
/// assert_eq!(child.wait_with_output().await?.stdout, b"apple\npear\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStdin {
    io: PollEvented<mio::unix::pipe::Sender>,
}

/// What a process writes to: the end of a pipe that is read from.
///
/// # Examples
///
/// ```
/// use std::process::Stdio;
/// use fastwake::io::AsyncReadExt;
/// use fastwake::process::{ChildStdout, Command};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
/// let mut stdout: ChildStdout = child.stdout.take().expect("it is a pipe");
/// let mut text = String::new();
/// stdout.read_to_string(&mut text).await?;
/// assert_eq!(text, "hello\n");
/// # child.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStdout {
    io: PollEvented<mio::unix::pipe::Receiver>,
}

/// What a process writes its errors to: the end of a pipe that is read from.
///
/// # Examples
///
/// ```
/// use std::process::Stdio;
/// use fastwake::io::{AsyncBufReadExt, BufReader};
/// use fastwake::process::{ChildStderr, Command};
///
/// /// Tells what a program complains about, and how often it did.
/// async fn report(errors: ChildStderr) -> std::io::Result<usize> {
///     let mut lines = BufReader::new(errors).lines();
///     let mut complaints = 0;
///     while let Some(line) = lines.next_line().await? {
///         println!("the program complains: {line}");
///         complaints += 1;
///     }
///     Ok(complaints)
/// }
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut command = Command::new("sh");
/// let mut child = command.args(["-c", "echo a >&2; echo b >&2"]).stderr(Stdio::piped()).spawn()?;
/// assert_eq!(report(child.stderr.take().expect("it is a pipe")).await?, 2);
/// # child.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStderr {
    io: PollEvented<mio::unix::pipe::Receiver>,
}

macro_rules! pipe_end {
    (
        $type:ident, $interest:expr;
        $(#[$from_std_example:meta])*
        from_std;
        $(#[$into_owned_fd_example:meta])*
        into_owned_fd;
    ) => {
        impl $type {
            /// Takes over the standard library's, and puts it in non-blocking mode.
            ///
            /// # Errors
            ///
            /// The system's; or that the runtime has been shut down.
            ///
            /// # Panics
            ///
            /// Outside a runtime, and in one without I/O.
            ///
            $(#[$from_std_example])*
            #[track_caller]
            pub fn from_std(inner: process::$type) -> io::Result<Self> {
                set_nonblocking(&inner, true)?;
                let io = PollEvented::with_interest(inner.into(), $interest)?;
                Ok(Self { io })
            }

            /// Gives the file descriptor, in blocking mode.
            ///
            /// # Errors
            ///
            /// The system's.
            ///
            $(#[$into_owned_fd_example])*
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                let fd = self.io.into_inner()?.into();
                set_nonblocking(&fd, false)?;
                Ok(fd)
            }
        }

        impl TryFrom<$type> for Stdio {
            type Error = io::Error;

            /// For another process, to use as one of its streams.
            fn try_from(pipe: $type) -> io::Result<Self> {
                pipe.into_owned_fd().map(Self::from)
            }
        }

        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.io.as_fd()
            }
        }

        impl AsRawFd for $type {
            fn as_raw_fd(&self) -> RawFd {
                self.io.as_raw_fd()
            }
        }
    };
}

pipe_end! {
    ChildStdin, Interest::WRITABLE;
    /// # Examples
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    /// use fastwake::io::AsyncWriteExt;
    /// use fastwake::process::ChildStdin;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sort");
    /// let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let mut stdin = ChildStdin::from_std(child.stdin.take().expect("it is a pipe"))?;
    /// stdin.write_all(b"pear\napple\n").await?;
    /// drop(stdin);
    /// # assert_eq!(child.wait_with_output()?.stdout, b"apple\npear\n");
    /// # Ok(())
    /// # }
    /// ```
    from_std;
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut sort = Command::new("sort");
    /// let mut sort = sort.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// // What another process writes to.
    /// let end = sort.stdin.take().expect("it is a pipe").into_owned_fd()?;
    /// let status = Command::new("printf").arg("pear\\napple\\n").stdout(end).status().await?;
    /// assert!(status.success());
    /// assert_eq!(sort.wait_with_output().await?.stdout, b"apple\npear\n");
    /// # Ok(())
    /// # }
    /// ```
    into_owned_fd;
}

pipe_end! {
    ChildStdout, Interest::READABLE;
    /// # Examples
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    /// use fastwake::io::AsyncReadExt;
    /// use fastwake::process::ChildStdout;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let mut stdout = ChildStdout::from_std(child.stdout.take().expect("it is a pipe"))?;
    /// let mut text = String::new();
    /// stdout.read_to_string(&mut text).await?;
    /// assert_eq!(text, "hello\n");
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    from_std;
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut echo = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// // What another process reads from.
    /// let end = echo.stdout.take().expect("it is a pipe").into_owned_fd()?;
    /// let output = Command::new("cat").stdin(end).output().await?;
    /// assert_eq!(output.stdout, b"hello\n");
    /// # echo.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    into_owned_fd;
}

pipe_end! {
    ChildStderr, Interest::READABLE;
    /// # Examples
    ///
    /// ```
    /// use std::process::{Command, Stdio};
    /// use fastwake::io::AsyncReadExt;
    /// use fastwake::process::ChildStderr;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// let mut child = command.args(["-c", "echo no >&2"]).stderr(Stdio::piped()).spawn()?;
    /// let mut stderr = ChildStderr::from_std(child.stderr.take().expect("it is a pipe"))?;
    /// let mut errors = String::new();
    /// stderr.read_to_string(&mut errors).await?;
    /// assert_eq!(errors, "no\n");
    /// # child.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    from_std;
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// let mut child = command.args(["-c", "echo no >&2"]).stderr(Stdio::piped()).spawn()?;
    /// // What another process reads from.
    /// let end = child.stderr.take().expect("it is a pipe").into_owned_fd()?;
    /// let output = Command::new("cat").stdin(end).output().await?;
    /// assert_eq!(output.stdout, b"no\n");
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    into_owned_fd;
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(context, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: a pipe is closed by dropping it.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(feature = "futures-io")]
crate::io::futures_writer!(ChildStdin);

macro_rules! reads {
    ($type:ty) => {
        impl AsyncRead for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.io.poll_read(context, buf)
            }
        }

        #[cfg(feature = "futures-io")]
        crate::io::futures_reader!($type, |pipe| &pipe.io);
    };
}

reads!(ChildStdout);
reads!(ChildStderr);
