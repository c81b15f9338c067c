#![forbid(unsafe_code)]
//! Names and addresses of sockets.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{option, vec};

use crate::task::{JoinHandle, spawn_blocking};

/// What can be turned into addresses of sockets, without blocking the task that asks.
///
/// * [`SocketAddr`], [`SocketAddrV4`], [`SocketAddrV6`], `(IpAddr, u16)`, `(Ipv4Addr, u16)` and
///   `(Ipv6Addr, u16)` are one address;
/// * `&[SocketAddr]` is several;
/// * `(&str, u16)`, `(String, u16)`, `&str` and `String` are a host with a port. A numeric host is
///   that address; a name is looked up on a thread [that may block](crate::task::spawn_blocking).
///
/// The trait cannot be implemented outside of this crate: it is for the functions that take
/// addresses, and [`lookup_host`].
///
/// # Examples
///
/// A function of one's own takes what [`TcpListener::bind`](crate::net::TcpListener::bind) takes:
///
/// ```
/// use fastwake::net::{TcpListener, TcpStream, ToSocketAddrs};
/// use std::net::Ipv4Addr;
///
/// async fn connect(server: impl ToSocketAddrs) -> std::io::Result<TcpStream> {
///     let stream = TcpStream::connect(server).await?;
///     stream.set_nodelay(true)?;
///     Ok(stream)
/// }
///
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
/// let address = listener.local_addr()?;
/// connect(address).await?;
/// connect(&[address][..]).await?;
/// connect(("127.0.0.1", address.port())).await?;
/// connect(address.to_string()).await?;
/// # Ok(())
/// # }
/// ```
pub trait ToSocketAddrs: sealed::Resolve {}

/// Looks a name up.
///
/// There may be any number of addresses, in the system's order. Whatever goes beyond this is for a
/// resolver library.
///
/// # Errors
///
/// The system's, if it does not know the name; that there is no thread to look it up.
///
/// # Panics
///
/// Outside a runtime, for a name.
///
/// # Examples
///
/// ```
/// # #[fastwake::main]
/// # async fn main() -> std::io::Result<()> {
/// for address in fastwake::net::lookup_host("localhost:3000").await? {
///     println!("localhost is {}", address.ip());
/// }
/// # Ok(())
/// # }
/// ```
pub async fn lookup_host<T>(host: T) -> io::Result<impl Iterator<Item = SocketAddr>>
where
    T: ToSocketAddrs,
{
    resolve(host).await
}

/// Turns into addresses what a caller has given.
///
/// The future has nothing of the caller's any more, and so is `Send` whatever that was.
pub(super) fn resolve(host: impl ToSocketAddrs) -> sealed::Resolving {
    host.resolve(sealed::Internal)
}

/// Tries one address after the other.
///
/// # Errors
///
/// The last one's, if none works.
pub(super) fn first_that<T>(
    addresses: impl Iterator<Item = SocketAddr>,
    mut works: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = None;
    for address in addresses {
        match works(address) {
            Ok(done) => return Ok(done),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_address))
}

pub(super) fn no_address() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "no address: the name has none, or the list of addresses is empty",
    )
}

pub(super) mod sealed {
    use super::{JoinHandle, SocketAddr, io, option, vec};

    pub trait Resolve {
        #[doc(hidden)]
        fn resolve(&self, internal: Internal) -> Resolving;
    }

    /// Keeps others from calling.
    #[derive(Debug)]
    pub struct Internal;

    /// The future of addresses.
    #[derive(Debug)]
    pub struct Resolving(pub(super) Lookup);

    #[derive(Debug)]
    pub(super) enum Lookup {
        Done(Option<Addresses>),
        Running(JoinHandle<io::Result<vec::IntoIter<SocketAddr>>>),
    }

    #[derive(Debug)]
    pub enum Addresses {
        One(option::IntoIter<SocketAddr>),
        Many(vec::IntoIter<SocketAddr>),
    }
}

use sealed::{Addresses, Internal, Lookup, Resolve, Resolving};

impl Iterator for Addresses {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match self {
            Self::One(one) => one.next(),
            Self::Many(many) => many.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::One(one) => one.size_hint(),
            Self::Many(many) => many.size_hint(),
        }
    }
}

impl Resolving {
    fn one(address: impl Into<SocketAddr>) -> Self {
        let one = Addresses::One(Some(address.into()).into_iter());
        Self(Lookup::Done(Some(one)))
    }

    fn look_up<T>(host: T) -> Self
    where
        T: std::net::ToSocketAddrs<Iter = vec::IntoIter<SocketAddr>> + Send + 'static,
    {
        Self(Lookup::Running(spawn_blocking(move || {
            host.to_socket_addrs()
        })))
    }
}

impl Future for Resolving {
    type Output = io::Result<Addresses>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match &mut self.0 {
            Lookup::Done(addresses) => {
                Ok(addresses.take().expect("it is polled until it is ready"))
            }
            Lookup::Running(lookup) => ready!(Pin::new(lookup).poll(context))?.map(Addresses::Many),
        })
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {}

impl<T: Resolve + ?Sized> Resolve for &T {
    fn resolve(&self, internal: Internal) -> Resolving {
        (**self).resolve(internal)
    }
}

/// Types that are one address.
macro_rules! one_address {
    ($($address:ty),* $(,)?) => {$(
        impl ToSocketAddrs for $address {}

        impl Resolve for $address {
            fn resolve(&self, _: Internal) -> Resolving {
                Resolving::one(*self)
            }
        }
    )*};
}

one_address!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16),
);

impl ToSocketAddrs for &[SocketAddr] {}

impl Resolve for &[SocketAddr] {
    fn resolve(&self, _: Internal) -> Resolving {
        let many = Vec::from(*self);
        let many = Addresses::Many(many.into_iter());
        Resolving(Lookup::Done(Some(many)))
    }
}

impl ToSocketAddrs for str {}

impl Resolve for str {
    fn resolve(&self, _: Internal) -> Resolving {
        match self.parse::<SocketAddr>() {
            Ok(address) => Resolving::one(address),
            Err(_) => Resolving::look_up(self.to_owned()),
        }
    }
}

impl ToSocketAddrs for (&str, u16) {}

impl Resolve for (&str, u16) {
    fn resolve(&self, _: Internal) -> Resolving {
        let (host, port) = *self;
        match host.parse::<IpAddr>() {
            Ok(ip) => Resolving::one((ip, port)),
            Err(_) => Resolving::look_up((host.to_owned(), port)),
        }
    }
}

impl ToSocketAddrs for (String, u16) {}

impl Resolve for (String, u16) {
    fn resolve(&self, internal: Internal) -> Resolving {
        (self.0.as_str(), self.1).resolve(internal)
    }
}

impl ToSocketAddrs for String {}

impl Resolve for String {
    fn resolve(&self, internal: Internal) -> Resolving {
        self.as_str().resolve(internal)
    }
}
