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
///
/// # Examples
///
/// ```
/// use fastwake::net::unix::{UCred, uid_t};
///
/// /// May this client give orders? The owner may, and root.
/// fn may_order(client: &UCred, owner: uid_t) -> bool {
///     [0, owner].contains(&client.uid())
/// }
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (_client, server) = fastwake::net::UnixStream::pair()?;
/// let client = server.peer_cred()?;
/// assert!(may_order(&client, client.uid()));
/// # Ok(())
/// # }
/// ```
#[allow(non_camel_case_types, reason = "the system's name")]
pub type uid_t = u32;

/// The number of a group.
///
/// # Examples
///
/// ```
/// use fastwake::net::unix::{UCred, gid_t};
///
/// /// Is this client of one of the groups that may connect?
/// fn may_connect(client: &UCred, groups: &[gid_t]) -> bool {
///     groups.contains(&client.gid())
/// }
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (_client, server) = fastwake::net::UnixStream::pair()?;
/// let client = server.peer_cred()?;
/// assert!(may_connect(&client, &[client.gid()]) && !may_connect(&client, &[]));
/// # Ok(())
/// # }
/// ```
#[allow(non_camel_case_types, reason = "the system's name")]
pub type gid_t = u32;

/// The number of a process.
///
/// # Examples
///
/// ```
/// use fastwake::net::unix::pid_t;
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// # let (_client, server) = fastwake::net::UnixStream::pair()?;
/// let client: Option<pid_t> = server.peer_cred()?.pid();
/// match client {
///     Some(pid) => println!("process {pid} has connected"),
///     None => println!("somebody has connected"),
/// }
/// # Ok(())
/// # }
/// ```
#[allow(non_camel_case_types, reason = "the system's name")]
pub type pid_t = i32;
