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
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens the pipe for both directions, whichever is used then: opening succeeds at once, without
    /// anybody at the other end, and the other end never closes.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(any(target_os = "linux", target_os = "android"))))]
    pub fn read_write(&mut self, value: bool) -> &mut Self {
        self.read_write = value;
        self
    }

    /// Skips the check that the file is a pipe: the caller knows. What is none may block, or fail to
    /// be registered.
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
