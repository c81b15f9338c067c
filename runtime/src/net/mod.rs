//! TCP, UDP and names.
//!
//! A socket belongs to the runtime that it is made in, and to the pool of the thread that makes it:
//! that pool's workers hear of its events. It can be used from anywhere, tasks of other pools,
//! other runtimes and plain threads included. When its runtime ends, operations that wait return an
//! error.
//!
//! Each direction of a socket has one waker for its `poll_` functions, which is that of the last
//! call; any number of tasks may wait in its `async` functions.
//!
//! ```
//! use fastwake::io::{AsyncReadExt, AsyncWriteExt};
//! use fastwake::net::{TcpListener, TcpStream};
//!
//! # #[fastwake::main]
//! # async fn main() -> std::io::Result<()> {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//!
//! let server = fastwake::spawn(async move {
//!     let (mut stream, _) = listener.accept().await?;
//!     stream.write_all(b"hello").await
//! });
//!
//! let mut text = String::new();
//! let mut stream = TcpStream::connect(address).await?;
//! stream.read_to_string(&mut text).await?;
//! assert_eq!(text, "hello");
//! # server.await?
//! # }
//! ```

mod addr;
mod os;
mod receive;

pub mod tcp;

pub use addr::{ToSocketAddrs, lookup_host};
pub use tcp::{TcpListener, TcpStream};
