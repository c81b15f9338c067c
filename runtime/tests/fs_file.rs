//! `File`: what is read, written and sought, when errors come, and what a dropped future leaves.
#![cfg(all(feature = "fs", feature = "io-util"))]

mod support;

use std::future::{Future, poll_fn};
use std::io::{ErrorKind, IoSlice, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;

use fastwake::fs::{File, FileTimes, OpenOptions};
use fastwake::io::{AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};
use fastwake::runtime::{Builder, Runtime};
use support::{current_thread, multi_thread, must_end, on_both, panic_message, until};

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("file")
    }

    fn holding(contents: &[u8]) -> Self {
        let place = Self::new();
        std::fs::write(place.path(), contents).unwrap();
        place
    }

    fn contents(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }
}

/// Bytes without a period that a wrong offset could fall into.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Runs a test once on each flavor, with one thread for all that blocks.
fn on_both_with_one_thread(test: impl Fn(Runtime) + Send + 'static) {
    must_end(move || {
        for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            test(builder.max_blocking_threads(1).build().unwrap());
        }
    });
}

/// Polls a future, whose operation cannot begin yet, and drops it. The runtime has one blocking
/// thread.
async fn drop_unready<F: Future>(future: F) {
    let (release, blocked) = mpsc::channel::<()>();
    let busy = fastwake::task::spawn_blocking(move || blocked.recv());
    {
        let mut future = pin!(future);
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        assert!(polled.is_pending(), "the only blocking thread is busy");
    }
    release.send(()).unwrap();
    busy.await.unwrap().unwrap();
}

#[test]
fn what_is_written_in_odd_pieces_is_read_in_odd_pieces() {
    must_end(|| {
        let written = noise(64 << 20);
        let place = Place::new();
        let runtime = multi_thread(2);
        runtime.block_on(async {
            let mut file = File::create_new(place.path()).await.unwrap();
            let mut rest = &written[..];
            for len in [1, 4_097, 3_000_001, 65_537].into_iter().cycle() {
                let (piece, after) = rest.split_at(len.min(rest.len()));
                file.write_all(piece).await.unwrap();
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            file.rewind().await.unwrap();
            let mut read = Vec::new();
            let mut piece = vec![0; 3_000_001];
            for len in [3, 8_191, 3_000_001, 131_071].into_iter().cycle() {
                let n = file.read(&mut piece[..len]).await.unwrap();
                read.extend_from_slice(&piece[..n]);
                if n == 0 {
                    break;
                }
            }
            assert!(read == written, "something else was read");
        });
        assert!(place.contents() == written, "something else was written");
    });
}

#[test]
fn a_transfer_is_one_hop_for_each_full_buffer() {
    must_end(|| {
        let runtime = current_thread();
        let hops = || runtime.metrics().blocking().tasks_queued;
        let place = Place::holding(&noise(8 << 20));
        runtime.block_on(async {
            let mut file = File::open(place.path()).await.unwrap();
            let mut bytes = vec![0; 8 << 20];
            let before = hops();
            file.read_exact(&mut bytes).await.unwrap();
            assert_eq!(hops() - before, 4);
            file.set_max_buf_size(8 << 20);
            file.rewind().await.unwrap();
            let before = hops();
            file.read_exact(&mut bytes).await.unwrap();
            assert_eq!(hops() - before, 1);

            let mut file = File::create(place.path()).await.unwrap();
            let before = hops();
            file.write_all(&bytes).await.unwrap();
            file.flush().await.unwrap();
            assert_eq!(hops() - before, 4);
        });
    });
}

#[test]
fn a_read_gives_no_more_than_the_largest_buffer() {
    on_both(|runtime| {
        let place = Place::holding(&noise(100));
        runtime.block_on(async {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(place.path())
                .await
                .unwrap();
            assert_eq!(file.max_buf_size(), 2 << 20);
            file.set_max_buf_size(7);
            assert_eq!(file.read(&mut [0; 50]).await.unwrap(), 7);
            assert_eq!(file.write(&[0; 50]).await.unwrap(), 7);
            let slices = [IoSlice::new(&[1; 5]), IoSlice::new(&[2; 5])];
            assert_eq!(file.write_vectored(&slices).await.unwrap(), 7);
            file.flush().await.unwrap();
            assert_eq!(file.try_clone().await.unwrap().max_buf_size(), 7);
        });
        let mut expected = noise(100);
        expected[7..14].fill(0);
        expected[14..19].fill(1);
        expected[19..21].fill(2);
        assert_eq!(place.contents(), expected);
    });
}

#[test]
fn a_largest_buffer_of_nothing_is_refused() {
    let file = tempfile::tempfile().unwrap();
    let mut file = File::from_std(file);
    let message = panic_message(|| file.set_max_buf_size(0));
    assert!(message.contains("max_buf_size"), "{message}");
}

#[test]
fn slices_are_written_together() {
    on_both(|runtime| {
        let place = Place::new();
        runtime.block_on(async {
            let mut file = File::create(place.path()).await.unwrap();
            assert!(file.is_write_vectored());
            let slices = [&b"one"[..], b"", b", two", b", three"].map(IoSlice::new);
            assert_eq!(file.write_vectored(&slices).await.unwrap(), 15);
            file.shutdown().await.unwrap();
        });
        assert_eq!(place.contents(), b"one, two, three");
    });
}

#[test]
fn what_was_accepted_is_written_although_the_file_is_dropped() {
    on_both(|runtime| {
        must_end(move || {
            let place = Place::new();
            let written = noise(1 << 20);
            runtime.block_on(async {
                let mut file = File::create(place.path()).await.unwrap();
                assert_eq!(file.write(&written).await.unwrap(), written.len());
            });
            until(|| place.contents() == written);
        });
    });
}

#[test]
fn a_write_that_fails_says_so_at_the_flush() {
    on_both(|runtime| {
        let place = Place::holding(b"contents");
        runtime.block_on(async {
            let mut file = File::open(place.path()).await.unwrap();
            assert_eq!(file.write(b"more").await.unwrap(), 4);
            let error = file.flush().await.unwrap_err();
            assert!(error.raw_os_error().is_some(), "{error:?}");
            file.flush().await.unwrap();
        });
        assert_eq!(place.contents(), b"contents");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_write_that_fails_says_so_at_the_next_write() {
    on_both(|runtime| {
        runtime.block_on(async {
            let mut file = File::options().write(true).open("/dev/full").await.unwrap();
            assert_eq!(file.write(b"one").await.unwrap(), 3);
            let error = file.write(b"two").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            file.flush().await.unwrap();
            assert_eq!(file.write(b"three").await.unwrap(), 5);
            let error = file.shutdown().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
        });
    });
}

#[test]
#[cfg(target_os = "linux")]
fn the_error_of_a_write_waits_for_somebody_who_writes() {
    on_both_with_one_thread(|runtime| {
        runtime.block_on(async {
            let mut file = File::options()
                .read(true)
                .write(true)
                .open("/dev/full")
                .await
                .unwrap();
            assert_eq!(file.write(b"lost").await.unwrap(), 4);
            // None of these is told, and none forgets it.
            assert_eq!(file.read(&mut [1; 8]).await.unwrap(), 8);
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.try_clone().await.unwrap();
            drop_unready(file.read(&mut [1; 8])).await;
            let _ = file.set_len(0).await;
            let error = file.flush().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            assert!(error.raw_os_error().is_some(), "{error:?}");
        });
    });
}

#[test]
#[cfg(unix)]
fn a_read_that_fails_leaves_the_file_usable() {
    on_both(|runtime| {
        let place = Place::new();
        runtime.block_on(async {
            let mut directory = File::open(place.directory.path()).await.unwrap();
            for _ in 0..2 {
                let error = directory.read(&mut [0; 8]).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::IsADirectory);
            }
            let mut file = File::create(place.path()).await.unwrap();
            assert!(file.read(&mut [0; 8]).await.is_err());
            file.write_all(b"text").await.unwrap();
            file.flush().await.unwrap();
        });
        assert_eq!(place.contents(), b"text");
    });
}

#[test]
fn a_read_that_was_dropped_loses_nothing() {
    on_both_with_one_thread(|runtime| {
        let contents = noise(1_000);
        let place = Place::holding(&contents);
        runtime.block_on(async {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(place.path())
                .await
                .unwrap();
            drop_unready(file.read(&mut [0; 100])).await;
            let mut some = [0; 10];
            file.read_exact(&mut some).await.unwrap();
            assert_eq!(some, contents[..10]);
            // Written, sought and cut from where the reader is, not from what was read ahead.
            assert_eq!(file.seek(SeekFrom::Current(5)).await.unwrap(), 15);
            drop_unready(file.read(&mut [0; 100])).await;
            file.write_all(b"here").await.unwrap();
            assert_eq!(file.stream_position().await.unwrap(), 19);
            drop_unready(file.read(&mut [0; 100])).await;
            file.set_len(25).await.unwrap();
            let mut rest = Vec::new();
            file.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, contents[19..25]);
        });
        let expected = [&contents[..15], b"here", &contents[19..25]].concat();
        assert_eq!(place.contents(), expected);
    });
}

#[test]
fn a_seek_that_fails_moves_nobody() {
    on_both_with_one_thread(|runtime| {
        let place = Place::holding(b"0123456789");
        runtime.block_on(async {
            let mut file = File::open(place.path()).await.unwrap();
            let mut one = [0; 1];
            for bad in [
                SeekFrom::Current(i64::MIN),
                SeekFrom::End(-11),
                SeekFrom::Current(-9),
            ] {
                drop_unready(file.read(&mut [0; 5])).await;
                assert_eq!(
                    file.seek(bad).await.unwrap_err().kind(),
                    ErrorKind::InvalidInput
                );
                file.read_exact(&mut one).await.unwrap();
            }
            assert_eq!(&one, b"2");
        });
    });
}

#[test]
fn a_seek_is_refused_while_an_operation_is_under_way() {
    use fastwake::io::AsyncSeek;
    use std::pin::Pin;

    on_both_with_one_thread(|runtime| {
        let place = Place::holding(b"0123456789");
        runtime.block_on(async {
            let mut file = File::open(place.path()).await.unwrap();
            drop_unready(file.read(&mut [0; 5])).await;
            let error = Pin::new(&mut file)
                .start_seek(SeekFrom::Start(3))
                .unwrap_err();
            assert!(error.to_string().contains("poll_complete"), "{error}");
            assert_eq!(file.seek(SeekFrom::Start(3)).await.unwrap(), 3);
        });
    });
}

#[test]
fn both_handles_of_a_clone_move_one_position() {
    on_both(|runtime| {
        let place = Place::holding(b"0123456789");
        runtime.block_on(async {
            let mut file = File::open(place.path()).await.unwrap();
            let mut clone = file.try_clone().await.unwrap();
            let mut some = [0; 4];
            file.read_exact(&mut some).await.unwrap();
            clone.read_exact(&mut some).await.unwrap();
            assert_eq!(&some, b"4567");
        });
    });
}

#[test]
fn the_standard_librarys_file_comes_back_once_everything_is_written() {
    on_both(|runtime| {
        must_end(move || {
            let place = Place::new();
            let written = noise(2 << 20);
            runtime.block_on(async {
                let mut file = File::create_new(place.path()).await.unwrap();
                file.write_all(&written).await.unwrap();
                let mut file = file.into_std().await;
                assert_eq!(file.stream_position().unwrap(), written.len() as u64);
                file.write_all(b"end").unwrap();

                let mut file = File::from(file);
                file.rewind().await.unwrap();
                let mut file = file.try_into_std().expect("it is idle");
                let mut read = Vec::new();
                file.read_to_end(&mut read).unwrap();
                assert!(read == [&written[..], b"end"].concat());
            });
        });
    });
}

#[test]
fn the_standard_librarys_file_comes_back_while_a_forgotten_operation_has_it() {
    on_both_with_one_thread(|runtime| {
        let place = Place::holding(b"contents");
        runtime.block_on(async {
            for _ in 0..100 {
                let file = File::open(place.path()).await.unwrap();
                drop_unready(file.metadata()).await;
                let mut text = String::new();
                file.into_std().await.read_to_string(&mut text).unwrap();
                assert_eq!(text, "contents");
            }
        });
    });
}

#[test]
fn a_file_that_is_in_use_is_not_given_back_at_once() {
    on_both_with_one_thread(|runtime| {
        let place = Place::new();
        runtime.block_on(async {
            let mut file = File::create_new(place.path()).await.unwrap();
            let (release, blocked) = mpsc::channel::<()>();
            let busy = fastwake::task::spawn_blocking(move || blocked.recv());
            file.write_all(b"contents").await.unwrap();
            let mut file = file.try_into_std().unwrap_err();
            release.send(()).unwrap();
            busy.await.unwrap().unwrap();
            file.flush().await.unwrap();
        });
        assert_eq!(place.contents(), b"contents");
    });
}

#[test]
fn timestamps_and_permissions_can_be_set() {
    use std::time::{Duration, SystemTime};

    on_both(|runtime| {
        let place = Place::new();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        runtime.block_on(async {
            let mut file = File::create(place.path()).await.unwrap();
            file.write_all(b"before the timestamps").await.unwrap();
            file.set_times(FileTimes::new().set_modified(time).set_accessed(time))
                .await
                .unwrap();
            let metadata = file.metadata().await.unwrap();
            assert_eq!(metadata.modified().unwrap(), time);
            assert_eq!(metadata.accessed().unwrap(), time);
            let later = time + Duration::from_secs(5);
            file.set_modified(later).await.unwrap();
            let metadata = file.metadata().await.unwrap();
            assert_eq!(metadata.modified().unwrap(), later);
            let mut permissions = metadata.permissions();
            permissions.set_readonly(true);
            file.set_permissions(permissions).await.unwrap();
            assert!(file.metadata().await.unwrap().permissions().readonly());
            file.sync_data().await.unwrap();
            file.sync_all().await.unwrap();
        });
    });
}

#[test]
fn reading_lets_the_other_tasks_run() {
    // Reads that are always ready would keep a current-thread runtime to themselves for ever.
    must_end(|| {
        current_thread().block_on(async {
            let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
            let stopper = fastwake::spawn({
                let stop = stop.clone();
                async move { stop.store(true, std::sync::atomic::Ordering::SeqCst) }
            });
            let mut file = File::from_std(tempfile::tempfile().unwrap());
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                file.write_all(b"x").await.unwrap();
                file.flush().await.unwrap();
            }
            stopper.await.unwrap();
        });
    });
}

#[test]
#[cfg(unix)]
fn a_file_has_a_descriptor() {
    use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

    on_both(|runtime| {
        let place = Place::holding(b"contents");
        runtime.block_on(async {
            let std = std::fs::File::open(place.path()).unwrap();
            let raw = std.as_raw_fd();
            let file = File::from(OwnedFd::from(std));
            assert_eq!(file.as_raw_fd(), raw);
            assert_eq!(file.as_fd().as_raw_fd(), raw);
            let raw = file.into_std().await.into_raw_fd();
            // SAFETY: just taken from its owner.
            let mut file = unsafe { File::from_raw_fd(raw) };
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "contents");
        });
    });
}
