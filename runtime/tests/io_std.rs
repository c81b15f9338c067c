//! The standard streams, in processes of their own.
#![cfg(all(unix, feature = "io-std", feature = "io-util"))]

mod support;

use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::process::Stdio;
use std::sync::mpsc;

use fastwake::io::{AsyncReadExt, AsyncWriteExt, stderr, stdin, stdout};
use fastwake::runtime::{Builder, Handle};
use support::{
    current_thread, is_rerun, multi_thread, must_end, panic_message, rerun, rerun_passes,
};

/// Where the test's own output begins and ends in that of its process.
const BEGIN: &[u8] = b"\n<<<begin>>>\n";
const END: &[u8] = b"\n<<<end>>>\n";

/// What a process has written between the marks.
#[track_caller]
fn between_marks(output: &[u8]) -> &[u8] {
    let find = |mark: &[u8]| output.windows(mark.len()).position(|bytes| bytes == mark);
    match (find(BEGIN), find(END)) {
        (Some(begin), Some(end)) => &output[begin + BEGIN.len()..end],
        _ => panic!("no marks in {:?}", String::from_utf8_lossy(output)),
    }
}

/// A file with these contents, at its beginning.
fn holding(contents: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(contents).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn what_comes_in_goes_out() {
    let test = "what_comes_in_goes_out";
    if is_rerun(test) {
        return multi_thread(2).block_on(async {
            let (mut input, mut output) = (stdin(), stdout());
            output.write_all(BEGIN).await.unwrap();
            let copied = fastwake::io::copy(&mut input, &mut output).await.unwrap();
            assert_eq!(copied, 5_000_001);
            output.write_all(END).await.unwrap();
            output.flush().await.unwrap();
        });
    }
    // Not text, and larger than any buffer.
    let bytes: Vec<u8> = (0..5_000_001_u32)
        .map(|i| (i ^ (i >> 9) ^ (i >> 17)) as u8)
        .collect();
    let output = rerun(test, |command| {
        command.stdin(holding(&bytes));
    });
    assert!(output.status.success(), "{output:?}");
    assert!(
        between_marks(&output.stdout) == bytes,
        "something else came out"
    );
}

#[test]
fn writes_of_one_handle_come_out_in_order() {
    let test = "writes_of_one_handle_come_out_in_order";
    if is_rerun(test) {
        return multi_thread(2).block_on(async {
            let (mut output, mut error) = (stdout(), stderr());
            output.write_all(BEGIN).await.unwrap();
            for i in 0..2_000 {
                output.write_all(format!("{i}\n").as_bytes()).await.unwrap();
                error.write_all(format!("{i}\n").as_bytes()).await.unwrap();
            }
            output.write_all(END).await.unwrap();
            output.shutdown().await.unwrap();
            error.shutdown().await.unwrap();
        });
    }
    let output = rerun(test, |_| {});
    assert!(output.status.success(), "{output:?}");
    let expected: String = (0..2_000).map(|i| format!("{i}\n")).collect();
    assert_eq!(between_marks(&output.stdout), expected.as_bytes());
    assert_eq!(output.stderr, expected.as_bytes());
}

#[test]
fn a_flush_reaches_the_outside() {
    let test = "a_flush_reaches_the_outside";
    if is_rerun(test) {
        current_thread().block_on(async {
            let mut output = stdout();
            output.write_all(BEGIN).await.unwrap();
            // No end of line, so the standard library keeps it until it is flushed.
            output.write_all(b"half a line").await.unwrap();
            output.flush().await.unwrap();
            let mut error = stderr();
            error.write_all(b"flushed").await.unwrap();
            error.flush().await.unwrap();
        });
        // Nothing gets to run what usually runs at the end of a process.
        std::process::abort();
    }
    let output = rerun(test, |_| {});
    assert!(!output.status.success());
    assert!(
        output.stdout.ends_with(&[BEGIN, b"half a line"].concat()),
        "{output:?}"
    );
    assert!(output.stderr.ends_with(b"flushed"), "{output:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_write_that_fails_says_so_at_the_flush() {
    let test = "a_write_that_fails_says_so_at_the_flush";
    if is_rerun(test) {
        return support::on_both(|runtime| {
            runtime.block_on(async {
                let mut error = stderr();
                assert_eq!(error.write(b"no room").await.unwrap(), 7);
                let failed = error.flush().await.unwrap_err();
                assert_eq!(failed.kind(), std::io::ErrorKind::StorageFull);
                error.flush().await.unwrap();
                assert_eq!(error.write(b"no room").await.unwrap(), 7);
                assert!(error.write(b"no room").await.is_err());
            });
        });
    }
    rerun_passes(test, |command| {
        command.stderr(File::options().write(true).open("/dev/full").unwrap());
    });
}

#[test]
fn what_was_accepted_is_written_although_the_runtime_ends() {
    let test = "what_was_accepted_is_written_although_the_runtime_ends";
    if is_rerun(test) {
        let runtime = Builder::new_multi_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        runtime.spawn_blocking(move || blocked.recv());
        runtime.block_on(stderr().write_all(b"accepted")).unwrap();
        runtime.shutdown_background();
        drop(release);
        return;
    }
    let output = rerun(test, |_| {});
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"accepted");
}

#[test]
fn a_read_that_waits_keeps_nobody_but_the_end_of_the_runtime() {
    let test = "a_read_that_waits_keeps_nobody_but_the_end_of_the_runtime";
    if is_rerun(test) {
        let runtime = multi_thread(1);
        let read = runtime.spawn(async {
            let mut byte = [0];
            stdin().read(&mut byte).await
        });
        runtime.block_on(async {
            while Handle::current().metrics().blocking().tasks_started == 0 {
                fastwake::task::yield_now().await;
            }
            // Another task, and another blocking thread.
            fastwake::spawn(async {}).await.unwrap();
            fastwake::task::spawn_blocking(|| ()).await.unwrap();
            assert!(!read.is_finished());
        });
        return runtime.shutdown_background();
    }
    must_end(move || {
        let (reader, writer) = std::io::pipe().unwrap();
        rerun_passes(test, |command| {
            command.stdin(Stdio::from(reader));
        });
        drop(writer);
    });
}

#[test]
fn a_read_that_was_dropped_loses_nothing() {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;

    let test = "a_read_that_was_dropped_loses_nothing";
    if is_rerun(test) {
        return current_thread().block_on(async {
            let mut input = stdin();
            let mut text = [0; 1_000];
            let polled = {
                let mut read = pin!(input.read(&mut text));
                poll_fn(|context| Poll::Ready(read.as_mut().poll(context))).await
            };
            let taken = match polled {
                Poll::Ready(n) => n.unwrap(),
                Poll::Pending => 0,
            };
            let mut rest = String::new();
            input.read_to_string(&mut rest).await.unwrap();
            assert_eq!(
                [&text[..taken], rest.as_bytes()].concat(),
                b"one line\nand another\n"
            );
        });
    }
    rerun_passes(test, |command| {
        command.stdin(holding(b"one line\nand another\n"));
    });
}

#[test]
fn the_streams_have_the_descriptors_of_the_process() {
    assert_eq!((stdin().as_raw_fd(), stdin().as_fd().as_raw_fd()), (0, 0));
    assert_eq!((stdout().as_raw_fd(), stdout().as_fd().as_raw_fd()), (1, 1));
    assert_eq!((stderr().as_raw_fd(), stderr().as_fd().as_raw_fd()), (2, 2));
}

#[test]
fn outside_a_runtime_an_operation_panics_when_it_is_polled() {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    let mut output = stdout();
    let mut write = pin!(output.write(b"nothing comes of it"));
    let mut context = Context::from_waker(Waker::noop());
    let message = panic_message(|| write.as_mut().poll(&mut context).is_ready());
    assert!(message.contains("no reactor running"), "{message}");
}

#[test]
fn the_streams_can_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync + Unpin>() {}
    sent_and_shared::<fastwake::io::Stdin>();
    sent_and_shared::<fastwake::io::Stdout>();
    sent_and_shared::<fastwake::io::Stderr>();
}
