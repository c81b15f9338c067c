//! The walk through the tree: an iterator over its regular files, sorted by path.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::vec;

use rustix::fs::{AtFlags, CWD, Dir, FileType, statat};

use super::failure::Failure;
use super::open;

/// A regular file, as it was when its directory was listed.
#[derive(Debug)]
pub(crate) struct Found {
    /// As `find` prints it.
    pub(crate) path: Vec<u8>,
    /// In bytes. For packing and for the progress bar only: what counts is what `read` gives.
    pub(crate) size_hint: u64,
}

/// Yields every regular file below a path, and the directories that cannot be listed.
///
/// Directories are entered depth first, their entries in byte order with a slash after the names
/// of directories. That makes the paths come sorted as whole strings of bytes (`a.b` before `a/b`
/// before `a0`), so that nothing has to be held back until the walk is over.
pub(crate) struct Walker {
    /// The entry last looked at; what is above it is found by cutting this short.
    path: Vec<u8>,
    /// From the root down to the directory being walked. On the heap, so any depth will do.
    levels: Vec<Level>,
}

struct Level {
    /// How much of `Walker::path` names this directory, the slash included.
    path_len: usize,
    /// Those that are still to be walked.
    entries: vec::IntoIter<Entry>,
}

struct Entry {
    name: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Directory,
    File { size_hint: u64 },
}

impl Walker {
    /// Prepares the walk from `path`, which yields nothing when `path` is neither a directory nor
    /// a regular file.
    ///
    /// # Errors
    ///
    /// There is nothing at `path`, or it cannot be examined.
    pub(crate) fn new(path: &OsStr) -> Result<Self, Failure> {
        let name = path.as_bytes().to_vec();
        let kind = match statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => kind_of(FileType::from_raw_mode(stat.st_mode), stat.st_size),
            Err(errno) => {
                return Err(Failure {
                    path: name,
                    error: errno.into(),
                });
            }
        };
        // The path itself is the only entry of a level that has no name.
        let entries: Vec<Entry> = kind.map(|kind| Entry { name, kind }).into_iter().collect();
        let root = Level {
            path_len: 0,
            entries: entries.into_iter(),
        };
        Ok(Self {
            path: Vec::new(),
            levels: vec![root],
        })
    }

    /// Whether there is nothing to walk, as is certain at the start of a path that is a link, a
    /// fifo, a socket or a device.
    pub(crate) fn is_over(&self) -> bool {
        self.levels
            .iter()
            .all(|level| level.entries.as_slice().is_empty())
    }

    /// Goes down into the directory at `self.path`. What was listed before an error is walked.
    fn descend(&mut self) -> io::Result<()> {
        let directory = open::directory(&self.path)?;
        if !self.path.ends_with(b"/") {
            self.path.push(b'/');
        }
        let mut entries = Vec::new();
        let outcome = list(directory, &mut entries);
        sort(&mut entries);
        let entries = entries.into_iter();
        self.levels.push(Level {
            path_len: self.path.len(),
            entries,
        });
        outcome
    }
}

impl Iterator for Walker {
    type Item = Result<Found, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let level = self.levels.last_mut()?;
            self.path.truncate(level.path_len);
            let Some(entry) = level.entries.next() else {
                self.levels.pop();
                continue;
            };
            self.path.extend_from_slice(&entry.name);
            match entry.kind {
                Kind::File { size_hint } => {
                    return Some(Ok(Found {
                        path: self.path.clone(),
                        size_hint,
                    }));
                }
                Kind::Directory => {
                    if let Err(error) = self.descend() {
                        return Some(Err(Failure {
                            path: self.path.clone(),
                            error,
                        }));
                    }
                }
            }
        }
    }
}

/// What the walk does with a file of this type; `None` when it passes it over.
fn kind_of(file_type: FileType, size: i64) -> Option<Kind> {
    match file_type {
        FileType::Directory => Some(Kind::Directory),
        FileType::RegularFile => Some(Kind::File {
            size_hint: u64::try_from(size).unwrap_or(0),
        }),
        _ => None,
    }
}

/// Appends the directories and regular files in `directory`, in the order of the file system.
fn list(directory: OwnedFd, entries: &mut Vec<Entry>) -> io::Result<()> {
    let mut listing = Dir::new(directory)?;
    while let Some(entry) = listing.read() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Directory => Some(Kind::Directory),
            FileType::RegularFile | FileType::Unknown => {
                match statat(listing.fd()?, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => kind_of(FileType::from_raw_mode(stat.st_mode), stat.st_size),
                    // It has vanished, most likely. Whoever opens it gets to report that.
                    Err(_) => Some(Kind::File { size_hint: 0 }),
                }
            }
            _ => None,
        };
        entries.extend(kind.map(|kind| Entry {
            name: name.to_bytes().to_vec(),
            kind,
        }));
    }
    Ok(())
}

/// Sorts entries so that the paths below them come in byte order: see [`Walker`].
fn sort(entries: &mut [Entry]) {
    let directories = |entry: &&mut Entry| matches!(entry.kind, Kind::Directory);
    for directory in entries.iter_mut().filter(directories) {
        directory.name.push(b'/');
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    for directory in entries.iter_mut().filter(directories) {
        directory.name.pop();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;
    use tempfile::tempdir;

    use super::*;

    /// Where every file below `path` is, in the order of the walk, from `path` on.
    fn walk(path: &Path) -> Vec<String> {
        let prefix = path.as_os_str().len() + 1;
        let walker = Walker::new(path.as_os_str()).expect("a walk");
        let paths = walker.map(|found| found.expect("no failure").path[prefix..].to_vec());
        paths
            .map(|path| String::from_utf8(path).expect("a name made here"))
            .collect()
    }

    /// Paths up to four names deep, of bytes on both sides of the slash, with files whose names go
    /// on where that of a directory ends. Directories end in `d` and files in `f`, so that no path
    /// is a file here and a directory there.
    fn paths() -> impl Strategy<Value = BTreeSet<String>> {
        let path = ("([-.0d]{0,2}d/){0,3}", "[-.0d]{0,2}f").prop_map(|(above, name)| above + &name);
        prop::collection::btree_set(path, 0..24)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_file_comes_once_and_in_the_order_of_whole_paths(paths in paths()) {
            let tree = tempdir()?;
            for path in &paths {
                let path = tree.path().join(path);
                fs::create_dir_all(path.parent().expect("a parent"))?;
                fs::write(path, b"")?;
            }
            prop_assert_eq!(walk(tree.path()), paths.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_directory_that_has_vanished_is_reported_and_the_walk_goes_on() {
        let tree = tempdir().expect("a directory");
        for name in ["a", "b", "c"] {
            fs::create_dir(tree.path().join(name)).expect("a directory");
            fs::write(tree.path().join(name).join("file"), b"").expect("a file");
        }
        let mut walker = Walker::new(tree.path().as_os_str()).expect("a walk");
        let first = walker.next().expect("a first").expect("a file");
        assert!(first.path.ends_with(b"/a/file"));
        fs::remove_dir_all(tree.path().join("b")).expect("b removed");
        let failure = walker.next().expect("a second").expect_err("b is gone");
        assert!(failure.path.ends_with(b"/b"));
        assert_eq!(failure.error.kind(), io::ErrorKind::NotFound);
        let last = walker.next().expect("a third").expect("a file");
        assert!(last.path.ends_with(b"/c/file"));
        assert!(walker.next().is_none() && walker.next().is_none());
    }

    #[test]
    fn a_path_that_is_not_there_is_an_error() {
        let tree = tempdir().expect("a directory");
        let missing = tree.path().join("missing");
        assert!(Walker::new(missing.as_os_str()).is_err());
        assert!(Walker::new(OsStr::new("")).is_err());
    }
}
