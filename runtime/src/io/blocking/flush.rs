#![forbid(unsafe_code)]
//! What only the standard streams can do: flush a buffer of their own.

use std::io::Write;

use super::{Device, Operations, Outcome};

impl Operations {
    /// Begins a flush of the device, which counts as a write; no operation runs.
    pub(crate) fn start_flush<T>(&mut self, device: &Device<T>)
    where
        T: Send + Sync + 'static,
        for<'a> &'a T: Write,
    {
        // If it is refused, so is the operation: the next poll says why.
        let _: bool = self.begin_accepted(device, |mut io, _| Outcome::Write(io.flush()));
    }
}
