#![forbid(unsafe_code)]
//! A process that has been started.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::process::{self, ExitStatus, Output};
use std::task::Poll;

use tokio::io::AsyncReadExt;

use crate::io::AsyncRead;

use super::exit::Running;
use super::stdio::{ChildStderr, ChildStdin, ChildStdout};

/// A process that has been started; from [`Command::spawn`](super::Command::spawn).
///
/// Dropping it lets the process go on; see [the module](super) for what that means.
///
/// # Examples
///
/// ```
/// use std::process::Stdio;
/// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
/// use fastwake::process::Command;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut command = Command::new("cat");
/// let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
///
/// let mut stdin = child.stdin.take().unwrap();
/// stdin.write_all(b"hello").await?;
/// drop(stdin);
///
/// let mut text = String::new();
/// child.stdout.take().unwrap().read_to_string(&mut text).await?;
/// assert_eq!(text, "hello");
/// assert!(child.wait().await?.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Child {
    state: State,
    /// What the process reads from, if it is a [pipe](std::process::Stdio::piped). It is closed by
    /// [`wait`](Self::wait), so that a process which reads to the end does end; take it to keep it
    /// open.
    pub stdin: Option<ChildStdin>,
    /// What the process writes to, if it is a [pipe](std::process::Stdio::piped).
    pub stdout: Option<ChildStdout>,
    /// What the process writes its errors to, if it is a [pipe](std::process::Stdio::piped).
    pub stderr: Option<ChildStderr>,
}

#[derive(Debug)]
enum State {
    Running(Running),
    Ended(ExitStatus),
}

impl Child {
    pub(super) fn new(mut child: process::Child, kill_on_drop: bool) -> io::Result<Self> {
        let stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        // First of all: it sees to the process if one of the others cannot be had.
        let running = Running::new(child, kill_on_drop)?;
        Ok(Self {
            state: State::Running(running),
            stdin: stdin.map(ChildStdin::from_std).transpose()?,
            stdout: stdout.map(ChildStdout::from_std).transpose()?,
            stderr: stderr.map(ChildStderr::from_std).transpose()?,
        })
    }

    /// The number of the process; `None` once its status has been collected, since the system may
    /// have given the number to another one.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("true").spawn()?;
    /// assert!(child.id().is_some());
    /// child.wait().await?;
    /// assert_eq!(child.id(), None);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        match &self.state {
            State::Running(running) => Some(running.id()),
            State::Ended(_) => None,
        }
    }

    /// Kills the process (`SIGKILL`), and does not wait for its end. To be followed by
    /// [`wait`](Self::wait), or it may stay behind as a zombie for a while.
    ///
    /// # Errors
    ///
    /// The system's. Not that the process has ended already.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::process::ExitStatusExt;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// // All are killed before any is waited for.
    /// let mut children = Vec::new();
    /// for _ in 0..3 {
    ///     children.push(Command::new("sleep").arg("60").spawn()?);
    /// }
    /// for child in &mut children {
    ///     child.start_kill()?;
    /// }
    /// for mut child in children {
    ///     assert_eq!(child.wait().await?.signal(), Some(libc::SIGKILL));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_kill(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Running(running) => running.kill(),
            State::Ended(_) => Ok(()),
        }
    }

    /// Kills the process (`SIGKILL`), and waits for its end.
    ///
    /// # Errors
    ///
    /// As [`start_kill`](Self::start_kill) and [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// The process is killed by the first poll; then as [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = fastwake::process::Command::new("sleep").arg("60").spawn()?;
    /// child.kill().await?;
    /// assert!(!child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn kill(&mut self) -> io::Result<()> {
        self.start_kill()?;
        self.wait().await.map(drop)
    }

    /// Closes [`stdin`](Self::stdin), and waits until the process has ended.
    ///
    /// May be called again, and gives the same status then. A process that writes to pipes which
    /// nobody reads may not end: [`wait_with_output`](Self::wait_with_output) reads them.
    ///
    /// # Errors
    ///
    /// The system's: somebody else in this process has collected the status, for instance. Or that
    /// the runtime has been shut down.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing but the open `stdin`: call it again.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("sh").args(["-c", "exit 3"]).spawn()?;
    /// assert_eq!(child.wait().await?.code(), Some(3));
    /// assert_eq!(child.wait().await?.code(), Some(3));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        let running = match &mut self.state {
            State::Ended(status) => return Ok(*status),
            State::Running(running) => running,
        };
        let status = poll_fn(|context| running.poll_wait(context)).await?;
        self.state = State::Ended(status);
        Ok(status)
    }

    /// Has the process ended? Does not wait, and leaves `stdin` open.
    ///
    /// # Errors
    ///
    /// The system's: somebody else in this process has collected the status, for instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("true").spawn()?;
    /// while child.try_wait()?.is_none() {
    ///     fastwake::time::sleep(Duration::from_millis(1)).await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let running = match &mut self.state {
            State::Ended(status) => return Ok(Some(*status)),
            State::Running(running) => running,
        };
        let status = running.try_wait()?;
        if let Some(status) = status {
            self.state = State::Ended(status);
        }
        Ok(status)
    }

    /// Closes [`stdin`](Self::stdin), reads what the process writes to its pipes, and waits until it
    /// has ended and they have been closed.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), and of reading.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the child, and what has been read.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = child.wait_with_output().await?;
    /// assert_eq!(output.stdout, b"hello\n");
    /// assert!(output.stderr.is_empty(), "it was not a pipe");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        // The pipes stay open until the process has ended: it may still write.
        let mut stdout_pipe = self.stdout.take();
        let mut stderr_pipe = self.stderr.take();
        let stdout = pin!(read_all(&mut stdout_pipe));
        let stderr = pin!(read_all(&mut stderr_pipe));
        let wait = pin!(self.wait());
        let (status, stdout, stderr) = all(wait, stdout, stderr).await?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }
}

async fn read_all(pipe: &mut Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// The results of all three, or the first error.
async fn all<A, B, C>(
    mut first: Pin<&mut impl Future<Output = io::Result<A>>>,
    mut second: Pin<&mut impl Future<Output = io::Result<B>>>,
    mut third: Pin<&mut impl Future<Output = io::Result<C>>>,
) -> io::Result<(A, B, C)> {
    let (mut a, mut b, mut c) = (None, None, None);
    poll_fn(move |context| {
        if a.is_none()
            && let Poll::Ready(result) = first.as_mut().poll(context)
        {
            a = Some(result?);
        }
        if b.is_none()
            && let Poll::Ready(result) = second.as_mut().poll(context)
        {
            b = Some(result?);
        }
        if c.is_none()
            && let Poll::Ready(result) = third.as_mut().poll(context)
        {
            c = Some(result?);
        }
        match (a.take(), b.take(), c.take()) {
            (Some(a), Some(b), Some(c)) => Poll::Ready(Ok((a, b, c))),
            partly => {
                (a, b, c) = partly;
                Poll::Pending
            }
        }
    })
    .await
}
