//! An async runtime.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod runtime;
pub mod task;
pub mod topology;

mod blocking;
mod cell;
mod metrics;
mod park;
mod primitives;
mod scheduler;
mod threads;
mod user_code;

#[cfg(feature = "macros")]
#[cfg_attr(docsrs, doc(cfg(feature = "macros")))]
pub use fastwake_macros::{main, test};

pub use task::spawn;
