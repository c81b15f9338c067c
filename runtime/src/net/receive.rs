//! Receiving into memory that has not been initialized.

use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;

use socket2::SockRef;

use crate::io::ReadBuf;

/// Do the bytes stay in the socket?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bytes {
    Leave,
    Take,
}

/// Where received bytes go.
pub(super) trait Room {
    /// What is left of it.
    ///
    /// # Safety
    ///
    /// Bytes may be written to it, and nothing else: some may be initialized, and stay so.
    unsafe fn spare(&mut self) -> &mut [MaybeUninit<u8>];

    /// The first `n` bytes of [`spare`](Self::spare) count from now on.
    ///
    /// # Safety
    ///
    /// They have been initialized.
    unsafe fn fill(&mut self, n: usize);
}

impl Room for ReadBuf<'_> {
    unsafe fn spare(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the caller takes initialization from none.
        unsafe { self.unfilled_mut() }
    }

    unsafe fn fill(&mut self, n: usize) {
        // SAFETY: the caller has initialized them.
        unsafe { self.assume_init(n) };
        self.advance(n);
    }
}

/// A buffer of the crate `bytes`.
#[cfg(feature = "io-util")]
pub(super) struct Buf<'b, B>(pub(super) &'b mut B);

#[cfg(feature = "io-util")]
impl<B: bytes::BufMut> Room for Buf<'_, B> {
    unsafe fn spare(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the caller takes initialization from none.
        unsafe { self.0.chunk_mut().as_uninit_slice_mut() }
    }

    unsafe fn fill(&mut self, n: usize) {
        // SAFETY: the caller has initialized them.
        unsafe { self.0.advance_mut(n) };
    }
}

/// Receives from whom the socket is connected to.
pub(super) fn receive(
    socket: &SockRef<'_>,
    room: &mut impl Room,
    bytes: Bytes,
) -> io::Result<usize> {
    // SAFETY: the system writes bytes to it.
    let spare = unsafe { room.spare() };
    let n = match bytes {
        Bytes::Leave => socket.peek(spare)?,
        Bytes::Take => socket.recv(spare)?,
    };
    // SAFETY: the system has written `n` bytes.
    unsafe { room.fill(n) };
    Ok(n)
}

/// Receives from anybody.
pub(super) fn receive_from(
    socket: &SockRef<'_>,
    room: &mut impl Room,
    bytes: Bytes,
) -> io::Result<(usize, SocketAddr)> {
    // SAFETY: the system writes bytes to it.
    let spare = unsafe { room.spare() };
    let (n, sender) = match bytes {
        Bytes::Leave => socket.peek_from(spare)?,
        Bytes::Take => socket.recv_from(spare)?,
    };
    // SAFETY: the system has written `n` bytes.
    unsafe { room.fill(n) };
    Ok((n, internet(&sender)?))
}

/// An address of the internet's, as all of a socket of its family are.
///
/// # Errors
///
/// It is none: some systems tell no sender.
pub(super) fn internet(address: &socket2::SockAddr) -> io::Result<SocketAddr> {
    address.as_socket().ok_or_else(|| {
        let family = address.family();
        let text = format!("the system gave an address of family {family}, not IPv4 or IPv6");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}
