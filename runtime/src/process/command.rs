//! How to start a process.

use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, ExitStatus, Output, Stdio};

use crate::runtime::Handle;

use super::child::Child;

/// How to start a process: [`std::process::Command`], for a runtime.
///
/// What is not said is as there: the process gets this one's environment, directory and standard
/// streams; with [`output`](Self::output) the latter are pipes.
///
/// # Examples
///
/// ```
/// use fastwake::process::Command;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let status = Command::new("sh").arg("-c").arg("exit 3").status().await?;
/// assert_eq!(status.code(), Some(3));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Command {
    std: process::Command,
    kill_on_drop: bool,
}

/// What to start.
impl Command {
    /// Starts `program`, which is looked for in `PATH` if it is not a path.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut program = Command::new("true");
    /// assert!(program.status().await?.success());
    ///
    /// let mut missing = Command::new("/no/such/program");
    /// assert_eq!(missing.status().await.unwrap_err().kind(), ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new<S: AsRef<OsStr>>(program: S) -> Self {
        Self::from(process::Command::new(program))
    }

    /// The standard library's command in it, to ask what has been set.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// let mut command = Command::new("echo");
    /// command.args(["hello", "world"]);
    /// let std = command.as_std();
    /// assert_eq!(std.get_program(), "echo");
    /// assert_eq!(std.get_args().collect::<Vec<_>>(), ["hello", "world"]);
    /// ```
    #[must_use]
    pub fn as_std(&self) -> &process::Command {
        &self.std
    }

    /// The standard library's command in it, to set what this one has no method for.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process;
    /// use fastwake::process::Command;
    ///
    /// /// From a library that does not know of the runtime.
    /// fn in_english(command: &mut process::Command) {
    ///     command.env("LC_ALL", "C");
    /// }
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// in_english(command.args(["-c", "echo $LC_ALL"]).as_std_mut());
    /// assert_eq!(command.output().await?.stdout, b"C\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_std_mut(&mut self) -> &mut process::Command {
        &mut self.std
    }

    /// The standard library's command. What [`kill_on_drop`](Self::kill_on_drop) has said is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// let mut command = Command::new("echo");
    /// command.arg("hello");
    /// // Where there is no runtime.
    /// let mut command: std::process::Command = command.into_std();
    /// assert_eq!(command.output()?.stdout, b"hello\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn into_std(self) -> process::Command {
        self.std
    }

    /// One more argument.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("echo");
    /// // No shell comes between: it is one argument, whatever is in it.
    /// command.arg("$HOME and *");
    /// assert_eq!(command.output().await?.stdout, b"$HOME and *\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Self {
        self.std.arg(arg);
        self
    }

    /// More arguments.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let words = ["one", "two", "three"];
    /// let output = Command::new("echo").args(words).output().await?;
    /// assert_eq!(output.stdout, b"one two three\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn args<I, S>(&mut self, args: I) -> &mut Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.std.args(args);
        self
    }

    /// Sets a variable of the environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo $GREETING"]).env("GREETING", "hello");
    /// assert_eq!(command.output().await?.stdout, b"hello\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn env<K, V>(&mut self, key: K, val: V) -> &mut Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.env(key, val);
        self
    }

    /// Sets variables of the environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo $GREETING, $NAME"]).envs([("GREETING", "hello"), ("NAME", "world")]);
    /// assert_eq!(command.output().await?.stdout, b"hello, world\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn envs<I, K, V>(&mut self, vars: I) -> &mut Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.std.envs(vars);
        self
    }

    /// Takes a variable out of the environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "echo ${HOME-nowhere}"]).env_remove("HOME");
    /// assert_eq!(command.output().await?.stdout, b"nowhere\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Self {
        self.std.env_remove(key);
        self
    }

    /// Starts with an empty environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("env");
    /// command.env_clear().env("LANG", "C");
    /// assert_eq!(command.output().await?.stdout, b"LANG=C\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn env_clear(&mut self) -> &mut Self {
        self.std.env_clear();
        self
    }

    /// The directory that the process starts in.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let output = Command::new("pwd").current_dir("/").output().await?;
    /// assert_eq!(output.stdout, b"/\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn current_dir<P: AsRef<Path>>(&mut self, dir: P) -> &mut Self {
        self.std.current_dir(dir);
        self
    }

    /// What it reads from. Inherited if not said.
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
    /// let mut command = Command::new("wc");
    /// let mut child = command.arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    ///
    /// let mut stdin = child.stdin.take().expect("it is a pipe");
    /// stdin.write_all(b"twelve bytes").await?;
    /// // The program reads to the end of it.
    /// drop(stdin);
    /// let output = child.wait_with_output().await?;
    /// assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "12");
    /// # Ok(())
    /// # }
    /// ```
    pub fn stdin<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Self {
        self.std.stdin(cfg);
        self
    }

    /// What it writes to. Inherited if not said; a pipe with [`output`](Self::output).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use fastwake::io::{AsyncBufReadExt, BufReader};
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// let mut child = command.args(["-c", "echo one; echo two"]).stdout(Stdio::piped()).spawn()?;
    ///
    /// let stdout = child.stdout.take().expect("it is a pipe");
    /// let mut lines = BufReader::new(stdout).lines();
    /// while let Some(line) = lines.next_line().await? {
    ///     println!("the program says {line}");
    /// }
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn stdout<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Self {
        self.std.stdout(cfg);
        self
    }

    /// What it writes its errors to. Inherited if not said; a pipe with [`output`](Self::output).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::process::Stdio;
    /// use fastwake::io::AsyncReadExt;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// let mut child = command.args(["-c", "echo no >&2"]).stderr(Stdio::piped()).spawn()?;
    ///
    /// let mut errors = String::new();
    /// child.stderr.take().expect("it is a pipe").read_to_string(&mut errors).await?;
    /// assert_eq!(errors, "no\n");
    /// # child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stderr<T: Into<Stdio>>(&mut self, cfg: T) -> &mut Self {
        self.std.stderr(cfg);
        self
    }

    /// Kills the process when its [`Child`] is dropped, and the futures of [`status`](Self::status)
    /// and [`output`](Self::output) count as such; it goes on if not said.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() {
    /// let mut command = Command::new("sleep");
    /// let sleeping = command.arg("60").kill_on_drop(true).status();
    /// let in_time = fastwake::time::timeout(Duration::from_millis(10), sleeping).await;
    /// assert!(in_time.is_err(), "and the process does not go on");
    /// # }
    /// ```
    pub fn kill_on_drop(&mut self, kill_on_drop: bool) -> &mut Self {
        self.kill_on_drop = kill_on_drop;
        self
    }

    /// What [`kill_on_drop`](Self::kill_on_drop) has said.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// let mut command = Command::new("sleep");
    /// assert!(!command.get_kill_on_drop());
    /// command.kill_on_drop(true);
    /// assert!(command.get_kill_on_drop());
    /// ```
    #[must_use]
    pub fn get_kill_on_drop(&self) -> bool {
        self.kill_on_drop
    }

    /// The user that the process runs as.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// // Only root may do that. The other groups of root are given up, too.
    /// let output = Command::new("id").uid(1_000).gid(1_000).output().await?;
    /// println!("{}", String::from_utf8_lossy(&output.stdout));
    /// # Ok(())
    /// # }
    /// ```
    pub fn uid(&mut self, id: u32) -> &mut Self {
        self.std.uid(id);
        self
    }

    /// The group that the process runs as.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// // One that the user does not belong to is for root only, and an error of `spawn` otherwise.
    /// let output = Command::new("id").arg("-g").gid(1_000).output().await?;
    /// assert_eq!(output.stdout, b"1000\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn gid(&mut self, id: u32) -> &mut Self {
        self.std.gid(id);
        self
    }

    /// The name that the process is told it has, instead of the program's.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut command = Command::new("sh");
    /// command.arg0("greeter").args(["-c", "echo I am $0"]);
    /// assert_eq!(command.output().await?.stdout, b"I am greeter\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn arg0<S>(&mut self, arg: S) -> &mut Self
    where
        S: AsRef<OsStr>,
    {
        self.std.arg0(arg);
        self
    }

    /// Runs a closure in the new process, before the program. If it fails, the process ends, and
    /// [`spawn`](Self::spawn) returns the error. Closures run in the order in which they were said.
    ///
    /// # Safety
    ///
    /// The new process is a copy of this one with one thread only: locks may be held for ever,
    /// that of the memory allocator among them. The closure may do what a signal handler may do, and
    /// is to leave the runtime and its file descriptors alone.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> io::Result<()> {
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "umask"]);
    /// // SAFETY: `umask` is a system call, which a signal handler may make.
    /// unsafe {
    ///     command.pre_exec(|| {
    ///         libc::umask(0o077);
    ///         Ok(())
    ///     });
    /// }
    /// let output = command.output().await?;
    /// assert!(output.stdout.ends_with(b"077\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub unsafe fn pre_exec<F>(&mut self, f: F) -> &mut Self
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller promises what is asked for.
        unsafe { self.std.pre_exec(f) };
        self
    }

    /// The process group that the process belongs to; 0 for one of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// // Ctrl-C in the terminal goes to another group than this one.
    /// let mut command = Command::new("sh");
    /// command.args(["-c", "kill -0 -$$"]).process_group(0);
    /// assert!(command.status().await?.success(), "there is a group of the process's number");
    /// # Ok(())
    /// # }
    /// ```
    pub fn process_group(&mut self, pgroup: i32) -> &mut Self {
        self.std.process_group(pgroup);
        self
    }
}

/// Starting it.
impl Command {
    /// Starts the process. May be called again, to start another one.
    ///
    /// # Errors
    ///
    /// The system's: `NotFound` if there is no such program, for instance. If the process runs but no
    /// file descriptor is left to watch it with, that is an error, too, and the process is treated as
    /// one whose [`Child`] has been dropped.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut child = Command::new("true").spawn()?;
    /// println!("process {}", child.id().expect("it has not been waited for"));
    /// assert!(child.wait().await?.success());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        // Before there is a process: nothing could watch it.
        assert!(
            Handle::current().has_io(),
            "the current runtime cannot watch processes, since it has been built without I/O: call \
             `enable_io` or `enable_all` on its builder"
        );
        super::orphans::look_after();
        Child::new(self.std.spawn()?, self.kill_on_drop)
    }

    /// Starts the process at once, and gives a future that waits until it has ended. Pipes to it are
    /// closed.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn) and [`Child::wait`].
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the [`Child`]; see [`kill_on_drop`](Self::kill_on_drop).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let status = Command::new("sh").args(["-c", "exit 3"]).status().await?;
    /// assert_eq!(status.code(), Some(3));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let child = self.spawn();
        async {
            let mut child = child?;
            drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
            child.wait().await
        }
    }

    /// Starts the process at once, with pipes for what it writes, and gives a future that waits until
    /// it has ended and has all that it wrote. It reads from what this process reads from, if
    /// [`stdin`](Self::stdin) does not say otherwise.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn) and [`Child::wait_with_output`].
    ///
    /// # Panics
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the [`Child`]; see [`kill_on_drop`](Self::kill_on_drop).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::process::Command;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let output = Command::new("sh").args(["-c", "echo no >&2; exit 1"]).output().await?;
    /// assert!(!output.status.success());
    /// assert_eq!(output.stderr, b"no\n");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        self.std.stdout(Stdio::piped());
        self.std.stderr(Stdio::piped());
        let child = self.spawn();
        async { child?.wait_with_output().await }
    }
}

impl From<process::Command> for Command {
    fn from(std: process::Command) -> Self {
        Self {
            std,
            kill_on_drop: false,
        }
    }
}
