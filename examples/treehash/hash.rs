//! Hashing what was read.

use std::io;

use sha2::{Digest, Sha256};

use super::read::{Ending, Filled};

/// A SHA-256.
pub(crate) type Sum = [u8; 32];

/// Hashes the files of a batch, in the pieces in which they were read.
#[derive(Default)]
pub(crate) struct Hasher {
    /// Of the file whose end has not been seen yet.
    current: Sha256,
    pub(crate) sums: Vec<io::Result<Sum>>,
    /// All bytes hashed so far.
    pub(crate) bytes: u64,
}

impl Hasher {
    /// Hashes the contents of a buffer and gives the buffer back.
    pub(crate) fn consume(&mut self, filled: Filled) -> Vec<u8> {
        let mut rest = filled.buffer.as_slice();
        for piece in filled.pieces {
            let (bytes, after) = rest.split_at(piece.len);
            rest = after;
            self.current.update(bytes);
            self.bytes += piece.len as u64;
            match piece.ending {
                Ending::BufferFull => {}
                Ending::EndOfFile => self.sums.push(Ok(self.current.finalize_reset().into())),
                Ending::Failed(error) => {
                    self.current.reset();
                    self.sums.push(Err(error));
                }
            }
        }
        filled.buffer
    }
}
