//! Reading, with the calls of mio's sources, into memory that has not been initialized.

use std::io;

use crate::net::receive::Room;

/// Has `read` write to what is left of `room`, and say how much it has written.
///
/// `read` is to hand the slice on to the system, and not to look at what is in it.
pub(super) fn fill<T>(
    room: &mut impl Room,
    read: impl FnOnce(&mut [u8]) -> io::Result<(usize, T)>,
) -> io::Result<(usize, T)> {
    // SAFETY: bytes are written to it, by the system, and nothing else.
    let spare = std::ptr::from_mut(unsafe { room.spare() });
    // SAFETY: it is as long as the borrow of `room` above, nothing else refers to it, and the system,
    // which is who gets it, only writes to it.
    let target = unsafe { &mut *(spare as *mut [u8]) };
    let (n, rest) = read(target)?;
    // SAFETY: the system has written `n` bytes.
    unsafe { room.fill(n) };
    Ok((n, rest))
}

/// As [`fill`], for what has only a number of bytes to tell.
#[cfg(feature = "io-util")]
pub(super) fn fill_bytes(
    room: &mut impl Room,
    read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    fill(room, |target| Ok((read(target)?, ()))).map(|(n, ())| n)
}
