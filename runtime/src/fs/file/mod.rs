//! An open file.

mod stream;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fmt;
use std::fs::{File as StdFile, Metadata, Permissions};
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Mutex;

use super::{FileTimes, OpenOptions};
use crate::io::blocking::{Device, Operations, unblock};

/// An open file, with one position for reading and writing.
///
/// It is read and written through the methods of [`AsyncReadExt`], [`AsyncWriteExt`] and
/// [`AsyncSeekExt`]. One operation of a file runs at a time, on a thread of the blocking pool, and
/// transfers as much as is asked for, up to [`max_buf_size`](Self::max_buf_size).
///
/// **A write is done when it has been flushed.** `write` copies into a buffer, has it written in the
/// background and returns. If that fails, the error comes with the next write or with [`flush`],
/// which waits until everything has been written; so flush before the file is dropped. Without, it is
/// written as well, even if the runtime is shut down, but nobody learns when, and whether it failed.
/// [`sync_all`](Self::sync_all) makes it last through a power cut.
///
/// [`AsyncReadExt`]: crate::io::AsyncReadExt
/// [`AsyncSeekExt`]: crate::io::AsyncSeekExt
/// [`AsyncWriteExt`]: crate::io::AsyncWriteExt
/// [`flush`]: crate::io::AsyncWriteExt::flush
///
/// # Cancel safety
///
/// What a read got that was dropped before it was ready is there for the next one, and a write, a seek
/// or a change of size from there on begins where the reader is.
///
/// # Panics
///
/// Operations panic outside a runtime. Dropping a file never does.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use fastwake::fs::File;
/// use fastwake::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("file");
/// let mut file = File::create_new(&path).await?;
/// file.write_all(b"hello, world").await?;
/// file.flush().await?;
///
/// file.rewind().await?;
/// let mut word = [0; 5];
/// file.read_exact(&mut word).await?;
/// assert_eq!(&word, b"hello");
/// # Ok(())
/// # }
/// ```
pub struct File {
    device: Device<StdFile>,
    /// Locked by what needs no `&mut`.
    operations: Mutex<Operations>,
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::File;
    /// use fastwake::io::AsyncReadExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = File::open("Cargo.toml").await?;
    /// let mut begin = [0; 9];
    /// file.read_exact(&mut begin).await?;
    /// assert_eq!(&begin, b"[package]");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::options().read(true).open(path).await
    }

    /// Opens a file for writing. It is made if there is none, and emptied if there is.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::File;
    /// use fastwake::io::AsyncWriteExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"text").await?;
    /// // What has been accepted is written by now, and what goes wrong is told.
    /// file.flush().await?;
    /// assert_eq!(fastwake::fs::read(&path).await?, b"text");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .await
    }

    /// Makes a file, and opens it for reading and writing.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::create_new`]; [`AlreadyExists`](io::ErrorKind::AlreadyExists) if
    /// there is something already.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::fs::File;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("lock");
    /// // Of all who try, one gets the lock.
    /// let lock = File::create_new(&path).await?;
    /// let second = File::create_new(&path).await;
    /// assert_eq!(second.unwrap_err().kind(), ErrorKind::AlreadyExists);
    /// # drop(lock);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .await
    }

    /// For opening a file in another way.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::File;
    /// use fastwake::io::AsyncWriteExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("log");
    /// let mut log = File::options().create(true).append(true).open(&path).await?;
    /// log.write_all(b"one more line\n").await?;
    /// log.flush().await?;
    /// # assert_eq!(std::fs::read(&path)?, b"one more line\n");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Takes over a file of the standard library; needs no runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::File;
    /// use fastwake::io::AsyncReadExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let std = std::fs::File::open("Cargo.toml")?;
    /// let mut text = String::new();
    /// File::from_std(std).read_to_string(&mut text).await?;
    /// assert!(text.starts_with("[package]"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_std(std: StdFile) -> Self {
        Self {
            device: Device::new(std),
            operations: Mutex::new(Operations::default()),
        }
    }

    /// Waits until no operation runs, and does one that is not a transfer.
    async fn between<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&StdFile) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let mut operations = self.operations.lock().await;
        poll_fn(|context| operations.poll_settled(context)).await;
        self.besides(operation).await
    }

    /// Does what is independent of the transfers.
    async fn besides<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&StdFile) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let file = Arc::clone(&self.device.io);
        unblock(move || operation(&file)).await
    }

    /// Waits until the file's contents and all that the system knows of it are on the disk, with what
    /// has been written so far.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::sync_all`]. That of an earlier write comes with the next write or
    /// flush instead.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::{self, File};
    /// use fastwake::io::AsyncWriteExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let (path, new) = (directory.path().join("state"), directory.path().join("state.new"));
    /// let mut file = File::create(&new).await?;
    /// file.write_all(b"state").await?;
    /// file.flush().await?;
    /// // Before the name: after a power cut it stands for the old file or for the whole new one.
    /// file.sync_all().await?;
    /// fs::rename(&new, &path).await?;
    /// # assert_eq!(fs::read(&path).await?, b"state");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sync_all(&self) -> io::Result<()> {
        self.between(StdFile::sync_all).await
    }

    /// As [`sync_all`](Self::sync_all), without what is not needed to read the contents again, such as
    /// timestamps.
    ///
    /// # Errors
    ///
    /// As [`sync_all`](Self::sync_all).
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::File;
    /// use fastwake::io::AsyncWriteExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("journal");
    /// let mut journal = File::create(&path).await?;
    /// for entry in [b"begin ", b"commit"] {
    ///     journal.write_all(entry).await?;
    ///     journal.flush().await?;
    ///     // When the file was last changed need not last; what is in it must.
    ///     journal.sync_data().await?;
    /// }
    /// # assert_eq!(std::fs::read(&path)?, b"begin commit");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sync_data(&self) -> io::Result<()> {
        self.between(StdFile::sync_data).await
    }

    /// Cuts the file off or extends it with zeros, so that it has `size` bytes. The position stays as
    /// it is.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::set_len`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::{self, File};
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// fs::write(&path, "abcdef").await?;
    /// let file = File::options().write(true).open(&path).await?;
    /// file.set_len(2).await?;
    /// file.set_len(4).await?;
    /// assert_eq!(fs::read(&path).await?, b"ab\0\0");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        let mut operations = self.operations.lock().await;
        poll_fn(|context| operations.poll_settled(context)).await;
        operations.start_resize(&self.device, size);
        poll_fn(|context| operations.poll_resized(context)).await
    }

    /// What the system knows of the file.
    ///
    /// Does not wait for writes: [`flush`](crate::io::AsyncWriteExt::flush) first to see their size.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::metadata`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::File;
    /// use fastwake::io::AsyncWriteExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"hello").await?;
    /// file.flush().await?;
    /// assert_eq!(file.metadata().await?.len(), 5);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.besides(StdFile::metadata).await
    }

    /// A second handle to the same open file, once no operation runs. Both move the same position.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::try_clone`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::fs::File;
    /// use fastwake::io::AsyncReadExt;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = File::open("Cargo.toml").await?;
    /// let mut clone = file.try_clone().await?;
    /// assert_eq!(file.read_u8().await?, b'[');
    /// assert_eq!(clone.read_u8().await?, b'p');
    /// assert_eq!(file.read_u8().await?, b'a');
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_clone(&self) -> io::Result<Self> {
        let mut clone = Self::from_std(self.between(StdFile::try_clone).await?);
        clone.device.max_buf_size = self.device.max_buf_size;
        Ok(clone)
    }

    /// Gives the standard library's file, once no operation runs.
    ///
    /// The error of a write that has not been flushed is lost.
    ///
    /// # Panics
    ///
    /// If a future of [`metadata`](Self::metadata) or the like was dropped before it was ready, so
    /// that a thread still uses the file, and the system has no descriptor for a second handle.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = fastwake::fs::File::open("Cargo.toml").await?;
    /// let file: std::fs::File = file.into_std().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn into_std(self) -> StdFile {
        let mut operations = self.operations.into_inner();
        poll_fn(|context| operations.poll_settled(context)).await;
        Arc::try_unwrap(self.device.io).unwrap_or_else(|used| {
            used.try_clone()
                .expect("a thread still uses the file, and it cannot be duplicated")
        })
    }

    /// Gives the standard library's file at once.
    ///
    /// # Errors
    ///
    /// Gives the file back if an operation runs.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = fastwake::fs::File::open("Cargo.toml").await?;
    /// let file: std::fs::File = file.try_into_std().expect("nothing has been read");
    /// # Ok(())
    /// # }
    /// ```
    #[expect(
        clippy::result_large_err,
        reason = "the file itself, which is as large anywhere else"
    )]
    pub fn try_into_std(self) -> Result<StdFile, Self> {
        let Self { device, operations } = self;
        let max_buf_size = device.max_buf_size;
        Arc::try_unwrap(device.io).map_err(|io| Self {
            device: Device { io, max_buf_size },
            operations,
        })
    }

    /// Changes the file's permissions.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::set_permissions`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::File;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let file = File::create(&path).await?;
    /// let mut permissions = file.metadata().await?.permissions();
    /// permissions.set_readonly(true);
    /// file.set_permissions(permissions).await?;
    /// assert!(file.metadata().await?.permissions().readonly());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        self.besides(move |file| file.set_permissions(perm)).await
    }

    /// Changes the file's timestamps, once no operation runs that would change them again.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::set_times`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::SystemTime;
    /// use fastwake::fs::{File, FileTimes};
    ///
    /// # let file = tempfile::NamedTempFile::new()?;
    /// # let path = file.path();
    /// let file = File::create(path).await?;
    /// file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).await?;
    /// assert_eq!(file.metadata().await?.modified()?, SystemTime::UNIX_EPOCH);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        let times = times.into_std();
        self.between(move |file| file.set_times(times)).await
    }

    /// Changes the time of the last modification; see [`set_times`](Self::set_times).
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::File::set_modified`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::{Duration, SystemTime};
    /// use fastwake::fs::File;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let file = File::create(&path).await?;
    /// let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_modified(time).await?;
    /// assert_eq!(file.metadata().await?.modified()?, time);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Sets how many bytes one read or write transfers at most. Default: 2 MiB.
    ///
    /// # Panics
    ///
    /// If it is zero.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut file = fastwake::fs::File::open("Cargo.toml").await?;
    /// file.set_max_buf_size(8 << 20);
    /// assert_eq!(file.max_buf_size(), 8 << 20);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(
            max_buf_size > 0,
            "`max_buf_size` must be greater than 0: with 0 bytes at a time no read or write gets on"
        );
        self.device.max_buf_size = max_buf_size;
    }

    /// How many bytes one read or write transfers at most.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let file = fastwake::fs::File::open("Cargo.toml").await?;
    /// assert_eq!(file.max_buf_size(), 2 << 20);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn max_buf_size(&self) -> usize {
        self.device.max_buf_size
    }
}

impl From<StdFile> for File {
    fn from(std: StdFile) -> Self {
        Self::from_std(std)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("fastwake::fs::File")
            .field("std", &self.device.io)
            .field("max_buf_size", &self.device.max_buf_size)
            .finish_non_exhaustive()
    }
}
