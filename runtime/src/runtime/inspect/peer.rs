//! Who is at the other end of a socket.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// May the process that has connected look into this one? If both have the same user, or it is
/// root's: these could attach a debugger, too.
///
/// # Errors
///
/// The system's, if it does not tell.
pub(super) fn may_inspect(socket: BorrowedFd<'_>) -> io::Result<bool> {
    let peer = user_of_peer(socket)?;
    // SAFETY: the function has no preconditions.
    let own = unsafe { libc::geteuid() };
    Ok(is_allowed(peer, own))
}

fn is_allowed(peer: libc::uid_t, own: libc::uid_t) -> bool {
    peer == own || peer == 0
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn user_of_peer(socket: BorrowedFd<'_>) -> io::Result<libc::uid_t> {
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
    match result {
        0 => Ok(found.uid),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn user_of_peer(socket: BorrowedFd<'_>) -> io::Result<libc::uid_t> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: the descriptor is open as long as it is borrowed; the system writes to the two
    // variables.
    let result = unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut user, &raw mut group) };
    match result {
        0 => Ok(user),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn the_same_user_and_root_may_and_nobody_else() {
        assert!(is_allowed(1_000, 1_000));
        assert!(is_allowed(0, 1_000));
        assert!(is_allowed(0, 0));
        assert!(!is_allowed(1_001, 1_000));
        assert!(!is_allowed(1_000, 0));
    }

    #[test]
    fn the_peer_of_a_pair_is_this_process() {
        let (one, _other) = UnixStream::pair().unwrap();
        assert!(may_inspect(one.as_fd()).unwrap());
    }
}
