//! The runtime: how it is built, entered, used and ended.
//!
//! Most programs need only `#[fastwake::main]`. [`Builder`] is for those that want
//! other pools, names or limits; [`Runtime`] owns what it built; [`Handle`] is how the rest of a
//! program, in tasks or on its own threads, reaches it.

mod assembly;
mod builder;
mod config;
mod context;
pub mod dump;
mod handle;
mod id;
#[cfg(unix)]
mod inspect;
mod json;
mod local;
mod metrics;
mod owner;
#[cfg(feature = "metrics")]
mod publisher;
#[cfg(feature = "tokio-compat")]
mod tokio_compat;

pub use builder::Builder;
#[cfg(feature = "time")]
pub(crate) use context::is_ending;
pub use context::{EnterGuard, TryCurrentError};
pub(crate) use context::{allow_blocking, forbid_block_in_place, may_block_in_place};
pub use handle::{Handle, RuntimeFlavor};
pub use id::Id;
pub use local::{LocalOptions, LocalRuntime};
pub use metrics::{RuntimeMetrics, worker_index};
pub use owner::Runtime;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use publisher::MetricsPublisher;

pub use crate::driver::is_rt_shutdown_err;
pub use crate::metrics::{BlockingMetrics, PoolKind, PoolMetrics};
pub use crate::scheduler::{LongPoll, PoolStall, Substitute};
pub use crate::threads::ThreadState;
