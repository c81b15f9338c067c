//! The executor, the timer and the I/O that hyper is given.
#![cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync",
    feature = "test-util"
))]

mod support;

use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use fastwake::hyper::{Executor, Io, Timer};
use fastwake::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex};
use fastwake::sync::oneshot;
use fastwake::time::Instant;
use hyper::rt::{Executor as _, Read, Timer as _};
use support::http::{on_a_stopped_clock, on_each};

#[test]
fn an_executor_spawns_in_the_current_runtime() {
    on_each(|| async {
        let (sender, receiver) = oneshot::channel();
        Executor.execute(async move {
            let inner = fastwake::spawn(async { "from a task of a task" });
            sender.send(inner.await.unwrap()).unwrap();
        });
        assert_eq!(receiver.await.unwrap(), "from a task of a task");
    });
}

#[test]
fn a_timer_follows_a_clock_that_is_stopped() {
    on_a_stopped_clock(|| async {
        let start = Instant::now();
        assert_eq!(Timer.now(), start.into_std());
        Timer.sleep(Duration::from_secs(5)).await;
        Timer
            .sleep_until(Timer.now() + Duration::from_secs(5))
            .await;
        let elapsed = start.elapsed().as_secs_f64();
        assert!((10.0..10.1).contains(&elapsed), "{elapsed} s");
    });
}

#[test]
fn a_sleep_is_moved_where_it_is() {
    on_a_stopped_clock(|| async {
        let start = Instant::now();
        let mut nap = Timer.sleep(Duration::from_secs(1));
        let address = (&raw const *nap).addr();
        Timer.reset(&mut nap, (start + Duration::from_secs(3)).into_std());
        assert_eq!((&raw const *nap).addr(), address);
        nap.as_mut().await;
        assert!(start.elapsed() >= Duration::from_secs(3));
        // One that has ended can be moved too.
        Timer.reset(&mut nap, (start + Duration::from_secs(6)).into_std());
        assert_eq!((&raw const *nap).addr(), address);
        nap.await;
        assert!(start.elapsed() >= Duration::from_secs(6));
    });
}

#[test]
fn a_sleep_of_another_timer_is_replaced() {
    struct Never;
    impl Future for Never {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
    impl hyper::rt::Sleep for Never {}

    on_a_stopped_clock(|| async {
        let mut nap: Pin<Box<dyn hyper::rt::Sleep>> = Box::pin(Never);
        Timer.reset(
            &mut nap,
            (Instant::now() + Duration::from_secs(1)).into_std(),
        );
        nap.await;
    });
}

#[test]
fn bytes_pass_through_both_translations() {
    on_each(|| async {
        let (mut ours, theirs) = duplex(100);
        // tokio's traits as hyper's, and those as tokio's again.
        let mut theirs = Io::new(Io::new(theirs));
        let text: Vec<u8> = (0..10_000_u32).map(|n| n as u8).collect();
        let expected = text.clone();
        let writing = fastwake::spawn(async move {
            ours.write_all(&text).await.unwrap();
            let mut answer = Vec::new();
            ours.read_to_end(&mut answer).await.unwrap();
            answer
        });
        let mut read = vec![0; 7];
        theirs.read_exact(&mut read).await.unwrap();
        while read.len() < expected.len() {
            // Into memory that has not been initialized.
            theirs.read_buf(&mut read).await.unwrap();
        }
        assert_eq!(read, expected);
        theirs.write_all(&read).await.unwrap();
        theirs.shutdown().await.unwrap();
        assert_eq!(writing.await.unwrap(), expected);
    });
}

/// Counts the buffers of the writes that it is given.
struct Vectored(Vec<usize>);

impl AsyncWrite for Vectored {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.push(1);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.push(bufs.len());
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }
}

#[test]
fn several_buffers_are_written_in_one_go() {
    on_each(|| async {
        let mut io = Io::new(Io::new(Vectored(Vec::new())));
        assert!(AsyncWrite::is_write_vectored(&io));
        let bufs = [IoSlice::new(b"ab"), IoSlice::new(b"cde")];
        assert_eq!(io.write_vectored(&bufs).await.unwrap(), 5);
        assert_eq!(io.into_inner().into_inner().0, [2]);
    });
}

/// Puts a buffer of its own in the place of the one that it is given.
struct Swapping;

impl AsyncRead for Swapping {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        *buf = ReadBuf::new(&mut []);
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_reader_that_swaps_its_buffer_is_found_out() {
    let message = support::panic_message(|| {
        let mut bytes = [0; 16];
        let mut buf = hyper::rt::ReadBuf::new(&mut bytes);
        let mut io = Io::new(Swapping);
        let mut context = Context::from_waker(std::task::Waker::noop());
        Pin::new(&mut io).poll_read(&mut context, buf.unfilled())
    });
    assert!(message.contains("swapped its buffer"), "{message}");
}

#[test]
fn sleeps_need_a_runtime_with_timers() {
    let runtime = support::current_thread();
    let message =
        support::panic_message(|| runtime.block_on(async { Timer.sleep(Duration::ZERO).await }));
    assert!(message.contains("enable_time"), "{message}");
    let (_clients, listener) = support::http::memory();
    let server = fastwake::hyper::serve(listener, support::http::path_service());
    let message = support::panic_message(|| runtime.block_on(server.into_future()));
    assert!(message.contains("enable_time"), "{message}");
}
