#![forbid(unsafe_code)]
//! The bytes on their way between a task and a blocking thread.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::ops::Range;

use tokio::io::ReadBuf;

#[derive(Debug, Default)]
pub(super) struct Buf {
    /// As long as the largest transfer so far, and initialized: memory that comes zeroed from the
    /// system costs nothing more.
    bytes: Vec<u8>,
    /// What of it has been put in and not been taken out.
    filled: Range<usize>,
}

impl Buf {
    pub(super) fn is_empty(&self) -> bool {
        self.filled.is_empty()
    }

    fn grow(&mut self, len: usize) {
        if self.bytes.len() < len {
            self.bytes = vec![0; len];
        }
    }

    /// Moves out what fits.
    pub(super) fn take_into(&mut self, to: &mut ReadBuf<'_>) {
        let n = self.filled.len().min(to.remaining());
        to.put_slice(&self.bytes[self.filled.clone()][..n]);
        self.filled.start += n;
    }

    /// Empties the buffer; how much there was.
    pub(super) fn forget(&mut self) -> u64 {
        std::mem::take(&mut self.filled).len() as u64
    }

    /// Copies at most `most` bytes into the buffer, which is empty.
    pub(super) fn fill_from(&mut self, from: &[IoSlice<'_>], most: usize) -> usize {
        let offered = from
            .iter()
            .fold(0, |sum: usize, slice| sum.saturating_add(slice.len()));
        let wanted = offered.min(most);
        self.grow(wanted);
        let mut end = 0;
        for slice in from {
            let n = slice.len().min(wanted - end);
            self.bytes[end..end + n].copy_from_slice(&slice[..n]);
            end += n;
        }
        self.filled = 0..end;
        end
    }

    /// Reads once, at most `most` bytes, into the buffer, which is empty.
    pub(super) fn read_from(&mut self, from: &mut impl Read, most: usize) -> io::Result<()> {
        self.grow(most);
        loop {
            match from.read(&mut self.bytes[..most]) {
                Ok(n) => {
                    self.filled = 0..n;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes everything, and is empty then, whatever comes of it.
    pub(super) fn write_to(&mut self, to: &mut impl Write) -> io::Result<()> {
        let filled = std::mem::take(&mut self.filled);
        to.write_all(&self.bytes[filled])
    }
}
