//! File descriptors of any kind.
#![cfg(all(unix, feature = "net"))]

mod support;

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;

use fastwake::io::unix::AsyncFd;
use fastwake::io::{Interest, Ready};
use support::Count;
use support::net::{current_thread_io, on_each_flavor, poll_once};

/// A stream that counts its drop.
struct Counted(UnixStream, #[allow(dead_code)] Box<dyn Send + Sync>);

impl AsRawFd for Counted {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

fn pair() -> (AsyncFd<UnixStream>, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    one.set_nonblocking(true).unwrap();
    other.set_nonblocking(true).unwrap();
    // SAFETY: a stream keeps its descriptor.
    (unsafe { AsyncFd::register(one) }.unwrap(), other)
}

#[test]
fn a_wait_ends_when_there_is_something_and_again_only_after_it_was_cleared() {
    on_each_flavor(|| async {
        let (mut fd, mut other) = pair();
        {
            let mut waiting = pin!(fd.readable());
            assert!(poll_once(waiting.as_mut()).await.is_pending());
            other.write_all(b"x").unwrap();
            let mut guard = waiting.await.unwrap();
            assert!(guard.ready().is_readable());
            guard.retain_ready();
        }
        // Not cleared: ready at once.
        let mut guard = fd.readable_mut().await.unwrap();
        let mut byte = [0];
        let read = guard.try_io(|fd| fd.get_mut().read(&mut byte));
        assert_eq!(read.unwrap().unwrap(), 1);
        let read = guard.try_io(|fd| fd.get_mut().read(&mut byte));
        assert!(read.is_err());
        assert!(guard.ready().is_empty());
        let mut waiting = pin!(fd.readable());
        assert!(poll_once(waiting.as_mut()).await.is_pending());
        other.write_all(b"y").unwrap();
        waiting.await.unwrap().clear_ready();
    });
}

#[test]
fn one_direction_is_cleared_and_the_other_stays() {
    on_each_flavor(|| async {
        let (fd, mut other) = pair();
        other.write_all(b"x").unwrap();
        fd.readable().await.unwrap().retain_ready();
        fd.writable().await.unwrap().retain_ready();
        let both = Interest::READABLE | Interest::WRITABLE;
        let mut guard = fd.ready(both).await.unwrap();
        assert!(guard.ready().is_readable() && guard.ready().is_writable());
        guard.clear_ready_matching(Ready::READABLE);
        assert_eq!(guard.ready(), Ready::WRITABLE);
        let mut waiting = pin!(fd.readable());
        assert!(poll_once(waiting.as_mut()).await.is_pending());
        assert!(fd.writable().await.is_ok());
    });
}

#[test]
fn operations_are_tried_until_they_do_not_block() {
    on_each_flavor(|| async {
        let (mut fd, mut other) = pair();
        let mut byte = [0];
        {
            let mut reading =
                pin!(fd.async_io_mut(Interest::READABLE, |stream| { stream.read(&mut byte) }));
            assert!(poll_once(reading.as_mut()).await.is_pending());
            other.write_all(b"x").unwrap();
            assert_eq!(reading.await.unwrap(), 1);
        }
        let written = fd.async_io(Interest::WRITABLE, |mut stream| stream.write(b"y"));
        assert_eq!(written.await.unwrap(), 1);
        other.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"y");
        let blocked = fd.try_io_mut(Interest::READABLE, |stream| stream.read(&mut byte));
        assert_eq!(blocked.unwrap_err().kind(), ErrorKind::WouldBlock);
        let failed = fd.async_io(Interest::WRITABLE, |_| {
            Err::<(), _>(io::Error::from(ErrorKind::Unsupported))
        });
        assert_eq!(failed.await.unwrap_err().kind(), ErrorKind::Unsupported);
    });
}

#[test]
fn poll_functions_have_a_waker_for_each_direction() {
    on_each_flavor(|| async {
        let (fd, mut other) = pair();
        while fd
            .async_io(Interest::WRITABLE, |mut stream| {
                match stream.write(&[0; 4096]) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
                    written => written,
                }
            })
            .await
            .unwrap()
            > 0
        {}
        fd.writable().await.unwrap().clear_ready();
        let fd = std::sync::Arc::new(fd);
        let [reader, writer] = [false, true].map(|writes| {
            let fd = fd.clone();
            fastwake::spawn(poll_fn(move |context| {
                let polled = if writes {
                    fd.poll_write_ready(context)
                } else {
                    fd.poll_read_ready(context)
                };
                polled.map_ok(|mut guard| guard.retain_ready())
            }))
        });
        other.write_all(b"x").unwrap();
        reader.await.unwrap().unwrap();
        assert!(!writer.is_finished());
        while other.read(&mut [0; 65_536]).is_ok() {}
        writer.await.unwrap().unwrap();
    });
}

#[test]
fn what_was_registered_is_given_back_or_dropped_once() {
    on_each_flavor(|| async {
        let drops = Count::default();
        let counted = || {
            let (one, other) = UnixStream::pair().unwrap();
            one.set_nonblocking(true).unwrap();
            let count = drops.clone();
            let on_drop = support::OnDrop(move || {
                count.add();
            });
            (Counted(one, Box::new(on_drop)), other)
        };
        let (one, _other) = counted();
        // SAFETY: a stream keeps its descriptor.
        let fd = unsafe { AsyncFd::register(one) }.unwrap();
        let one = fd.into_inner();
        assert_eq!(drops.get(), 0);
        // SAFETY: as above.
        let fd = unsafe { AsyncFd::register_with_interest(one, Interest::READABLE) }.unwrap();
        drop(fd);
        assert_eq!(drops.get(), 1);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_regular_file_is_refused_and_given_back() {
    on_each_flavor(|| async {
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        let number = file.as_raw_fd();
        // SAFETY: a file keeps its descriptor.
        let error = unsafe { AsyncFd::register(file) }.unwrap_err();
        let (file, error) = error.into_parts();
        assert_eq!(file.as_raw_fd(), number);
        assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    });
}

#[test]
fn who_waits_when_the_runtime_ends_gets_an_error() {
    let runtime = current_thread_io();
    let (fd, mut other) = runtime.block_on(async { pair() });
    let mut readable = Box::pin(async move { fd.readable().await.map(|mut g| g.retain_ready()) });
    runtime.block_on(async {
        let polled = poll_once(readable.as_mut()).await;
        assert!(polled.is_pending());
    });
    drop(runtime);
    other.write_all(b"x").unwrap();
    let error = support::net::park_on(readable).unwrap_err();
    assert!(error.to_string().contains("shut down"), "{error}");
}

#[test]
fn a_runtime_without_io_says_so() {
    let runtime = support::current_thread();
    let message = support::panic_message(|| {
        let (one, _other) = UnixStream::pair().unwrap();
        // SAFETY: a stream keeps its descriptor.
        runtime.block_on(async { unsafe { AsyncFd::register(one) }.map(drop) })
    });
    assert!(message.contains("enable_io"), "{message}");
}

#[test]
fn a_future_that_yields_in_a_loop_keeps_no_events_out() {
    on_each_flavor(|| async {
        let (fd, mut other) = pair();
        other.write_all(b"x").unwrap();
        let mut byte = [0];
        let mut read = || fd.try_io(Interest::READABLE, |mut stream| stream.read(&mut byte));
        while read().is_err() {
            fastwake::task::yield_now().await;
        }
    });
}
