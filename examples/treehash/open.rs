//! Opening what the walk finds: never through a symbolic link in the last place, never waiting
//! for the other end of a fifo, and however long the path is.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

/// The longest path that one system call takes, in bytes; the terminating zero is the 4096th.
const LONGEST_PATH: usize = 4095;

/// Opens a directory for listing. A trailing slash follows a symbolic link, as everywhere.
pub(crate) fn directory(path: &[u8]) -> io::Result<OwnedFd> {
    Ok(open_long(
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
    )?)
}

/// Opens a regular file for reading, and nothing else: if the path has come to name a fifo, a
/// device or a symbolic link since it was listed, this is an error and does not wait.
pub(crate) fn regular_file(path: &[u8]) -> io::Result<File> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = open_long(path, flags)?;
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::RegularFile => Ok(File::from(file)),
        _ => Err(io::Error::other("is no longer a regular file")),
    }
}

/// Opens a path of any length, by way of the directories at which it has to be cut.
fn open_long(path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let mut base: Option<OwnedFd> = None;
    let mut rest = path;
    while rest.len() > LONGEST_PATH {
        let cut = rest[..LONGEST_PATH].iter().rposition(|byte| *byte == b'/');
        // The slash itself belongs to the first part: alone, it is the root directory.
        let (part, after) = rest.split_at(cut.ok_or(Errno::NAMETOOLONG)? + 1);
        base = Some(open_at(
            base.as_ref(),
            part,
            OFlags::RDONLY | OFlags::DIRECTORY,
        )?);
        let slashes = after.iter().take_while(|byte| **byte == b'/').count();
        rest = &after[slashes..];
    }
    open_at(base.as_ref(), rest, flags)
}

fn open_at(base: Option<&OwnedFd>, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    rustix::io::retry_on_intr(|| match base {
        Some(base) => openat(base, path, flags, Mode::empty()),
        None => openat(CWD, path, flags, Mode::empty()),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use rustix::fs::{mkdirat, mknodat};
    use tempfile::tempdir;

    use super::*;

    #[test]
    fn only_a_regular_file_is_opened_whatever_took_its_place() {
        let tree = tempdir().expect("a directory");
        std::fs::write(tree.path().join("file"), b"text").expect("a file");
        symlink("file", tree.path().join("link")).expect("a link");
        let fifo = tree.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).expect("a fifo");
        let opens = |name: &str| regular_file(tree.path().join(name).as_os_str().as_bytes());
        assert!(opens("file").is_ok());
        for other in ["link", "fifo", ".", "nothing"] {
            assert!(opens(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_link_to_a_directory_is_followed_only_before_a_slash() {
        let tree = tempdir().expect("a directory");
        symlink(".", tree.path().join("link")).expect("a link");
        let opens = |name: &str| directory(tree.path().join(name).as_os_str().as_bytes());
        assert!(opens("link").is_err());
        assert!(opens("link/").is_ok());
    }

    #[test]
    fn a_path_longer_than_one_system_call_takes_is_opened() {
        let tree = tempdir().expect("a directory");
        let mut path = tree.path().as_os_str().as_bytes().to_vec();
        let mut parent = directory(&path).expect("the directory");
        for letter in (b'a'..=b'z').cycle().take(5 * LONGEST_PATH / 100) {
            let name = [letter; 99];
            mkdirat(&parent, name.as_slice(), Mode::RWXU).expect("a directory");
            parent = open_at(Some(&parent), &name, OFlags::RDONLY).expect("the directory");
            // Twice the slash: no part may come to be taken for an absolute path.
            path.extend_from_slice(b"//");
            path.extend_from_slice(&name);
            assert!(directory(&path).is_ok(), "{} bytes", path.len());
        }
    }

    #[test]
    fn a_name_that_cannot_be_cut_is_too_long() {
        let error = directory(&[b'x'; 3 * LONGEST_PATH]).expect_err("one long name");
        assert_eq!(
            error.raw_os_error(),
            Some(Errno::NAMETOOLONG.raw_os_error())
        );
    }
}
