#![forbid(unsafe_code)]
//! Systems without process descriptors.

use std::io;

use mio::event::Source;
use mio::{Interest, Registry, Token};

/// There is none.
#[derive(Debug)]
pub(super) enum Pidfd {}

impl Pidfd {
    pub(super) fn open(_pid: u32) -> Option<Self> {
        None
    }
}

impl Source for Pidfd {
    fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        match *self {}
    }

    fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        match *self {}
    }

    fn deregister(&mut self, _: &Registry) -> io::Result<()> {
        match *self {}
    }
}
