#![forbid(unsafe_code)]
//! Whole files in one hop.

use std::io;
use std::path::Path;

use super::owned::Owned;
use crate::io::blocking::unblock;

/// Reads a whole file.
///
/// # Errors
///
/// Those of [`std::fs::read`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let manifest = fastwake::fs::read("Cargo.toml").await?;
/// assert!(manifest.starts_with(b"[package]"));
/// # Ok(())
/// # }
/// ```
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::read(path)).await
}

/// Reads a whole file of UTF-8.
///
/// # Errors
///
/// Those of [`std::fs::read_to_string`]; [`InvalidData`](io::ErrorKind::InvalidData) if the file is
/// not UTF-8.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let manifest = fastwake::fs::read_to_string("Cargo.toml").await?;
/// assert!(manifest.lines().any(|line| line == "name = \"fastwake\""));
/// # Ok(())
/// # }
/// ```
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::read_to_string(path)).await
}

/// Makes a file with these contents, in the place of one that exists.
///
/// A `Vec<u8>` or a `String` goes to the blocking thread as it is; other contents are copied.
///
/// # Errors
///
/// Those of [`std::fs::write`].
///
/// # Cancel safety
///
/// Once polled, the file is written although the future is dropped, unless the runtime is shut down
/// first.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("numbers");
/// fastwake::fs::write(&path, vec![1, 2, 3]).await?;
/// # assert_eq!(std::fs::read(path)?, [1, 2, 3]);
/// # Ok(())
/// # }
/// ```
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    let contents = Owned::from(contents);
    unblock(move || std::fs::write(path, contents)).await
}

/// Copies a file's contents and permissions to another, which is overwritten if it exists. How many
/// bytes there were.
///
/// # Errors
///
/// Those of [`std::fs::copy`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("copy");
/// let bytes = fastwake::fs::copy("Cargo.toml", &path).await?;
/// assert_eq!(bytes, fastwake::fs::metadata(&path).await?.len());
/// # Ok(())
/// # }
/// ```
pub async fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<u64> {
    let from = from.as_ref().to_owned();
    let to = to.as_ref().to_owned();
    unblock(move || std::fs::copy(from, to)).await
}
