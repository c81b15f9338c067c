#![forbid(unsafe_code)]
//! What a path leads to, and where it leads.

use std::fs::{Metadata, Permissions};
use std::io;
use std::path::Path;

use crate::io::blocking::unblock;

/// What the system knows of the file that a path leads to, through symbolic links.
///
/// # Errors
///
/// Those of [`std::fs::metadata`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// assert!(fastwake::fs::metadata("Cargo.toml").await?.is_file());
/// # Ok(())
/// # }
/// ```
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::metadata(path)).await
}

/// As [`metadata`], of a symbolic link itself if the path leads to one.
///
/// # Errors
///
/// Those of [`std::fs::symlink_metadata`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # #[cfg(unix)]
/// # {
/// use fastwake::fs;
///
/// # let directory = tempfile::tempdir()?;
/// # let link = directory.path().join("link");
/// fs::symlink("/nowhere", &link).await?;
/// assert!(fs::symlink_metadata(&link).await?.is_symlink());
/// assert!(fs::metadata(&link).await.is_err(), "it leads nowhere");
/// # }
/// # Ok(())
/// # }
/// ```
pub async fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::symlink_metadata(path)).await
}

/// Changes a file's permissions.
///
/// # Errors
///
/// Those of [`std::fs::set_permissions`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let file = tempfile::NamedTempFile::new()?;
/// # let path = file.path();
/// let mut permissions = fastwake::fs::metadata(path).await?.permissions();
/// permissions.set_readonly(true);
/// fastwake::fs::set_permissions(path, permissions).await?;
/// # assert!(std::fs::metadata(path)?.permissions().readonly());
/// # Ok(())
/// # }
/// ```
pub async fn set_permissions(path: impl AsRef<Path>, perm: Permissions) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::set_permissions(path, perm)).await
}

/// Does the path lead to something that exists? A broken symbolic link does not.
///
/// # Errors
///
/// If it cannot be said, for lack of permission for instance: see [`std::fs::exists`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// assert!(fastwake::fs::try_exists("Cargo.toml").await?);
/// assert!(!fastwake::fs::try_exists("cargo.html").await?);
/// # Ok(())
/// # }
/// ```
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::exists(path)).await
}

/// Gives a file or directory another name in the same file system; one that has the new name is
/// replaced.
///
/// # Errors
///
/// Those of [`std::fs::rename`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let (old, new) = (directory.path().join("old"), directory.path().join("new"));
/// fastwake::fs::write(&old, "text").await?;
/// fastwake::fs::rename(&old, &new).await?;
/// assert_eq!(fastwake::fs::read(&new).await?, b"text");
/// fastwake::fs::remove_file(&new).await?;
/// assert!(!fastwake::fs::try_exists(&new).await?);
/// # Ok(())
/// # }
/// ```
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    let from = from.as_ref().to_owned();
    let to = to.as_ref().to_owned();
    unblock(move || std::fs::rename(from, to)).await
}

/// Removes a file's name, and the file when it has no other and nobody has it open.
///
/// # Errors
///
/// Those of [`std::fs::remove_file`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("file");
/// fastwake::fs::write(&path, "text").await?;
/// fastwake::fs::remove_file(&path).await?;
/// assert!(!fastwake::fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::remove_file(path)).await
}
