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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use proptest::prelude::*;
    use tempfile::tempdir;

    use super::super::read::{BUFFER_BYTES, Piece, Reader};
    use super::super::walk::Found;
    use super::*;

    /// `None` stands for a file that has vanished since it was found.
    fn contents() -> impl Strategy<Value = Option<Vec<u8>>> {
        let near = |buffers: usize| buffers * BUFFER_BYTES - 2..=buffers * BUFFER_BYTES + 2;
        let size = prop_oneof![Just(0), 1..2000_usize, near(1), near(2)];
        let bytes = (size, any::<u8>())
            .prop_map(|(size, seed)| (0..size).map(|n| (n % 251) as u8 ^ seed).collect());
        prop::option::weighted(0.9, bytes)
    }

    fn found(path: &Path) -> Found {
        // A hint that is wrong most of the time, as with files that grow.
        Found {
            path: path.as_os_str().as_bytes().to_vec(),
            size_hint: 7,
        }
    }

    #[test]
    fn a_file_that_fails_half_way_leaves_nothing_behind() {
        let half = Piece {
            len: 4,
            ending: Ending::Failed(io::Error::other("a bad sector")),
        };
        let whole = Piece {
            len: 3,
            ending: Ending::EndOfFile,
        };
        let mut hasher = Hasher::default();
        hasher.consume(Filled {
            buffer: b"halfabc".to_vec(),
            pieces: vec![half, whole],
        });
        assert!(hasher.sums[0].is_err());
        assert_eq!(
            hasher.sums[1].as_ref().ok(),
            Some(&Sum::from(Sha256::digest("abc")))
        );
        assert_eq!(hasher.sums.len(), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_file_is_hashed_as_a_whole_wherever_buffers_end(
            files in prop::collection::vec(contents(), 1..8)
        ) {
            let tree = tempdir()?;
            let mut batch = Vec::new();
            for (number, contents) in files.iter().enumerate() {
                let path = tree.path().join(number.to_string());
                contents.as_ref().map_or(Ok(()), |bytes| fs::write(&path, bytes))?;
                batch.push(found(&path));
            }
            let (mut reader, mut hasher) = (Reader::new(batch), Hasher::default());
            let mut buffer = Vec::new();
            while !reader.is_done() {
                buffer = hasher.consume(reader.fill(buffer));
                prop_assert_eq!(buffer.len(), BUFFER_BYTES);
            }
            let sums: Vec<Option<Sum>> = hasher.sums.into_iter().map(Result::ok).collect();
            let sum = |bytes: &Vec<u8>| Sum::from(Sha256::digest(bytes));
            let expected: Vec<Option<Sum>> =
                files.iter().map(|contents| contents.as_ref().map(sum)).collect();
            prop_assert_eq!(sums, expected);
            let bytes: usize = files.iter().flatten().map(Vec::len).sum();
            prop_assert_eq!(hasher.bytes, bytes as u64);
        }
    }
}
