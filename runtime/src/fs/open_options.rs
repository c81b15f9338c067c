#![forbid(unsafe_code)]
//! How a file is opened.

use std::io;
#[cfg(unix)]
use std::os::unix::fs::OpenOptionsExt;
#[cfg(windows)]
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;

use super::File;
use crate::io::blocking::unblock;

/// How a file is to be opened: as [`std::fs::OpenOptions`], from which it can be made.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// use fastwake::fs::OpenOptions;
/// use fastwake::io::AsyncWriteExt;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("log");
/// let mut log = OpenOptions::new().create(true).append(true).open(&path).await?;
/// log.write_all(b"one more line\n").await?;
/// log.flush().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(std::fs::OpenOptions);

impl OpenOptions {
    /// Everything is false.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::ErrorKind;
    /// use fastwake::fs::OpenOptions;
    ///
    /// // For nothing at all, no file can be opened.
    /// let error = OpenOptions::new().open("Cargo.toml").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self(std::fs::OpenOptions::new())
    }

    /// May the file be read?
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::OpenOptions;
    /// use fastwake::io::AsyncReadExt;
    ///
    /// let mut file = OpenOptions::new().read(true).open("Cargo.toml").await?;
    /// assert_eq!(file.read_u8().await?, b'[');
    /// # Ok(())
    /// # }
    /// ```
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.0.read(read);
        self
    }

    /// May the file be written? What is in it already is overwritten from the beginning.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::{self, OpenOptions};
    /// use fastwake::io::AsyncWriteExt;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// fs::write(&path, "abcdef").await?;
    /// let mut file = OpenOptions::new().write(true).open(&path).await?;
    /// file.write_all(b"ABC").await?;
    /// file.flush().await?;
    /// assert_eq!(fs::read(&path).await?, b"ABCdef");
    /// # Ok(())
    /// # }
    /// ```
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.0.write(write);
        self
    }

    /// Does every write go to the end of the file, wherever that is then?
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::{self, OpenOptions};
    /// use fastwake::io::AsyncWriteExt;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("log");
    /// let mut options = OpenOptions::new();
    /// options.create(true).append(true);
    /// let (mut one, mut other) = (options.open(&path).await?, options.open(&path).await?);
    /// one.write_all(b"one\n").await?;
    /// one.flush().await?;
    /// other.write_all(b"other\n").await?;
    /// other.flush().await?;
    /// assert_eq!(fs::read(&path).await?, b"one\nother\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.0.append(append);
        self
    }

    /// Is what is in the file already thrown away? Needs [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::{self, OpenOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// fs::write(&path, "abcdef").await?;
    /// let file = OpenOptions::new().write(true).truncate(true).open(&path).await?;
    /// assert_eq!(file.metadata().await?.len(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.0.truncate(truncate);
        self
    }

    /// Is the file made if there is none? Needs [`write`](Self::write) or [`append`](Self::append).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::ErrorKind;
    /// use fastwake::fs::OpenOptions;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let mut options = OpenOptions::new();
    /// options.write(true);
    /// assert_eq!(options.open(&path).await.unwrap_err().kind(), ErrorKind::NotFound);
    ///
    /// options.create(true);
    /// options.open(&path).await?;
    /// // And now there is one.
    /// options.open(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.0.create(create);
        self
    }

    /// Is the file made, and is it an error if there is one, in one step that nobody can come
    /// between? [`create`](Self::create) and [`truncate`](Self::truncate) do not matter then.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::ErrorKind;
    /// use fastwake::fs::{self, OpenOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("precious");
    /// fs::write(&path, "contents").await?;
    /// let made = OpenOptions::new().write(true).create_new(true).open(&path).await;
    /// assert_eq!(made.unwrap_err().kind(), ErrorKind::AlreadyExists);
    /// assert_eq!(fs::read(&path).await?, b"contents");
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.0.create_new(create_new);
        self
    }

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// Those of [`std::fs::OpenOptions::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::ErrorKind;
    /// use fastwake::fs::OpenOptions;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("lock");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true);
    /// let lock = options.open(&path).await?;
    /// let second = options.open(&path).await;
    /// assert_eq!(second.unwrap_err().kind(), ErrorKind::AlreadyExists);
    /// # drop(lock);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref().to_owned();
        let options = self.0.clone();
        unblock(move || options.open(path))
            .await
            .map(File::from_std)
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl From<std::fs::OpenOptions> for OpenOptions {
    fn from(options: std::fs::OpenOptions) -> Self {
        Self(options)
    }
}

#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
impl OpenOptions {
    /// The mode of a file that is made, less the bits of the process's umask. Default: `0o666`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::os::unix::fs::PermissionsExt;
    /// use fastwake::fs::OpenOptions;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("secret");
    /// // For its owner alone.
    /// let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
    /// assert_eq!(file.metadata().await?.permissions().mode() & 0o077, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.mode(mode);
        self
    }

    /// Further flags for `open`, such as `libc::O_NOFOLLOW`; those of the access mode do not count.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::{self, OpenOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let link = directory.path().join("link");
    /// fs::symlink(fs::canonicalize("Cargo.toml").await?, &link).await?;
    /// let mut options = OpenOptions::new();
    /// assert!(options.read(true).open(&link).await.is_ok());
    /// let no_link = options.custom_flags(libc::O_NOFOLLOW).open(&link).await;
    /// assert!(no_link.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.0.custom_flags(flags);
        self
    }
}

#[cfg(windows)]
#[cfg_attr(docsrs, doc(cfg(windows)))]
impl OpenOptions {
    /// The argument `dwDesiredAccess` of `CreateFile`, instead of what the other options say.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::OpenOptions;
    ///
    /// const FILE_READ_ATTRIBUTES: u32 = 0x80;
    /// // What the system knows of the file, and none of its contents.
    /// let file = OpenOptions::new().access_mode(FILE_READ_ATTRIBUTES).open("Cargo.toml").await?;
    /// assert!(file.metadata().await?.len() > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn access_mode(&mut self, access: u32) -> &mut Self {
        self.0.access_mode(access);
        self
    }

    /// The argument `dwShareMode` of `CreateFile`. Default: all is shared.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::OpenOptions;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// let mut options = OpenOptions::new();
    /// options.write(true).create(true).share_mode(0);
    /// let only = options.open(&path).await?;
    /// assert!(options.open(&path).await.is_err(), "it is shared with nobody");
    /// # drop(only);
    /// # Ok(())
    /// # }
    /// ```
    pub fn share_mode(&mut self, share: u32) -> &mut Self {
        self.0.share_mode(share);
        self
    }

    /// Further flags of the argument `dwFlags` of `CreateFile2`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::{self, OpenOptions};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("scratch");
    /// const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
    /// let mut options = OpenOptions::new();
    /// options.write(true).create(true).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    /// let scratch = options.open(&path).await?;
    /// drop(scratch.into_std().await);
    /// assert!(!fs::try_exists(&path).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn custom_flags(&mut self, flags: u32) -> &mut Self {
        self.0.custom_flags(flags);
        self
    }

    /// The argument `dwFileAttributes` of `CreateFile2`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::os::windows::fs::MetadataExt;
    /// use fastwake::fs::OpenOptions;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("file");
    /// const FILE_ATTRIBUTE_HIDDEN: u32 = 2;
    /// let mut options = OpenOptions::new();
    /// options.write(true).create_new(true).attributes(FILE_ATTRIBUTE_HIDDEN);
    /// let file = options.open(&path).await?;
    /// assert_ne!(file.metadata().await?.file_attributes() & FILE_ATTRIBUTE_HIDDEN, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn attributes(&mut self, attributes: u32) -> &mut Self {
        self.0.attributes(attributes);
        self
    }

    /// The argument `dwSecurityQosFlags` of `CreateFile2`.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use fastwake::fs::OpenOptions;
    ///
    /// const SECURITY_IDENTIFICATION: u32 = 1 << 16;
    /// // If it were a pipe, its server would learn who this is, and could not act as such.
    /// let mut options = OpenOptions::new();
    /// options.read(true).security_qos_flags(SECURITY_IDENTIFICATION);
    /// let file = options.open("Cargo.toml").await?;
    /// # drop(file);
    /// # Ok(())
    /// # }
    /// ```
    pub fn security_qos_flags(&mut self, flags: u32) -> &mut Self {
        self.0.security_qos_flags(flags);
        self
    }
}
