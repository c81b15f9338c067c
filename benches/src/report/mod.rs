#![forbid(unsafe_code)]
//! What is shown of the results.

pub mod terminal;
