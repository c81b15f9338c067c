//! Reading a batch of files, one buffer at a time.

use std::fs::File;
use std::io::{self, Read};

use super::open;
use super::walk::Found;

/// The size of a buffer.
pub(crate) const BUFFER_BYTES: usize = 512 * 1024;

/// Reads files one after the other and remembers where it was between two buffers.
pub(crate) struct Reader {
    files: Vec<Found>,
    /// The file in `files` that is to be read, or read on.
    next: usize,
    /// That file, once it has been opened.
    open: Option<File>,
}

/// A buffer, and which parts of it belong to which file.
pub(crate) struct Filled {
    pub(crate) buffer: Vec<u8>,
    /// Consecutive parts of the buffer from its start. The first goes on with the file that the
    /// buffer before left unfinished, if it did.
    pub(crate) pieces: Vec<Piece>,
}

/// Some bytes of one file.
pub(crate) struct Piece {
    pub(crate) len: usize,
    pub(crate) ending: Ending,
}

/// Why a piece is not longer.
pub(crate) enum Ending {
    BufferFull,
    EndOfFile,
    Failed(io::Error),
}

impl Reader {
    pub(crate) fn new(files: Vec<Found>) -> Self {
        Self {
            files,
            next: 0,
            open: None,
        }
    }

    /// Whether all files have been read.
    pub(crate) fn is_done(&self) -> bool {
        self.next == self.files.len()
    }

    pub(crate) fn into_files(self) -> Vec<Found> {
        self.files
    }

    /// Reads until the buffer is full or everything has been read. The buffer's contents do not
    /// matter; it is brought to [`BUFFER_BYTES`] if it is not of that size yet.
    pub(crate) fn fill(&mut self, mut buffer: Vec<u8>) -> Filled {
        if buffer.len() != BUFFER_BYTES {
            buffer = vec![0; BUFFER_BYTES];
        }
        let mut pieces = Vec::new();
        let mut used = 0;
        while used < BUFFER_BYTES && !self.is_done() {
            let piece = self.read_piece(&mut buffer[used..]);
            used += piece.len;
            pieces.push(piece);
        }
        Filled { buffer, pieces }
    }

    fn read_piece(&mut self, free: &mut [u8]) -> Piece {
        let file = match self.open.take() {
            Some(file) => Ok(file),
            None => open::regular_file(&self.files[self.next].path),
        };
        let (piece, file) = match file {
            Ok(mut file) => (read_until_full(&mut file, free), Some(file)),
            Err(error) => (
                Piece {
                    len: 0,
                    ending: Ending::Failed(error),
                },
                None,
            ),
        };
        match piece.ending {
            Ending::BufferFull => self.open = file,
            Ending::EndOfFile | Ending::Failed(_) => self.next += 1,
        }
        piece
    }
}

fn read_until_full(file: &mut impl Read, free: &mut [u8]) -> Piece {
    let mut len = 0;
    while len < free.len() {
        match file.read(&mut free[len..]) {
            Ok(0) => {
                return Piece {
                    len,
                    ending: Ending::EndOfFile,
                };
            }
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Piece {
                    len,
                    ending: Ending::Failed(error),
                };
            }
        }
    }
    Piece {
        len,
        ending: Ending::BufferFull,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is interrupted before each read, gives a byte at a time, and fails in the end.
    struct Flaky {
        calls: usize,
    }

    impl Read for Flaky {
        fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
            self.calls += 1;
            match self.calls {
                7.. => Err(io::Error::other("a bad sector")),
                odd if odd % 2 == 1 => Err(io::ErrorKind::Interrupted.into()),
                _ => {
                    free[0] = b'x';
                    Ok(1)
                }
            }
        }
    }

    #[test]
    fn short_reads_and_interruptions_are_no_end_but_an_error_is() {
        let mut free = [0; 8];
        let piece = read_until_full(&mut Flaky { calls: 0 }, &mut free);
        assert_eq!((piece.len, &free[..4]), (3, b"xxx\0".as_slice()));
        assert!(matches!(piece.ending, Ending::Failed(_)));
    }

    #[test]
    fn the_end_of_a_file_is_known_only_once_a_read_has_given_nothing() {
        let piece = read_until_full(&mut b"four".as_slice(), &mut [0; 4]);
        assert!(matches!(
            piece,
            Piece {
                len: 4,
                ending: Ending::BufferFull
            }
        ));
        let piece = read_until_full(&mut b"four".as_slice(), &mut [0; 5]);
        assert!(matches!(
            piece,
            Piece {
                len: 4,
                ending: Ending::EndOfFile
            }
        ));
    }
}
