#![forbid(unsafe_code)]
//! A tokio context on every thread of a runtime, for libraries that insist on tokio.
//!
//! One tokio runtime for the whole process, on a thread of its own, waits for their sockets and
//! timers and wakes whatever task polls them; the tasks themselves run here. It is made with the first
//! runtime of fastwake's, and stays until the process ends.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, EnterGuard, Handle};

static HELPER: Mutex<Option<&'static Handle>> = Mutex::new(None);

fn helper() -> std::sync::MutexGuard<'static, Option<&'static Handle>> {
    HELPER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sees to it that there is one.
///
/// # Errors
///
/// The system's, if it gives no thread or no file descriptor.
pub(super) fn start() -> io::Result<()> {
    let mut helper = helper();
    if helper.is_none() {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        thread::Builder::new()
            .name("fastwake-tokio".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
        // Once in a process, so that guards need not say how long they live.
        *helper = Some(Box::leak(Box::new(handle)));
    }
    Ok(())
}

/// This thread is in the helper as long as this lives; or in another tokio runtime, if it was.
#[derive(Debug)]
pub(super) struct Entered(
    #[expect(dead_code, reason = "for its drop")] Option<EnterGuard<'static>>,
);

pub(super) fn enter() -> Entered {
    // `Ok`: the thread is in a tokio runtime, and stays there. The other error: it is being torn
    // down.
    let has_none = Handle::try_current().is_err_and(|error| error.is_missing_context());
    let helper = if has_none { *helper() } else { None };
    Entered(helper.map(Handle::enter))
}
