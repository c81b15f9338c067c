#![forbid(unsafe_code)]
//! The socket's file: made so that nobody else can ever connect, put in the place of one that a dead
//! process has left, and removed by whoever has made it.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// A listening socket and its file.
pub(super) struct Listener {
    pub(super) listener: UnixListener,
    pub(super) file: SocketFile,
}

/// The file of a socket. It is removed as long as it is still the one that was made.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: Identity,
}

/// Tells one file from another of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
        }
    }
}

/// Listens at `path`, where only this process's user can connect.
///
/// # Errors
///
/// [`AddrInUse`](io::ErrorKind::AddrInUse) if somebody listens there, or there is a file that is no
/// socket; otherwise the system's, with the path.
pub(super) fn bind(path: &Path) -> io::Result<Listener> {
    try_bind(path).map_err(|error| {
        let text = format!("cannot listen on the socket {path:?} for inspection: {error}");
        io::Error::new(error.kind(), text)
    })
}

fn try_bind(path: &Path) -> io::Result<Listener> {
    if path.file_name().is_none() || path.as_os_str().as_bytes().contains(&0) {
        return Err(invalid("it must be the path of a file, without NUL bytes"));
    }
    // A relative one would be another file after a change of the working directory.
    let path = std::path::absolute(path)?;
    let room = PrivateFolder::beside(&path)?;
    let made = room.path.join("s");
    let listener = UnixListener::bind(&made).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => invalid(
            "its folder's name is too long: about 80 bytes is what the system leaves for it",
        ),
        _ => error,
    })?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    publish(&made, &path, &room)?;
    let identity = Identity::of(&fs::symlink_metadata(&made)?);
    listener.set_nonblocking(true)?;
    let file = SocketFile { path, identity };
    Ok(Listener { listener, file })
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// Gives the socket `made` the name `path`, unless a living one has it.
fn publish(made: &Path, path: &Path, room: &PrivateFolder) -> io::Result<()> {
    // Each turn needs a dead socket to be there; so many do not come by chance.
    for _ in 0..8 {
        match fs::hard_link(made, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result,
        }
        if is_alive(path)? {
            return Err(in_use("a process listens there"));
        }
        clear_away(path, room)?;
    }
    Err(in_use("others keep making sockets there"))
}

fn in_use(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, text)
}

/// Is there anybody behind the file at `path`? A file that is no socket counts as one that must not
/// be touched.
fn is_alive(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(in_use("there is a file that is no socket"));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound
            ) =>
        {
            Ok(false)
        }
        // Also one that may not be asked, or has too many clients, is somebody's.
        _ => Ok(true),
    }
}

/// Removes the dead socket at `path`. Another process may have put a living one there meanwhile, so
/// the file is first taken to where nobody else is, and then looked at again.
fn clear_away(path: &Path, room: &PrivateFolder) -> io::Result<()> {
    let taken = room.path.join("old");
    match fs::rename(path, &taken) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        result => result?,
    }
    if is_alive(&taken).unwrap_or(true) {
        // Back to its name, which nobody has taken in the meantime but for another such process.
        let _ = fs::hard_link(&taken, path);
        return Err(in_use("a process has begun to listen there"));
    }
    fs::remove_file(&taken)
}

impl SocketFile {
    /// Removes the file, unless it is another one by now.
    pub(super) fn remove(&self) {
        let is_own =
            fs::symlink_metadata(&self.path).is_ok_and(|file| Identity::of(&file) == self.identity);
        if is_own {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A folder that nobody else can look into, where a socket is made. As the process's umask is not for
/// a library to change, this is what keeps others from connecting before the permissions are set.
struct PrivateFolder {
    path: PathBuf,
}

impl PrivateFolder {
    /// Beside `path`, for a file gets another name only on the same file system.
    fn beside(path: &Path) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let parent = path.parent().unwrap_or(Path::new("/"));
        loop {
            let next = NEXT.fetch_add(1, Relaxed);
            let path = parent.join(format!(".fw{}.{next}", process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                // Of a process that had this number before, and was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|()| Self { path }),
            }
        }
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // Nobody but this process puts anything there.
        let _ = fs::remove_file(self.path.join("s"));
        let _ = fs::remove_file(self.path.join("old"));
        let _ = fs::remove_dir(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn nothing_but_the_socket_stays_and_it_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let made = bind(&path).unwrap();
        assert_eq!(permissions(&path), 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        made.file.remove();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_file_of_the_same_name_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let first = bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let second = bind(&path).unwrap();
        first.file.remove();
        assert!(is_alive(&path).unwrap());
        second.file.remove();
        assert!(!path.exists());
    }

    #[test]
    fn a_living_socket_that_comes_in_between_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let living = bind(&path).unwrap();
        // As if it had looked dead a moment ago.
        let room = PrivateFolder::beside(&path).unwrap();
        let error = clear_away(&path, &room).unwrap_err();
        drop(room);
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(is_alive(&path).unwrap());
        drop(living.listener);
        assert!(!is_alive(&path).unwrap());
    }

    #[test]
    fn of_many_who_replace_a_dead_socket_one_gets_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        for _ in 0..20 {
            drop(bind(&path).unwrap().listener);
            let bound: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| bind(&path))).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect()
            });
            let living: Vec<_> = bound.iter().flatten().collect();
            assert_eq!(living.len(), 1);
            assert!(is_alive(&path).unwrap());
            living[0].file.remove();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
