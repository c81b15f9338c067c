#![forbid(unsafe_code)]
//! Addresses of Unix sockets.

use std::fmt;
use std::io;
use std::os::unix::net as std_net;
use std::path::Path;

#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;

/// The address of a Unix socket: a path, on Linux an abstract name, or nothing.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (one, _other) = fastwake::net::UnixStream::pair()?;
/// let address = one.local_addr()?;
/// assert!(address.is_unnamed() && address.as_pathname().is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SocketAddr(pub(super) std_net::SocketAddr);

impl SocketAddr {
    /// Has the socket no address?
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let server = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// // Nobody can answer the client.
    /// assert!(client.local_addr()?.is_unnamed());
    /// assert!(!server.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// The path, if the address is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixListener;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("socket");
    /// let listener = UnixListener::bind(&path)?;
    /// if let Some(path) = listener.local_addr()?.as_pathname() {
    ///     // It would stay behind.
    ///     std::fs::remove_file(path)?;
    /// }
    /// assert!(!path.exists());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// The name, without the NUL byte before it, if the address is abstract.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixDatagram;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let name = format!("\0fastwake-{}", std::process::id());
    /// let socket = UnixDatagram::bind(&name)?;
    /// let address = socket.local_addr()?;
    /// assert_eq!(address.as_abstract_name(), Some(&name.as_bytes()[1..]));
    /// assert!(address.as_pathname().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[cfg_attr(docsrs, doc(cfg(any(target_os = "linux", target_os = "android"))))]
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        self.0.as_abstract_name()
    }
}

impl fmt::Debug for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<std_net::SocketAddr> for SocketAddr {
    fn from(address: std_net::SocketAddr) -> Self {
        Self(address)
    }
}

impl From<SocketAddr> for std_net::SocketAddr {
    fn from(address: SocketAddr) -> Self {
        address.0
    }
}

/// The address that a path stands for: an abstract one if it begins with a NUL byte.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn of_path(path: &Path) -> io::Result<std_net::SocketAddr> {
    match path.as_os_str().as_encoded_bytes() {
        [0, name @ ..] => std_net::SocketAddr::from_abstract_name(name),
        _ => std_net::SocketAddr::from_pathname(path),
    }
}

/// The address that a path stands for.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn of_path(path: &Path) -> io::Result<std_net::SocketAddr> {
    std_net::SocketAddr::from_pathname(path)
}
