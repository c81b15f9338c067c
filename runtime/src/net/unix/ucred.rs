//! Who is at the other end of a socket.

use super::{gid_t, pid_t, uid_t};

/// The credentials that a process had when it connected or listened; from
/// [`UnixStream::peer_cred`](crate::net::UnixStream::peer_cred).
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let (_one, other) = fastwake::net::UnixStream::pair()?;
/// let peer = other.peer_cred()?;
/// println!("user {}, group {}, process {:?}", peer.uid(), peer.gid(), peer.pid());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    /// The effective user.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::os::unix::fs::MetadataExt;
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let file = tempfile::tempfile()?;
    /// let (_client, server) = UnixStream::pair()?;
    /// // Only the owner of the file may ask for it.
    /// assert_eq!(server.peer_cred()?.uid(), file.metadata()?.uid());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The effective group.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (client, server) = UnixStream::pair()?;
    /// // Both are of this process, and so of one group.
    /// assert_eq!(server.peer_cred()?.gid(), client.peer_cred()?.gid());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process, where the system tells: Linux and Apple's systems do.
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::net::UnixStream;
    ///
    /// # #[fastwake::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (_client, server) = UnixStream::pair()?;
    /// if let Some(pid) = server.peer_cred()?.pid() {
    ///     assert_eq!(pid.unsigned_abs(), std::process::id());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod imp {
    use std::io;
    use std::os::fd::{AsRawFd, BorrowedFd};

    use super::UCred;

    pub(crate) fn of_peer(socket: BorrowedFd<'_>) -> io::Result<UCred> {
        let mut found = libc::ucred {
            pid: 0,
            uid: 0,
            gid: 0,
        };
        let mut len = size_of::<libc::ucred>() as libc::socklen_t;
        // SAFETY: the descriptor is open as long as it is borrowed; the system writes at most `len`
        // bytes to `found`, which has as many, and to `len`.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERCRED,
                (&raw mut found).cast(),
                &raw mut len,
            )
        };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(UCred {
            pid: Some(found.pid),
            uid: found.uid,
            gid: found.gid,
        })
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod imp {
    use std::io;
    use std::os::fd::{AsRawFd, BorrowedFd};

    use super::UCred;

    pub(crate) fn of_peer(socket: BorrowedFd<'_>) -> io::Result<UCred> {
        let (mut uid, mut gid) = (0, 0);
        // SAFETY: the descriptor is open as long as it is borrowed; the system writes to the two
        // variables.
        let result = unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut uid, &raw mut gid) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(UCred {
            pid: pid_of_peer(socket)?,
            uid,
            gid,
        })
    }

    #[cfg(target_vendor = "apple")]
    fn pid_of_peer(socket: BorrowedFd<'_>) -> io::Result<Option<super::pid_t>> {
        let mut pid = 0;
        let mut len = size_of::<super::pid_t>() as libc::socklen_t;
        // SAFETY: the descriptor is open as long as it is borrowed; the system writes at most `len`
        // bytes to `pid`, which has as many, and to `len`.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_LOCAL,
                libc::LOCAL_PEEREPID,
                (&raw mut pid).cast(),
                &raw mut len,
            )
        };
        if result == 0 {
            Ok(Some(pid))
        } else {
            Err(io::Error::last_os_error())
        }
    }

    #[cfg(not(target_vendor = "apple"))]
    fn pid_of_peer(_socket: BorrowedFd<'_>) -> io::Result<Option<super::pid_t>> {
        Ok(None)
    }
}

pub(super) use imp::of_peer;
