#![forbid(unsafe_code)]
//! What is shown of the results.

pub mod counts;
pub mod terminal;
