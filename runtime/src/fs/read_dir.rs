#![forbid(unsafe_code)]
//! What is in a directory.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::io::blocking::{lost, unblock};
use crate::task::{JoinHandle, spawn_blocking};

/// Entries that one hop fetches at most. The system itself gives out some hundreds at once.
const BATCH: usize = 512;

/// Opens a directory, to read what is in it.
///
/// # Errors
///
/// Those of [`std::fs::read_dir`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut entries = fastwake::fs::read_dir("src").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     println!("{:?}", entry.file_name());
/// }
/// # Ok(())
/// # }
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let batch = unblock(move || Ok(Batch::first(std::fs::read_dir(path)?))).await?;
    Ok(ReadDir {
        batch,
        fetching: None,
    })
}

/// The entries of a directory, in no order, without `.` and `..`; from [`read_dir`].
///
/// They are fetched some hundreds at a time. Of one that is made or removed meanwhile, nothing is
/// certain.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use fastwake::fs::{self, ReadDir};
///
/// async fn size(mut entries: ReadDir) -> std::io::Result<u64> {
///     let mut bytes = 0;
///     while let Some(entry) = entries.next_entry().await? {
///         bytes += entry.metadata().await?.len();
///     }
///     Ok(bytes)
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path();
/// fs::write(path.join("one"), "1").await?;
/// fs::write(path.join("three"), "333").await?;
/// assert_eq!(size(fs::read_dir(path).await?).await?, 4);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is read until `next_entry` is called"]
pub struct ReadDir {
    batch: Batch,
    fetching: Option<JoinHandle<Batch>>,
}

#[derive(Debug, Default)]
struct Batch {
    entries: VecDeque<io::Result<DirEntry>>,
    /// `None`: there is no more.
    rest: Option<std::fs::ReadDir>,
}

impl Batch {
    fn first(directory: std::fs::ReadDir) -> Self {
        Self {
            entries: VecDeque::new(),
            rest: Some(directory),
        }
        .fetch()
    }

    /// Fetches entries, up to the first error.
    fn fetch(mut self) -> Self {
        let Some(mut directory) = self.rest.take() else {
            return self;
        };
        while self.entries.len() < BATCH {
            let Some(entry) = directory.next() else {
                return self;
            };
            let failed = entry.is_err();
            self.entries.push_back(entry.map(DirEntry::new));
            if failed {
                break;
            }
        }
        self.rest = Some(directory);
        self
    }
}

impl ReadDir {
    /// The next entry; `None` at the end.
    ///
    /// # Errors
    ///
    /// If the system gives one instead of an entry. If the runtime was shut down, there is nothing
    /// more after that.
    ///
    /// # Cancel safety
    ///
    /// No entry is lost if the future is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut entries = fastwake::fs::read_dir("src").await?;
    /// let mut directories = Vec::new();
    /// while let Some(entry) = entries.next_entry().await? {
    ///     if entry.file_type().await?.is_dir() {
    ///         directories.push(entry.file_name());
    ///     }
    /// }
    /// assert!(directories.contains(&"task".into()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|context| self.poll_next_entry(context)).await
    }

    /// Polls for the next entry; the task of the latest call is woken when there is one.
    ///
    /// # Errors
    ///
    /// As [`next_entry`](Self::next_entry).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::future::poll_fn;
    ///
    /// let mut entries = fastwake::fs::read_dir("src").await?;
    /// let mut names = Vec::new();
    /// while let Some(entry) = poll_fn(|context| entries.poll_next_entry(context)).await? {
    ///     names.push(entry.file_name());
    /// }
    /// assert!(names.contains(&"lib.rs".into()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn poll_next_entry(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            if let Some(fetching) = &mut self.fetching {
                let fetched = ready!(Pin::new(fetching).poll(context));
                self.fetching = None;
                self.batch = fetched.map_err(lost)?;
            }
            match self.batch.entries.pop_front() {
                Some(entry) => return Poll::Ready(entry.map(Some)),
                None if self.batch.rest.is_none() => return Poll::Ready(Ok(None)),
                None => {
                    let batch = std::mem::take(&mut self.batch);
                    self.fetching = Some(spawn_blocking(move || batch.fetch()));
                }
            }
        }
    }
}

/// One entry of a directory; from [`ReadDir::next_entry`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let mut entries = fastwake::fs::read_dir("src").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     let is_directory = entry.file_type().await?.is_dir();
///     println!("{}{}", entry.path().display(), if is_directory { "/" } else { "" });
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DirEntry {
    /// What the system said along with the name; not all do.
    file_type: Option<FileType>,
    entry: Arc<std::fs::DirEntry>,
}

impl DirEntry {
    fn new(entry: std::fs::DirEntry) -> Self {
        Self {
            file_type: entry.file_type().ok(),
            entry: Arc::new(entry),
        }
    }

    /// The directory's path, as it was given to [`read_dir`], with the entry's name.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::path::Path;
    ///
    /// let mut entries = fastwake::fs::read_dir("src").await?;
    /// while let Some(entry) = entries.next_entry().await? {
    ///     assert_eq!(entry.path(), Path::new("src").join(entry.file_name()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The entry's name.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path();
    /// fastwake::fs::write(path.join("only"), "text").await?;
    /// let mut entries = fastwake::fs::read_dir(path).await?;
    /// let entry = entries.next_entry().await?.expect("there is one file");
    /// assert_eq!(entry.file_name(), "only");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// What the system knows of the entry; of a symbolic link, of the link itself.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirEntry::metadata`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path();
    /// fastwake::fs::write(path.join("only"), "text").await?;
    /// let mut entries = fastwake::fs::read_dir(path).await?;
    /// let entry = entries.next_entry().await?.expect("there is one file");
    /// assert_eq!(entry.metadata().await?.len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let entry = Arc::clone(&self.entry);
        unblock(move || entry.metadata()).await
    }

    /// Is it a file, a directory, a symbolic link or something else? Mostly known without a hop.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirEntry::file_type`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut entries = fastwake::fs::read_dir("src").await?;
    /// while let Some(entry) = entries.next_entry().await? {
    ///     if entry.file_name() == "lib.rs" {
    ///         assert!(entry.file_type().await?.is_file());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn file_type(&self) -> io::Result<FileType> {
        if let Some(file_type) = self.file_type {
            return Ok(file_type);
        }
        let entry = Arc::clone(&self.entry);
        unblock(move || entry.file_type()).await
    }
}

#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
impl DirEntry {
    /// The number of the entry's inode.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path();
    /// fs::write(path.join("one"), "text").await?;
    /// fs::hard_link(path.join("one"), path.join("other")).await?;
    /// let mut entries = fs::read_dir(path).await?;
    /// let first = entries.next_entry().await?.expect("there are two names");
    /// let second = entries.next_entry().await?.expect("there are two names");
    /// assert_eq!(first.ino(), second.ino(), "and one file");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ino(&self) -> u64 {
        std::os::unix::fs::DirEntryExt::ino(&*self.entry)
    }
}
