//! Lines as they come from strangers: of any length, in any encoding, with anything in them.
#![forbid(unsafe_code)]

use std::io;
use std::mem;

use fastwake::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest line that is taken, in bytes, without its end.
pub(crate) const LONGEST: usize = 1000;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Text(String),
    /// It was longer than [`LONGEST`], and has been thrown away.
    TooLong,
}

/// Reads lines; no more than one of them, and one buffer, is in memory.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    /// What has been read of the next line.
    begun: Vec<u8>,
    is_too_long: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::new(reader),
            begun: Vec::new(),
            is_too_long: false,
        }
    }

    /// The next line, or `None` after the last; that one needs no end. When this is cancelled, what
    /// has been read of the line stays here.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let chunk = self.reader.fill_buf().await?;
            if chunk.is_empty() {
                let is_over = self.begun.is_empty() && !self.is_too_long;
                return Ok((!is_over).then(|| self.take()));
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let used = end.map_or(part.len(), |end| end + 1);
            if self.is_too_long || self.begun.len() + part.len() > LONGEST {
                self.is_too_long = true;
                self.begun.clear();
            } else {
                self.begun.extend_from_slice(part);
            }
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(self.take()));
            }
        }
    }

    fn take(&mut self) -> Line {
        let bytes = mem::take(&mut self.begun);
        if mem::take(&mut self.is_too_long) {
            Line::TooLong
        } else {
            Line::Text(clean(&bytes))
        }
    }
}

/// The text that is in the bytes. What is not UTF-8, and what would steer the terminal of whoever
/// reads it, becomes the replacement character.
fn clean(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(bytes)
        .replace(|char: char| char.is_control() && char != '\t', "\u{fffd}")
}
