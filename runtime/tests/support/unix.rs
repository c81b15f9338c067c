//! Places for Unix sockets.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

fn unique() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let next = NEXT.fetch_add(1, Relaxed);
    format!("fastwake-{}-{next}", std::process::id())
}

/// A path where nothing is, and nothing stays.
pub struct TempPath(PathBuf);

impl TempPath {
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(unique()))
    }
}

impl AsRef<Path> for TempPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempPath {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A name in the abstract namespace that nobody uses.
pub fn abstract_name() -> PathBuf {
    PathBuf::from(format!("\0{}", unique()))
}
