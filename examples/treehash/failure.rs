//! A path that could not be hashed, and why.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) path: Vec<u8>,
    pub(crate) error: io::Error,
}

impl fmt::Display for Failure {
    /// Quotes the path, so that the message is one line and harmless to a terminal whatever bytes
    /// the path is made of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", OsStr::from_bytes(&self.path), self.error)
    }
}
