#![forbid(unsafe_code)]
//! What the system allows this process.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Allows as many open files as the system lets this process have: 512 connections are more than the
/// usual limit.
pub fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it refuses, the row that needs them says so.
    let _ = setrlimit(Resource::Nofile, limit);
}
