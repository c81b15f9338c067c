//! A folder out of which no path leads.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::Errno;

/// How a file is opened: for reading, and without waiting for the other end of a fifo.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// How often a path is followed anew that somebody moves at the same time.
const ATTEMPTS: usize = 8;

#[derive(Debug, Clone)]
pub(crate) struct Folder(Arc<OwnedFd>);

impl Folder {
    /// The folder that is at `path` now; it stays the same one if it is moved.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(openat(CWD, path, DIRECTORY, Mode::empty())?)))
    }

    /// Opens the regular file at `path`, and says how long it is. Symbolic links are followed as
    /// long as they stay in the folder.
    ///
    /// # Errors
    ///
    /// `InvalidInput`: no file can have that path. `NotFound`: there is none, or it is none to be
    /// served. Anything else is the system's.
    pub(crate) fn open(&self, path: &str) -> io::Result<(File, u64)> {
        if !is_plain(path) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path is not that of a file in the folder: \
                 it has names and single slashes between them",
            ));
        }
        let file = self.open_beneath(path).map_err(|errno| match errno {
            // What leads out, what is not to be read, and what is on the way and no directory: as
            // if it were not there.
            Errno::XDEV | Errno::LOOP | Errno::ACCESS | Errno::PERM | Errno::NOTDIR
            // A socket, or a device that is not there.
            | Errno::NXIO | Errno::NODEV => Errno::NOENT.into(),
            errno => io::Error::from(errno),
        })?;
        let status = fstat(&file)?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(Errno::NOENT.into());
        }
        Ok((File::from(file), u64::try_from(status.st_size).unwrap_or(0)))
    }

    /// The kernel's guard against escapes, where it has one.
    fn open_beneath(&self, path: &str) -> rustix::io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..ATTEMPTS {
            match openat2(&self.0, path, READ, Mode::empty(), resolve) {
                // Something was moved just then, and the kernel could not tell.
                Err(Errno::AGAIN | Errno::INTR) => {}
                // An old kernel, or a sandbox that knows only old ones.
                Err(Errno::NOSYS | Errno::PERM) => return self.open_by_steps(path),
                outcome => return outcome,
            }
        }
        Err(Errno::AGAIN)
    }

    /// The same without that guard: name by name, and without symbolic links.
    fn open_by_steps(&self, path: &str) -> rustix::io::Result<OwnedFd> {
        let (directories, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut last: Option<OwnedFd> = None;
        for directory in directories.split('/').filter(|name| !name.is_empty()) {
            let base = last.as_ref().map_or(self.0.as_fd(), AsFd::as_fd);
            let flags = DIRECTORY | OFlags::NOFOLLOW;
            last = Some(openat(base, directory, flags, Mode::empty())?);
        }
        let base = last.as_ref().map_or(self.0.as_fd(), AsFd::as_fd);
        openat(base, name, READ | OFlags::NOFOLLOW, Mode::empty())
    }
}

/// Is it names with single slashes between them, and nothing that goes up, or to the root?
fn is_plain(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind::{InvalidInput, NotFound};
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use rustix::fs::mknodat;
    use tempfile::{TempDir, tempdir};

    use super::*;

    /// A folder to be served, `inside`, and beside it what is not.
    fn tree() -> (TempDir, Folder) {
        let tree = tempdir().expect("a directory");
        let inside = tree.path().join("inside");
        std::fs::create_dir_all(inside.join("deep/er")).expect("directories");
        std::fs::write(tree.path().join("secret"), "secret").expect("a file");
        std::fs::write(inside.join("file"), "file").expect("a file");
        std::fs::write(inside.join("deep/er/file"), "deep").expect("a file");
        for (target, link) in [
            ("/etc/passwd", "absolute"),
            ("../secret", "up"),
            ("..", "parent"),
            ("deep/../../secret", "round"),
            ("/proc/self/root/etc/passwd", "magic"),
            ("self", "self"),
            ("nothing", "nowhere"),
        ] {
            symlink(target, inside.join(link)).expect("a link");
        }
        symlink("deep/er/file", inside.join("link")).expect("a link");
        symlink("deep", inside.join("directory")).expect("a link");
        symlink("../file", inside.join("deep/back")).expect("a link");
        mknodat(CWD, inside.join("fifo"), FileType::Fifo, Mode::RUSR, 0).expect("a fifo");
        let folder = Folder::new(&inside).expect("the folder");
        (tree, folder)
    }

    fn text(mut file: File) -> String {
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn files_and_links_that_stay_in_the_folder_are_opened() {
        let (_tree, folder) = tree();
        for (path, expected) in [
            ("file", "file"),
            ("deep/er/file", "deep"),
            ("link", "deep"),
            ("directory/er/file", "deep"),
            ("deep/back", "file"),
        ] {
            let (file, length) = folder.open(path).expect(path);
            assert_eq!(length, 4, "{path}");
            assert_eq!(text(file), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_is_not_plain_is_refused() {
        let (_tree, folder) = tree();
        for path in [
            "",
            "/",
            ".",
            "..",
            "../secret",
            "deep/../../secret",
            "deep/../file",
            "./file",
            "/etc/passwd",
            "//etc/passwd",
            "deep//er/file",
            "file/",
            "file\0",
            "\0",
        ] {
            let error = folder.open(path).expect_err(path);
            assert_eq!(error.kind(), InvalidInput, "{path:?}");
        }
    }

    #[test]
    fn what_leads_out_or_is_no_file_is_not_there() {
        let (_tree, folder) = tree();
        for path in [
            "absolute",
            "up",
            "parent/secret",
            "parent/inside/file",
            "round",
            "magic",
            "self",
            "nowhere",
            "nothing",
            "deep",
            "directory",
            "fifo",
            "file/file",
        ] {
            let error = folder.open(path).expect_err(path);
            assert_eq!(error.kind(), NotFound, "{path}: {error}");
        }
    }

    #[test]
    fn without_the_kernels_guard_no_link_is_followed() {
        let (_tree, folder) = tree();
        for path in ["file", "deep/er/file"] {
            assert!(folder.open_by_steps(path).is_ok(), "{path}");
        }
        for path in [
            "absolute",
            "up",
            "parent/secret",
            "round",
            "magic",
            "link",
            "directory/er/file",
            "deep/back",
        ] {
            assert!(folder.open_by_steps(path).is_err(), "{path}");
        }
    }
}
