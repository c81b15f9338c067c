#![forbid(unsafe_code)]
//! What only files can do: move, and change their size.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::task::{Context, Poll, ready};

use super::{Device, Operations, Outcome, Rewind};

impl Rewind for File {
    fn rewind(mut self: &Self, bytes: u64) -> io::Result<()> {
        // Most often there is nothing, and pipes cannot even do that.
        if bytes == 0 {
            return Ok(());
        }
        // No buffer is longer than `i64::MAX`.
        self.seek_relative(-(bytes as i64))
    }
}

impl Operations {
    /// Begins to move to `to`, from where the reader is, not from where the file has been read to.
    pub(crate) fn start_seek(&mut self, device: &Device<File>, to: SeekFrom) -> io::Result<()> {
        if self.running.is_some() {
            return Err(io::Error::other(
                "another operation of the file is still under way: `poll_complete` has to be \
                 ready before `start_seek`",
            ));
        }
        // Rewound also if `to` does not depend on it: a seek that fails moves nobody.
        let unread = self.buf.forget();
        self.begin(device, move |mut file, _| {
            Outcome::Seek(file.rewind(unread).and_then(|()| file.seek(to)))
        });
        Ok(())
    }

    /// Waits for the operation that runs; gives the position that the last seek led to.
    pub(crate) fn poll_sought(&mut self, context: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(match ready!(self.poll_idle(context))? {
            Some(Outcome::Seek(result)) => result,
            _ => Ok(self.position),
        })
    }

    /// Begins to change the file's size; no operation runs.
    pub(crate) fn start_resize(&mut self, device: &Device<File>, size: u64) {
        let unread = self.buf.forget();
        self.begin(device, move |file, _| {
            Outcome::Resize(file.rewind(unread).and_then(|()| file.set_len(size)))
        });
    }

    pub(crate) fn poll_resized(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match ready!(self.poll_idle(context))? {
            Some(Outcome::Resize(result)) => result,
            other => unreachable!("{other:?} came of a resize"),
        })
    }
}
