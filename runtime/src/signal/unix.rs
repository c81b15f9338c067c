#![forbid(unsafe_code)]
//! The signals of Unix systems.

use std::ffi::c_int;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use crate::coop::poll_proceed;
use crate::runtime::Handle;

use super::post::{listen_in_current_runtime, open};
use super::room::Listener;

/// Which signal.
///
/// # Examples
///
/// ```
/// use fastwake::signal::unix::SignalKind;
///
/// assert_eq!(SignalKind::from_raw(SignalKind::hangup().as_raw_value()), SignalKind::hangup());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignalKind(c_int);

impl SignalKind {
    /// The signal of this number; on Linux, real-time signals too.
    ///
    /// Whether there is such a signal, and a handler can be installed for it, turns out in
    /// [`signal`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// assert_eq!(SignalKind::from_raw(libc::SIGTERM), SignalKind::terminate());
    /// // Such a signal there is, but nobody is let handle it.
    /// assert!(signal(SignalKind::from_raw(libc::SIGKILL)).is_err());
    /// # }
    /// ```
    #[must_use]
    pub const fn from_raw(signum: c_int) -> Self {
        Self(signum)
    }

    /// The number.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::process::ExitStatusExt;
    /// use std::process::Command;
    /// use fastwake::signal::unix::SignalKind;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let status = Command::new("sh").args(["-c", "kill -TERM $$"]).status()?;
    /// assert_eq!(status.signal(), Some(SignalKind::terminate().as_raw_value()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn as_raw_value(&self) -> c_int {
        self.0
    }

    /// `SIGALRM`: a timer of the process has expired. Ends the process if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut alarms = signal(SignalKind::alarm())?;
    /// // Some library has set the timer.
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGALRM) };
    /// alarms.recv().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn alarm() -> Self {
        Self(libc::SIGALRM)
    }

    /// `SIGCHLD`: a child process has changed its state. Does nothing if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Command;
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut changes = signal(SignalKind::child())?;
    /// let mut child = Command::new("true").spawn()?;
    /// changes.recv().await;
    /// // That it was this one is not said.
    /// assert!(child.wait()?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn child() -> Self {
        Self(libc::SIGCHLD)
    }

    /// `SIGHUP`: the terminal is gone. Ends the process if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut hangups = signal(SignalKind::hangup())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGHUP) };
    /// hangups.recv().await;
    /// // A daemon has no terminal: to those it is a request.
    /// println!("reading the configuration again");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn hangup() -> Self {
        Self(libc::SIGHUP)
    }

    /// `SIGINFO`: somebody asks how things are. Does nothing if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut questions = signal(SignalKind::info())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGINFO) };
    /// questions.recv().await;
    /// println!("half of it is done");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "openbsd",
    ))]
    #[must_use]
    pub const fn info() -> Self {
        Self(libc::SIGINFO)
    }

    /// `SIGINT`: the process is to stop, says the keyboard. Ends the process if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut interrupts = signal(SignalKind::interrupt())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGINT) };
    /// interrupts.recv().await;
    /// println!("finishing what has begun; Ctrl-C once more to stop at once");
    /// # // SAFETY: as above.
    /// # unsafe { libc::raise(libc::SIGINT) };
    /// interrupts.recv().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn interrupt() -> Self {
        Self(libc::SIGINT)
    }

    /// `SIGIO`: a file is ready. Ends the process on some systems, Linux among them, if nobody
    /// listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut ready = signal(SignalKind::io())?;
    /// // A file with `O_ASYNC` has something to read.
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGIO) };
    /// ready.recv().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn io() -> Self {
        Self(libc::SIGIO)
    }

    /// `SIGPIPE`: something was written that nobody will read. Rust programs ignore it from the
    /// start.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut broken = signal(SignalKind::pipe())?;
    /// let (reader, mut writer) = std::io::pipe()?;
    /// drop(reader);
    /// assert!(writer.write_all(b"hello").is_err());
    /// broken.recv().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn pipe() -> Self {
        Self(libc::SIGPIPE)
    }

    /// `SIGQUIT`: the process is to quit and leave a core dump, says the keyboard, and it does if
    /// nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut quits = signal(SignalKind::quit())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGQUIT) };
    /// quits.recv().await;
    /// println!("this is what I was about: …");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn quit() -> Self {
        Self(libc::SIGQUIT)
    }

    /// `SIGTERM`: the process is to end, and does if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut terminate = signal(SignalKind::terminate())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGTERM) };
    /// terminate.recv().await;
    /// println!("going down, as the service manager wants it");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn terminate() -> Self {
        Self(libc::SIGTERM)
    }

    /// `SIGUSR1`: free for programs to use. Ends the process if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut requests = signal(SignalKind::user_defined1())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGUSR1) };
    /// requests.recv().await;
    /// println!("opening the log anew: the old one has been moved away");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn user_defined1() -> Self {
        Self(libc::SIGUSR1)
    }

    /// `SIGUSR2`: free for programs to use. Ends the process if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut verbose = false;
    /// let mut toggles = signal(SignalKind::user_defined2())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGUSR2) };
    /// toggles.recv().await;
    /// verbose = !verbose;
    /// # assert!(verbose);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn user_defined2() -> Self {
        Self(libc::SIGUSR2)
    }

    /// `SIGWINCH`: the terminal has another size. Does nothing if nobody listens.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut changes = signal(SignalKind::window_change())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGWINCH) };
    /// changes.recv().await;
    /// println!("drawing anew");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn window_change() -> Self {
        Self(libc::SIGWINCH)
    }
}

impl From<c_int> for SignalKind {
    fn from(signum: c_int) -> Self {
        Self::from_raw(signum)
    }
}

impl From<SignalKind> for c_int {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}

/// Listens for one signal; from [`signal`].
///
/// Any number may listen for the same signal, in any runtimes of the process, and all hear it. Those
/// that come before the listener has got to the last one count once: signals say that something has
/// happened, not how often.
///
/// Any runtime with a listener in it delivers for all. While none runs, signals are kept, and
/// delivered when one does.
///
/// # Examples
///
/// ```
/// use fastwake::signal::unix::{SignalKind, signal};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut one = signal(SignalKind::user_defined1())?;
/// let mut other = signal(SignalKind::user_defined1())?;
/// # // SAFETY: the signal has a handler.
/// # unsafe { libc::raise(libc::SIGUSR1) };
/// // Both hear of it.
/// one.recv().await;
/// other.recv().await;
/// # Ok(())
/// # }
/// ```
#[must_use = "a signal is heard of only in `recv` and `poll_recv`"]
pub struct Signal {
    kind: SignalKind,
    listener: Listener,
}

/// Listens for a signal.
///
/// The first call for a signal installs a handler, which stays for as long as the process lives, after
/// the last listener has gone too: the signal never again does what it did before, such as ending the
/// process. Handlers that other libraries have installed are called as before.
///
/// # Errors
///
/// The system's; that the runtime has been shut down; or that there can be no handler for the signal:
/// `SIGKILL`, `SIGSTOP`, `SIGILL`, `SIGFPE`, `SIGSEGV`, and numbers that the system does not know.
///
/// # Panics
///
/// Outside a runtime, and in one without I/O.
///
/// # Examples
///
/// ```no_run
/// use fastwake::signal::unix::{SignalKind, signal};
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut hangups = signal(SignalKind::hangup())?;
/// while hangups.recv().await.is_some() {
///     println!("reading the configuration again");
/// }
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    let handle = Handle::current();
    assert!(
        handle.has_io(),
        "the current runtime cannot hear of signals, since it has been built without I/O: call \
         `enable_io` or `enable_all` on its builder"
    );
    let listener = Listener::new(kind.0)?;
    open(&handle)?;
    Ok(Signal { kind, listener })
}

impl Signal {
    /// Waits for the signal. Never `None`, which is there for the sake of `while let`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no signal.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut interrupt = signal(SignalKind::interrupt())?;
    /// let mut terminate = signal(SignalKind::terminate())?;
    /// fastwake::select! {
    ///     _ = interrupt.recv() => println!("Ctrl-C"),
    ///     _ = terminate.recv() => println!("SIGTERM"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Option<()> {
        poll_fn(|context| self.poll_recv(context)).await
    }

    /// As [`recv`](Self::recv), in a poll function: only the task of the last call is woken.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use fastwake::signal::unix::{SignalKind, signal};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut hangup = signal(SignalKind::hangup())?;
    /// let mut terminate = signal(SignalKind::terminate())?;
    /// # // SAFETY: the signal has a handler.
    /// # unsafe { libc::raise(libc::SIGTERM) };
    /// // Whichever comes first.
    /// poll_fn(|context| {
    ///     let hung_up = hangup.poll_recv(context);
    ///     if hung_up.is_ready() { hung_up } else { terminate.poll_recv(context) }
    /// })
    /// .await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<()>> {
        let unit = ready!(poll_proceed(context));
        listen_in_current_runtime();
        ready!(self.listener.poll_heard(context));
        unit.made_progress();
        Poll::Ready(Some(()))
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
