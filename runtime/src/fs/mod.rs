//! Files and directories.
//!
//! Operating systems offer files only with calls that block. So the functions here run those of
//! [`std::fs`] on the threads of the blocking pool, each in one hop there and back. A hop costs
//! microseconds, so it pays to do much in one:
//!
//! * [`read`], [`read_to_string`], [`write()`] and [`copy`] do a whole file in one hop, and [`write()`]
//!   takes a `Vec<u8>` or a `String` over without copying it;
//! * a [`File`] transfers up to [2 MiB](File::set_max_buf_size) in one, if it is asked for as much:
//!   wrap it in [`BufReader`](crate::io::BufReader) or [`BufWriter`](crate::io::BufWriter) where
//!   little is read or written at a time;
//! * what takes many steps is best done with [`std::fs`] in one
//!   [`spawn_blocking`](crate::task::spawn_blocking).
//!
//! Pipes, terminals and other special files may keep a thread blocked for ever, which holds up the
//! end of the runtime; [`fastwake::net`](crate::net) is for those that can be polled.
//!
//! # Cancel safety
//!
//! An operation that has begun cannot be stopped: dropping its future stops the waiting alone. One
//! that no thread has begun when the runtime is shut down is cancelled and gives an error, except
//! that what a [`File`] has accepted is written.
//!
//! # Panics
//!
//! Every operation panics outside a runtime, at its first poll.
//!
//! # Examples
//!
//! ```
//! # #[fastwake::main]
//! # async fn main() -> std::io::Result<()> {
//! use fastwake::fs;
//!
//! # let directory = tempfile::tempdir()?;
//! let path = directory.path().join("greeting");
//! fs::write(&path, "hello").await?;
//! assert_eq!(fs::read_to_string(&path).await?, "hello");
//! # Ok(())
//! # }
//! ```

mod contents;
mod directories;
mod entries;
mod file;
mod links;
mod open_options;
mod owned;
mod read_dir;
mod times;

pub use contents::{copy, read, read_to_string, write};
pub use directories::{DirBuilder, create_dir, create_dir_all, remove_dir, remove_dir_all};
pub use entries::{metadata, remove_file, rename, set_permissions, symlink_metadata, try_exists};
pub use file::File;
#[cfg(unix)]
pub use links::symlink;
pub use links::{canonicalize, hard_link, read_link};
#[cfg(windows)]
pub use links::{symlink_dir, symlink_file};
pub use open_options::OpenOptions;
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use times::FileTimes;
