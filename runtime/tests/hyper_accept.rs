//! The server when it cannot accept.
#![cfg(all(
    feature = "hyper",
    feature = "io-util",
    feature = "net",
    feature = "sync",
    feature = "test-util"
))]

mod support;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use fastwake::hyper::{Listener, serve};
use fastwake::sync::oneshot;
use fastwake::time::Instant;
use support::Count;
use support::http::{Memory, memory, on_a_stopped_clock, on_each, path_service};

/// Fails with these errors before it accepts from the one inside.
struct Failing(VecDeque<io::Error>, Memory);

impl Failing {
    fn new(inner: Memory, times: usize, error: impl Fn() -> io::Error) -> Self {
        Self((0..times).map(|_| error()).collect(), inner)
    }
}

impl Listener for Failing {
    type Io = <Memory as Listener>::Io;
    type Addr = <Memory as Listener>::Addr;

    async fn accept(&mut self) -> io::Result<(Self::Io, Self::Addr)> {
        match self.0.pop_front() {
            Some(error) => Err(error),
            None => self.1.accept().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(())
    }
}

fn no_descriptor() -> io::Error {
    io::Error::other("no descriptor is left")
}

#[test]
fn an_accept_that_fails_is_tried_again_after_growing_pauses() {
    on_a_stopped_clock(|| async {
        let errors = Count::default();
        // 5, 10, 20, …, 640 ms, and twice 1 s.
        for (times, pause) in [(1, 5), (2, 15), (8, 1_275), (10, 3_275)] {
            let (clients, listener) = memory();
            let listener = Failing::new(listener, times, no_descriptor);
            let count = errors.clone();
            let server = serve(listener, path_service()).on_accept_error(move |error| {
                assert_eq!(error.to_string(), "no descriptor is left");
                count.add();
            });
            fastwake::spawn(server.into_future());
            let start = Instant::now();
            assert_eq!(
                clients.connect().unwrap().get("/a").await.unwrap().body,
                "/a"
            );
            let waited = start.elapsed();
            let pause = Duration::from_millis(pause);
            let rounding = Duration::from_millis(20);
            assert!(
                (pause..pause + rounding).contains(&waited),
                "{times}: {waited:?}"
            );
        }
        assert_eq!(errors.get(), 21);
    });
}

#[test]
fn a_connection_that_is_gone_already_costs_no_pause() {
    on_a_stopped_clock(|| async {
        let (clients, listener) = memory();
        let aborted = || io::ErrorKind::ConnectionAborted.into();
        let server = serve(Failing::new(listener, 1_000, aborted), path_service());
        fastwake::spawn(server.into_future());
        let start = Instant::now();
        assert_eq!(
            clients.connect().unwrap().get("/a").await.unwrap().body,
            "/a"
        );
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

/// Accepts one connection, fails for as long as that is open, and then accepts the next.
struct OneAtATime {
    inner: Memory,
    open: Option<()>,
    fails: usize,
}

impl Listener for OneAtATime {
    type Io = <Memory as Listener>::Io;
    type Addr = <Memory as Listener>::Addr;

    async fn accept(&mut self) -> io::Result<(Self::Io, Self::Addr)> {
        if self.open.is_some() && self.fails > 0 {
            self.fails -= 1;
            return Err(no_descriptor());
        }
        self.open = Some(());
        self.inner.accept().await
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(())
    }
}

#[test]
fn a_connection_that_ends_cuts_the_pause_short() {
    on_a_stopped_clock(|| async {
        let (clients, listener) = memory();
        let listener = OneAtATime {
            inner: listener,
            open: None,
            fails: 10,
        };
        let failed = Count::default();
        let count = failed.clone();
        let server = serve(listener, path_service()).on_accept_error(move |_| {
            count.add();
        });
        fastwake::spawn(server.into_future());
        let mut first = clients.connect().unwrap();
        assert_eq!(first.get("/a").await.unwrap().body, "/a");
        while failed.get() < 10 {
            fastwake::time::sleep(Duration::from_millis(1)).await;
        }
        // The last pause is 1 s long.
        let start = Instant::now();
        drop(first);
        assert_eq!(
            clients.connect().unwrap().get("/b").await.unwrap().body,
            "/b"
        );
        assert!(
            start.elapsed() < Duration::from_millis(500),
            "{:?}",
            start.elapsed()
        );
    });
}

#[test]
fn a_signal_ends_a_server_that_cannot_accept() {
    on_each(|| async {
        let (_clients, listener) = memory();
        let (shut_down, signal) = oneshot::channel::<()>();
        let (failed, has_failed) = oneshot::channel();
        let mut failed = Some(failed);
        let server = serve(Failing::new(listener, 1_000, no_descriptor), path_service())
            .with_graceful_shutdown(async { signal.await.unwrap() })
            .on_accept_error(move |_| {
                if let Some(failed) = failed.take() {
                    failed.send(()).unwrap();
                }
            });
        let server = fastwake::spawn(server.into_future());
        has_failed.await.unwrap();
        shut_down.send(()).unwrap();
        server.await.unwrap().unwrap();
    });
}

/// Without descriptors in earnest, in a process of its own.
#[cfg(target_os = "linux")]
mod descriptors {
    use std::fs::File;

    use fastwake::net::TcpListener;

    use super::support::http::{connect, runtime};
    use super::support::{is_rerun, must_end, rerun_passes, until};
    use super::*;

    const TEST: &str = "descriptors::a_lack_of_descriptors_is_waited_out_without_spinning";

    fn limit_descriptors() {
        let limit = libc::rlimit {
            rlim_cur: 64,
            rlim_max: 64,
        };
        // SAFETY: the structure lives for the call.
        let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
        assert_eq!(result, 0);
    }

    #[test]
    fn a_lack_of_descriptors_is_waited_out_without_spinning() {
        if is_rerun(TEST) {
            limit_descriptors();
            must_end(run);
        } else {
            rerun_passes(TEST, |_| {});
        }
    }

    fn run() {
        let errors = Count::default();
        let server_runtime = runtime(1);
        let client_runtime = runtime(0);
        let listener = server_runtime.block_on(async { TcpListener::bind("127.0.0.1:0").await });
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap();
        let count = errors.clone();
        let server = serve(listener, path_service()).on_accept_error(move |error| {
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
            count.add();
        });
        server_runtime.spawn(server.into_future());

        let mut files = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        // One for the client; none is left for the server, which takes it for a moment each time that it
        // finds nobody to accept.
        files.pop();
        let mut client = loop {
            match client_runtime.block_on(connect(address)) {
                Err(error) if error.raw_os_error() == Some(libc::EMFILE) => {}
                connected => break connected.unwrap(),
            }
        };
        until(|| errors.get() >= 8);
        // The first eight take 635 ms; a server that spins has had thousands by then.
        assert!(errors.get() < 100, "{}", errors.get());
        drop(files);
        let answer = client_runtime.block_on(client.get("/a")).unwrap();
        assert_eq!(answer.body, "/a");
    }
}
