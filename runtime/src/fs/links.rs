#![forbid(unsafe_code)]
//! Links, and where they lead.

use std::io;
use std::path::{Path, PathBuf};

use crate::io::blocking::unblock;

/// The absolute path without links and without `.` and `..`, of something that exists.
///
/// # Errors
///
/// Those of [`std::fs::canonicalize`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let path = fastwake::fs::canonicalize("./src/../Cargo.toml").await?;
/// assert!(path.is_absolute());
/// assert!(!path.ends_with("src/../Cargo.toml"));
/// # Ok(())
/// # }
/// ```
pub async fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::canonicalize(path)).await
}

/// Gives a file one more name, in the same file system.
///
/// # Errors
///
/// Those of [`std::fs::hard_link`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let (one, other) = (directory.path().join("one"), directory.path().join("other"));
/// fastwake::fs::write(&one, "text").await?;
/// fastwake::fs::hard_link(&one, &other).await?;
/// assert_eq!(fastwake::fs::read(&other).await?, b"text");
/// # Ok(())
/// # }
/// ```
pub async fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let original = original.as_ref().to_owned();
    let link = link.as_ref().to_owned();
    unblock(move || std::fs::hard_link(original, link)).await
}

/// Where a symbolic link points to; that need not exist.
///
/// # Errors
///
/// Those of [`std::fs::read_link`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # #[cfg(unix)]
/// # {
/// # let directory = tempfile::tempdir()?;
/// # let link = directory.path().join("current");
/// fastwake::fs::symlink("release-2", &link).await?;
/// assert_eq!(fastwake::fs::read_link(&link).await?.to_str(), Some("release-2"));
/// # }
/// # Ok(())
/// # }
/// ```
pub async fn read_link(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::read_link(path)).await
}

/// Makes a symbolic link at `link` that points to `original`.
///
/// # Errors
///
/// Those of [`std::os::unix::fs::symlink`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// let link = directory.path().join("link");
/// fastwake::fs::symlink("/nowhere", &link).await?;
/// assert_eq!(fastwake::fs::read_link(&link).await?.to_str(), Some("/nowhere"));
/// # Ok(())
/// # }
/// ```
#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let original = original.as_ref().to_owned();
    let link = link.as_ref().to_owned();
    unblock(move || std::os::unix::fs::symlink(original, link)).await
}

/// Makes a symbolic link at `link` that points to the directory `original`.
///
/// # Errors
///
/// Those of [`std::os::windows::fs::symlink_dir`].
///
/// # Examples
///
/// ```no_run
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// let link = directory.path().join("link");
/// fastwake::fs::symlink_dir(directory.path(), &link).await?;
/// assert!(fastwake::fs::metadata(&link).await?.is_dir());
/// # Ok(())
/// # }
/// ```
#[cfg(windows)]
#[cfg_attr(docsrs, doc(cfg(windows)))]
pub async fn symlink_dir(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let original = original.as_ref().to_owned();
    let link = link.as_ref().to_owned();
    unblock(move || std::os::windows::fs::symlink_dir(original, link)).await
}

/// Makes a symbolic link at `link` that points to the file `original`.
///
/// # Errors
///
/// Those of [`std::os::windows::fs::symlink_file`].
///
/// # Examples
///
/// ```no_run
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let file = directory.path().join("file");
/// let link = directory.path().join("link");
/// fastwake::fs::write(&file, "text").await?;
/// fastwake::fs::symlink_file(&file, &link).await?;
/// assert_eq!(fastwake::fs::read(&link).await?, b"text");
/// # Ok(())
/// # }
/// ```
#[cfg(windows)]
#[cfg_attr(docsrs, doc(cfg(windows)))]
pub async fn symlink_file(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let original = original.as_ref().to_owned();
    let link = link.as_ref().to_owned();
    unblock(move || std::os::windows::fs::symlink_file(original, link)).await
}
