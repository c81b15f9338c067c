//! Signals: what the system, or another process, tells this one.
//!
//! [`ctrl_c`] is the usual one; [`unix`] has all that a Unix system knows. Elsewhere this module does
//! not exist yet.
//!
//! ```no_run
//! #[fastwake::main]
//! async fn main() -> std::io::Result<()> {
//!     fastwake::spawn(async { /* serve */ });
//!     fastwake::signal::ctrl_c().await?;
//!     println!("going down");
//!     Ok(())
//! }
//! ```

mod post;
mod room;
pub mod unix;

use std::io;

#[cfg(feature = "process")]
pub(crate) use post::{is_heard, listen_in_current_runtime};
#[cfg(feature = "process")]
pub(crate) use room::Listener;

/// Waits until the process is asked to stop from the keyboard (`SIGINT`).
///
/// The first poll of the future installs a handler, which stays for as long as the process lives:
/// from then on Ctrl-C does not end the process by itself, and it is up to the program to hear of it,
/// in another call. Presses between two calls are not kept; who is not to miss any uses
/// [`unix::signal`] with [`SignalKind::interrupt`](unix::SignalKind::interrupt).
///
/// # Errors
///
/// As [`unix::signal`].
///
/// # Panics
///
/// When polled outside a runtime, or in one without I/O.
///
/// # Examples
///
/// ```no_run
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// println!("waiting for Ctrl-C");
/// fastwake::signal::ctrl_c().await?;
/// # Ok(())
/// # }
/// ```
pub async fn ctrl_c() -> io::Result<()> {
    unix::signal(unix::SignalKind::interrupt())?.recv().await;
    Ok(())
}
