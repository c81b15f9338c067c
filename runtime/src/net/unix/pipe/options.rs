#![forbid(unsafe_code)]
//! Opening pipes that have a name.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use super::{Receiver, Sender, no_pipe};

/// How to open a pipe that has a name (a FIFO).
///
/// # Examples
///
/// A receiver that does not come to its end when the last sender closes, because it is one itself:
///
/// ```no_run
/// use fastwake::net::unix::pipe;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # #[cfg(target_os = "linux")] {
/// let receiver = pipe::OpenOptions::new()
///     .read_write(true)
///     .open_receiver("/run/commands")?;
/// # drop(receiver);
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    read_write: bool,
    unchecked: bool,
}

impl OpenOptions {
    /// For reading or writing only, and with a check that it is a pipe.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::{AsyncReadExt, AsyncWriteExt};
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// let mut sender = pipe::OpenOptions::new().open_sender(&path)?;
    /// sender.write_all(b"stop").await?;
    ///
    /// let mut command = [0; 4];
    /// receiver.read_exact(&mut command).await?;
    /// assert_eq!(&command, b"stop");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the pipe for both directions, whichever is used then: opening succeeds at once, without
    /// anybody at the other end, and the other end never closes.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// // Nobody receives yet.
    /// assert!(pipe::OpenOptions::new().open_sender(&path).is_err());
    /// let sender = pipe::OpenOptions::new().read_write(true).open_sender(&path)?;
    /// sender.writable().await?;
    /// assert_eq!(sender.try_write(b"stop")?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(any(target_os = "linux", target_os = "android"))))]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Skips the check that the file is a pipe: the caller knows. What is none may block, or fail to
    /// be registered.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// // It has been made by `mkfifo` just now.
    /// let receiver = pipe::OpenOptions::new().unchecked(true).open_receiver(&path)?;
    /// # drop(receiver);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unchecked(&mut self, value: bool) -> &mut Self {
        self.unchecked = value;
        self
    }

    /// Opens the end to read from.
    ///
    /// # Errors
    ///
    /// The system's; `InvalidInput` if it is not a pipe.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::io::AsyncReadExt;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// // Opening does not wait for a sender.
    /// let mut receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// let echo = "echo stop > \"$0\"";
    /// let mut shell = std::process::Command::new("sh").args(["-c", echo]).arg(&path).spawn()?;
    ///
    /// let mut command = [0; 5];
    /// receiver.read_exact(&mut command).await?;
    /// assert_eq!(&command, b"stop\n");
    /// shell.wait()?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        let file = self.open(path.as_ref(), std::fs::OpenOptions::new().read(true))?;
        Receiver::from_file_unchecked(file)
    }

    /// Opens the end to write to.
    ///
    /// # Errors
    ///
    /// The system's: `ENXIO` if nobody has the other end open. `InvalidInput` if it is not a pipe.
    ///
    /// # Panics
    ///
    /// Outside a runtime, and in one without I/O.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::net::unix::pipe;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("commands");
    /// # std::process::Command::new("mkfifo").arg(&path).status()?;
    /// let error = pipe::OpenOptions::new().open_sender(&path).unwrap_err();
    /// assert_eq!(error.raw_os_error(), Some(libc::ENXIO));
    ///
    /// let receiver = pipe::OpenOptions::new().open_receiver(&path)?;
    /// let sender = pipe::OpenOptions::new().open_sender(&path)?;
    /// # drop((receiver, sender));
    ///
    /// let error = pipe::OpenOptions::new().open_sender("/dev/null").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        let file = self.open(path.as_ref(), std::fs::OpenOptions::new().write(true))?;
        Sender::from_file_unchecked(file)
    }

    fn open(&self, path: &Path, options: &mut std::fs::OpenOptions) -> io::Result<File> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.read_write {
            options.read(true).write(true);
        }
        let file = options.custom_flags(libc::O_NONBLOCK).open(path)?;
        if self.unchecked || file.metadata()?.file_type().is_fifo() {
            Ok(file)
        } else {
            Err(no_pipe())
        }
    }
}
