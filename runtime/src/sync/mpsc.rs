#![forbid(unsafe_code)]
//! Channels from many senders to one receiver: tokio's, and what of them needs a clock.
//!
//! ```
//! # #[fastwake::main]
//! # async fn main() {
//! use fastwake::sync::mpsc;
//!
//! let (sender, mut receiver) = mpsc::channel(8);
//! fastwake::spawn(async move { sender.send("hello").await });
//! assert_eq!(receiver.recv().await, Some("hello"));
//! # }
//! ```

pub use tokio::sync::mpsc::*;

#[cfg(feature = "time")]
#[cfg_attr(docsrs, doc(cfg(feature = "time")))]
pub use timed::SendTimeout;

/// What can become of a message.
pub mod error {
    pub use tokio::sync::mpsc::error::*;

    #[cfg(feature = "time")]
    #[cfg_attr(docsrs, doc(cfg(feature = "time")))]
    pub use super::timed::SendTimeoutError;
}

#[cfg(feature = "time")]
mod timed {
    use std::error::Error;
    use std::fmt;
    use std::future::Future;
    use std::time::Duration;

    use tokio::sync::mpsc::Sender;

    use crate::time;

    /// [`Sender::send`] with a limit, on fastwake's clock.
    ///
    /// In tokio this is a method of the sender, which needs tokio's clock; here it is a trait to be
    /// imported. Where some other crate of the same program turns tokio's feature `time` on, the
    /// method is there as well, comes first, and wants a tokio runtime: then call this one by its
    /// full name.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[fastwake::main]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use fastwake::sync::mpsc::{self, SendTimeout, error::SendTimeoutError};
    ///
    /// let (sender, _receiver) = mpsc::channel(1);
    /// let limit = Duration::from_millis(1);
    /// assert_eq!(SendTimeout::send_timeout(&sender, 1, limit).await, Ok(()));
    /// let full = SendTimeout::send_timeout(&sender, 2, limit).await;
    /// assert_eq!(full, Err(SendTimeoutError::Timeout(2)));
    /// # }
    /// ```
    pub trait SendTimeout<T> {
        /// Sends a value, and waits at most for `timeout` until there is room for it.
        ///
        /// # Errors
        ///
        /// The value comes back if the time has passed, or if the receiver has closed.
        ///
        /// # Cancel safety
        ///
        /// If the future is dropped, the value has not been sent, and is dropped with it.
        ///
        /// # Panics
        ///
        /// The future, outside a runtime, and in one without timers.
        ///
        /// # Examples
        ///
        /// ```
        /// # #[fastwake::main]
        /// # async fn main() {
        /// use std::time::Duration;
        /// use fastwake::sync::mpsc::{self, SendTimeout, error::SendTimeoutError};
        ///
        /// let (sender, receiver) = mpsc::channel(1);
        /// drop(receiver);
        /// let limit = Duration::from_secs(60);
        /// let closed = SendTimeout::send_timeout(&sender, "hello", limit).await;
        /// assert_eq!(closed, Err(SendTimeoutError::Closed("hello")));
        /// # }
        /// ```
        fn send_timeout(
            &self,
            value: T,
            timeout: Duration,
        ) -> impl Future<Output = Result<(), SendTimeoutError<T>>> + Send
        where
            T: Send;
    }

    impl<T> SendTimeout<T> for Sender<T> {
        async fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>>
        where
            T: Send,
        {
            match time::timeout(timeout, self.reserve()).await {
                Ok(Ok(permit)) => {
                    permit.send(value);
                    Ok(())
                }
                Ok(Err(_)) => Err(SendTimeoutError::Closed(value)),
                Err(_) => Err(SendTimeoutError::Timeout(value)),
            }
        }
    }

    /// Why a value was not sent; from [`SendTimeout`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::sync::mpsc::error::SendTimeoutError;
    ///
    /// fn what_now<T>(error: SendTimeoutError<T>) -> &'static str {
    ///     match error {
    ///         SendTimeoutError::Timeout(_) => "the receiver is slow: drop what matters least",
    ///         SendTimeoutError::Closed(_) => "nobody receives any more: end",
    ///     }
    /// }
    ///
    /// assert_eq!(what_now(SendTimeoutError::Closed(5)), "nobody receives any more: end");
    /// ```
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub enum SendTimeoutError<T> {
        /// There was no room in time.
        Timeout(T),
        /// The receiver has closed, or is gone.
        Closed(T),
    }

    impl<T> SendTimeoutError<T> {
        /// The value.
        ///
        /// # Examples
        ///
        /// ```
        /// # #[fastwake::main]
        /// # async fn main() {
        /// use std::time::Duration;
        /// use fastwake::sync::mpsc::{self, SendTimeout};
        ///
        /// let (sender, _receiver) = mpsc::channel(1);
        /// sender.send("first").await.unwrap();
        /// let limit = Duration::from_millis(1);
        /// let full = SendTimeout::send_timeout(&sender, "second", limit).await.unwrap_err();
        /// assert_eq!(full.into_inner(), "second", "to be kept for later");
        /// # }
        /// ```
        pub fn into_inner(self) -> T {
            match self {
                Self::Timeout(value) | Self::Closed(value) => value,
            }
        }
    }

    impl<T> fmt::Debug for SendTimeoutError<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::Timeout(_) => "Timeout(..)",
                Self::Closed(_) => "Closed(..)",
            })
        }
    }

    impl<T> fmt::Display for SendTimeoutError<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::Timeout(_) => "timed out waiting on send operation",
                Self::Closed(_) => "channel closed",
            })
        }
    }

    impl<T> Error for SendTimeoutError<T> {}
}
