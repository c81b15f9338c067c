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
    pub fn new() -> Self {
        Self::default()
    }

    /// When the file was last read.
    pub fn set_accessed(self, t: SystemTime) -> Self {
        Self(self.0.set_accessed(t))
    }

    /// When the file was last written.
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
    pub fn set_created(self, t: SystemTime) -> Self {
        Self(self.0.set_created(t))
    }
}
