//! Parts of a TCP connection: the halves of a split stream, the connections that come in.

mod incoming;
mod listener;
mod owned;
mod split;
mod stream;

pub use incoming::{Incoming, IntoIncoming};
pub use listener::TcpListener;
pub use owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use split::{ReadHalf, WriteHalf};
pub use stream::TcpStream;
