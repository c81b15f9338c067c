#![forbid(unsafe_code)]
//! Making and removing directories.

use std::io;
use std::path::Path;

use crate::io::blocking::unblock;

/// Makes a directory, whose parent exists.
///
/// # Errors
///
/// Those of [`std::fs::create_dir`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let parent = tempfile::tempdir()?;
/// let path = parent.path().join("new");
/// fastwake::fs::create_dir(&path).await?;
/// assert!(path.is_dir());
/// fastwake::fs::remove_dir(&path).await?;
/// assert!(!path.exists());
/// # Ok(())
/// # }
/// ```
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::create_dir(path)).await
}

/// Makes a directory and its parents, as far as they do not exist.
///
/// # Errors
///
/// Those of [`std::fs::create_dir_all`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let parent = tempfile::tempdir()?;
/// # let parent = parent.path();
/// fastwake::fs::create_dir_all(parent.join("a/b/c")).await?;
/// assert!(parent.join("a/b/c").is_dir());
/// fastwake::fs::remove_dir_all(parent.join("a")).await?;
/// assert!(!parent.join("a").exists());
/// # Ok(())
/// # }
/// ```
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::create_dir_all(path)).await
}

/// Removes a directory, which is empty.
///
/// # Errors
///
/// Those of [`std::fs::remove_dir`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use std::io::ErrorKind;
/// use fastwake::fs;
///
/// # let parent = tempfile::tempdir()?;
/// # let path = parent.path().join("full");
/// fs::create_dir(&path).await?;
/// fs::write(path.join("file"), "text").await?;
/// let full = fs::remove_dir(&path).await;
/// assert_eq!(full.unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
///
/// fs::remove_file(path.join("file")).await?;
/// fs::remove_dir(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::remove_dir(path)).await
}

/// Removes a directory with all that is in it; of symbolic links, the links alone.
///
/// # Errors
///
/// Those of [`std::fs::remove_dir_all`].
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use fastwake::fs;
///
/// # let parent = tempfile::tempdir()?;
/// # let path = parent.path().join("full");
/// fs::create_dir_all(path.join("deep/down")).await?;
/// fs::write(path.join("deep/file"), "text").await?;
/// fs::remove_dir_all(&path).await?;
/// assert!(!fs::try_exists(&path).await?);
/// # Ok(())
/// # }
/// ```
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    unblock(move || std::fs::remove_dir_all(path)).await
}

/// How a directory is to be made.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use fastwake::fs::DirBuilder;
///
/// # let parent = tempfile::tempdir()?;
/// let path = parent.path().join("a/b");
/// DirBuilder::new().recursive(true).create(&path).await?;
/// assert!(path.is_dir());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    #[cfg(unix)]
    mode: Option<u32>,
}

impl DirBuilder {
    /// Not recursive, and with the system's default permissions.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::ErrorKind;
    /// use fastwake::fs::DirBuilder;
    ///
    /// # let parent = tempfile::tempdir()?;
    /// # let parent = parent.path();
    /// let builder = DirBuilder::new();
    /// builder.create(parent.join("a")).await?;
    /// let no_parent = builder.create(parent.join("b/c")).await;
    /// assert_eq!(no_parent.unwrap_err().kind(), ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes parents that are missing, too, and does not mind if the directory exists. Default:
    /// false.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::DirBuilder;
    ///
    /// # let parent = tempfile::tempdir()?;
    /// let path = parent.path().join("a/b/c");
    /// let mut builder = DirBuilder::new();
    /// builder.recursive(true).create(&path).await?;
    /// // It is there already, which is as well.
    /// builder.create(&path).await?;
    /// assert!(path.is_dir());
    /// # Ok(())
    /// # }
    /// ```
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Makes the directory.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::DirBuilder::create`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::DirBuilder;
    ///
    /// # let parent = tempfile::tempdir()?;
    /// # let parent = parent.path();
    /// let builder = DirBuilder::new();
    /// for name in ["incoming", "outgoing"] {
    ///     builder.create(parent.join(name)).await?;
    /// }
    /// assert!(parent.join("incoming").is_dir() && parent.join("outgoing").is_dir());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref().to_owned();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(self.recursive);
        self.extend(&mut builder);
        unblock(move || builder.create(path)).await
    }

    #[cfg(unix)]
    fn extend(&self, builder: &mut std::fs::DirBuilder) {
        if let Some(mode) = self.mode {
            std::os::unix::fs::DirBuilderExt::mode(builder, mode);
        }
    }

    #[cfg(not(unix))]
    fn extend(&self, _: &mut std::fs::DirBuilder) {}
}

#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
impl DirBuilder {
    /// The mode of the new directories, less the bits of the process's umask. Default: `0o777`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut builder = fastwake::fs::DirBuilder::new();
    /// builder.mode(0o700);
    /// ```
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }
}
