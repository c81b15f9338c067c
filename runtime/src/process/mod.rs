//! Processes: starting them, talking to them, waiting for them.
//!
//! [`Command`] and [`Child`] are the standard library's, with the waiting done by the runtime.
//!
//! ```
//! use fastwake::process::Command;
//!
//! # #[fastwake::main]
//! # async fn main() -> std::io::Result<()> {
//! let output = Command::new("echo").arg("hello").output().await?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"hello\n");
//! # Ok(())
//! # }
//! ```
//!
//! # Dropping a child
//!
//! A process goes on when its [`Child`] is dropped, unless [`Command::kill_on_drop`] says otherwise.
//! When it ends, the runtime that it was started in collects its status, so that it does not stay
//! behind as a zombie. That is done in the background, when the system reports it, and as long as the
//! runtime runs; what is left then is collected by the next runtime of the process that starts a
//! process or listens for signals. Who wants certainty waits for the child.
//!
//! # How the end is noticed
//!
//! On Linux through a process descriptor (`pidfd`), where the kernel has them; otherwise, and for
//! children that were dropped, through `SIGCHLD`, for which a handler is installed then.

mod child;
mod command;
mod exit;
mod orphans;
#[cfg_attr(
    not(all(target_os = "linux", not(fastwake_portable))),
    path = "pidfd_portable.rs"
)]
mod pidfd;
mod stdio;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
