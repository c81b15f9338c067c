//! An async runtime for Rust whose scheduler wakes its workers after the lock, on pools that follow
//! the machine's topology.

pub mod topology;
