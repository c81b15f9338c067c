#![forbid(unsafe_code)]
//! Timestamps.

#[cfg(target_vendor = "apple")]
use std::os::darwin::fs::FileTimesExt;
#[cfg(windows)]
use std::os::windows::fs::FileTimesExt;
use std::time::SystemTime;

/// Timestamps for [`File::set_times`](super::File::set_times); those that are not set stay as they
/// are.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
///
/// let times = fastwake::fs::FileTimes::new()
///     .set_accessed(SystemTime::now())
///     .set_modified(SystemTime::UNIX_EPOCH);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "timestamps do nothing until a file is given them"]
pub struct FileTimes(std::fs::FileTimes);

impl FileTimes {
    /// Sets none.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::{File, FileTimes};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let file = File::create(&path).await?;
    /// let before = file.metadata().await?.modified()?;
    /// file.set_times(FileTimes::new()).await?;
    /// assert_eq!(file.metadata().await?.modified()?, before);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// When the file was last read.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::SystemTime;
    /// use fastwake::fs::{File, FileTimes};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let file = File::create(&path).await?;
    /// file.set_times(FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH)).await?;
    /// assert_eq!(file.metadata().await?.accessed()?, SystemTime::UNIX_EPOCH);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_accessed(self, t: SystemTime) -> Self {
        Self(self.0.set_accessed(t))
    }

    /// When the file was last written.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::{self, File, FileTimes};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("copy");
    /// // A copy that is as old as the original.
    /// let original = fs::metadata("Cargo.toml").await?;
    /// fs::copy("Cargo.toml", &path).await?;
    /// let copy = File::options().write(true).open(&path).await?;
    /// copy.set_times(FileTimes::new().set_modified(original.modified()?)).await?;
    /// assert_eq!(copy.metadata().await?.modified()?, original.modified()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_modified(self, t: SystemTime) -> Self {
        Self(self.0.set_modified(t))
    }

    pub(super) fn into_std(self) -> std::fs::FileTimes {
        self.0
    }
}

#[cfg(any(windows, target_vendor = "apple"))]
#[cfg_attr(docsrs, doc(cfg(any(windows, target_vendor = "apple"))))]
impl FileTimes {
    /// When the file was made.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::{Duration, SystemTime};
    /// use fastwake::fs::{File, FileTimes};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let file = File::create(&path).await?;
    /// let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// file.set_times(FileTimes::new().set_created(time)).await?;
    /// assert_eq!(file.metadata().await?.created()?, time);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_created(self, t: SystemTime) -> Self {
        Self(self.0.set_created(t))
    }
}
