//! What only Unix systems have: sockets in the file system, credentials, pipes.
//!
//! The sockets themselves are [`UnixStream`](super::UnixStream),
//! [`UnixListener`](super::UnixListener), [`UnixDatagram`](super::UnixDatagram) and
//! [`UnixSocket`](super::UnixSocket). Wherever they take a path, on Linux one that begins with a NUL
//! byte is a name in the abstract namespace, which no file stands for.

mod addr;
pub(super) mod datagram;
mod fill;
pub(super) mod listener;
pub mod pipe;
pub(super) mod socket;
mod split;
mod split_owned;
pub(super) mod stream;
mod ucred;

pub use addr::SocketAddr;
pub use split::{ReadHalf, WriteHalf};
pub use split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use ucred::UCred;

/// The number of a user.
#[allow(non_camel_case_types, reason = "the system's name")]
pub type uid_t = u32;

/// The number of a group.
#[allow(non_camel_case_types, reason = "the system's name")]
pub type gid_t = u32;

/// The number of a process.
#[allow(non_camel_case_types, reason = "the system's name")]
pub type pid_t = i32;
