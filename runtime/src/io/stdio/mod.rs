#![forbid(unsafe_code)]
//! The standard streams of the process.

mod input;
mod output;

pub use input::{Stdin, stdin};
pub use output::{Stderr, Stdout, stderr, stdout};
