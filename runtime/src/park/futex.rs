//! Sleeping on the parker's word itself, by Linux's futex.

use std::ptr;
use std::time::Duration;

use super::state::ParkState;

/// The word is the futex, so there is nothing else to keep.
#[derive(Debug)]
pub(super) struct Sleeper;

impl Sleeper {
    pub(super) fn new() -> Self {
        Self
    }

    /// Sleeps while the word says `PARKED`; may wake up early. False: `timeout` has passed.
    pub(super) fn sleep_while_parked(&self, state: &ParkState, timeout: Option<Duration>) -> bool {
        let (word, parked) = state.word();
        let timeout = timeout.and_then(timespec);
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the word is a live, aligned `u32`, and `timeout` is null or points to a
        // `timespec` that outlives the call. The kernel writes to neither.
        let result = unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
                parked,
                timeout,
            )
        };
        // EAGAIN (the word was not `PARKED`) and EINTR are for the caller's loop.
        result == 0 || std::io::Error::last_os_error().raw_os_error() != Some(libc::ETIMEDOUT)
    }

    pub(super) fn wake(&self, state: &ParkState) {
        let (word, _) = state.word();
        // SAFETY: waking does not dereference the word; the kernel takes its address as a key. It
        // is live all the same, for the waker holds a reference to it.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
                1,
            );
        }
    }
}

/// The kernel's form of a duration; `None` (no limit) for those that it cannot express.
fn timespec(duration: Duration) -> Option<libc::timespec> {
    // SAFETY: all-zero bytes are a valid `timespec` (it is a plain struct of integers; some
    // targets have padding, which is why it is not written as a literal).
    let mut spec: libc::timespec = unsafe { std::mem::zeroed() };
    spec.tv_sec = duration.as_secs().try_into().ok()?;
    spec.tv_nsec = duration.subsec_nanos().into();
    Some(spec)
}
