//! The unit tests of `web`: those of an example are not run by `cargo test`.
#![cfg(test)]

#[path = "../web/app/folder.rs"]
mod folder;
