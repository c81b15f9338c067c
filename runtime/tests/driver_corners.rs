//! Corners of the driver: workers that block or leave it alone, clocks that were moved, sources that
//! end and begin again.
#![cfg(all(feature = "full", unix))]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use fastwake::io::{AsyncReadExt, AsyncWriteExt, Interest};
use fastwake::runtime::{Builder, Handle};
use fastwake::task::{block_in_place, yield_now};
use fastwake::time::{self, sleep, timeout};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Ends within `limit`, or panics.
fn within<R: Send + 'static>(limit: Duration, test: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(test()));
    ended.recv_timeout(limit).expect("hangs")
}

#[test]
fn a_worker_that_waits_for_a_deadline_in_place_does_not_hold_up_the_shutdown() {
    within(ms(10_000), || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (begun, has_begun) = mpsc::channel();
        runtime.spawn(async move {
            block_in_place(|| {
                begun.send(()).unwrap();
                Handle::current().block_on(sleep(ms(300)));
            });
        });
        has_begun.recv().unwrap();
        drop(runtime);
    });
}

#[test]
fn a_deadline_is_kept_after_the_clock_was_moved_and_goes_on() {
    let late = within(ms(60_000), || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let nap = fastwake::spawn(sleep(ms(5_000)));
            // Sleeps in the driver, whose timer is set for the nap.
            fastwake::task::spawn_blocking(|| thread::sleep(ms(100)))
                .await
                .unwrap();
            time::pause();
            time::advance(ms(4_500)).await;
            time::resume();
            let start = Instant::now();
            nap.await.unwrap();
            start.elapsed()
        })
    });
    assert!(
        late < ms(2_500),
        "half a second was left, and it took {late:?}"
    );
}

fn lateness_beside_a_long_poll(looks: u64) -> Duration {
    within(ms(60_000), move || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let late = runtime.spawn(async {
            let deadline = Instant::now() + ms(800);
            time::sleep_until(deadline.into()).await;
            deadline.elapsed()
        });
        thread::sleep(ms(50));
        runtime.spawn(async move {
            // The worker that comes for this has slept in the driver.
            sleep(ms(10)).await;
            let end = Instant::now() + ms(looks);
            while Instant::now() < end {
                yield_now().await;
            }
            thread::sleep(ms(4_000));
        });
        let late = runtime.block_on(late).unwrap();
        runtime.shutdown_background();
        late
    })
}

#[test]
fn a_long_poll_after_very_many_looks_keeps_no_deadline_waiting() {
    let late = lateness_beside_a_long_poll(600);
    assert!(late < ms(1_000), "late by {late:?}");
}

/// The counterpart, which holds: the alarm is still set.
#[test]
fn a_long_poll_without_a_look_keeps_no_deadline_waiting() {
    let late = lateness_beside_a_long_poll(0);
    assert!(late < ms(1_000), "late by {late:?}");
}

#[test]
fn a_datagram_socket_that_had_an_error_waits_for_room_to_send() {
    let calls = within(ms(10_000), || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            let address = closed.local_addr().unwrap();
            drop(closed);
            let socket = fastwake::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.connect(address).await.unwrap();
            // Nobody listens there: the system says so, as an error of the socket.
            socket.send(b"x").await.unwrap();
            sleep(ms(50)).await;
            let _ = socket.send(b"x").await;
            let mut calls = 0;
            let blocked = socket.async_io(Interest::WRITABLE, || {
                calls += 1;
                Err::<(), _>(std::io::ErrorKind::WouldBlock.into())
            });
            assert!(timeout(ms(200), blocked).await.is_err());
            calls
        })
    });
    assert!(calls < 1_000, "{calls} calls");
}

#[test]
fn a_reader_of_a_fifo_waits_for_the_next_writer_without_spinning() {
    let n = within(ms(10_000), || {
        let dir = std::env::temp_dir().join(format!("fw-fifo-{}", std::process::id()));
        let path = std::ffi::CString::new(dir.to_str().unwrap()).unwrap();
        // SAFETY: the path is a string that ends with a NUL byte.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        let p = dir.clone();
        let n = rt.block_on(async move {
            let mut reader = fastwake::net::unix::pipe::OpenOptions::new()
                .open_receiver(&p)
                .unwrap();
            let mut first = fastwake::net::unix::pipe::OpenOptions::new()
                .open_sender(&p)
                .unwrap();
            first.write_all(b"1").await.unwrap();
            let mut b = [0; 8];
            assert_eq!(reader.read(&mut b).await.unwrap(), 1);
            drop(first);
            assert_eq!(reader.read(&mut b).await.unwrap(), 0);
            let _second = fastwake::net::unix::pipe::OpenOptions::new()
                .open_sender(&p)
                .unwrap();
            // Nothing comes; how often is the task polled?
            let polls = Arc::new(AtomicUsize::new(0));
            let seen = polls.clone();
            let read = async {
                let mut read = std::pin::pin!(reader.read(&mut b));
                std::future::poll_fn(|cx| {
                    seen.fetch_add(1, SeqCst);
                    read.as_mut().poll(cx)
                })
                .await
            };
            let r = timeout(ms(300), read).await;
            (polls.load(SeqCst), r.is_err())
        });
        std::fs::remove_file(dir).unwrap();
        n
    });
    assert!(
        n.0 < 100,
        "polled {} times in 300 ms; still waiting: {}",
        n.0,
        n.1
    );
}

fn send_with_fd(fd: i32, bytes: &[u8]) {
    use std::mem;
    // SAFETY: the message is put together as `CMSG(3)` has it, from buffers that outlive the call.
    unsafe {
        let mut iov = libc::iovec {
            iov_base: bytes.as_ptr() as *mut _,
            iov_len: bytes.len(),
        };
        let mut control = [0_u64; 8];
        let mut msg: libc::msghdr = mem::zeroed();
        msg.msg_iov = &mut iov;
        msg.msg_iovlen = 1;
        msg.msg_control = control.as_mut_ptr().cast();
        msg.msg_controllen = libc::CMSG_SPACE(4) as _;
        let c = libc::CMSG_FIRSTHDR(&msg);
        (*c).cmsg_level = libc::SOL_SOCKET;
        (*c).cmsg_type = libc::SCM_RIGHTS;
        (*c).cmsg_len = libc::CMSG_LEN(4) as _;
        *libc::CMSG_DATA(c).cast::<i32>() = 2;
        assert_eq!(libc::sendmsg(fd, &msg, 0), bytes.len() as isize);
    }
}

#[test]
fn what_follows_a_message_with_a_descriptor_is_read() {
    let got = within(ms(10_000), || {
        let rt = Builder::new_current_thread().enable_all().build().unwrap();
        rt.block_on(async {
            use std::os::fd::AsRawFd;
            let (mut a, b) = fastwake::net::UnixStream::pair().unwrap();
            send_with_fd(b.as_raw_fd(), b"first");
            assert_eq!(b.try_write(b"second").unwrap(), 6);
            let mut bytes = [0; 11];
            let mut n = 0;
            while n < 11 {
                match timeout(ms(1_000), a.read(&mut bytes[n..])).await {
                    Ok(r) => n += r.unwrap(),
                    Err(_) => break,
                }
            }
            n
        })
    });
    assert_eq!(got, 11);
}

#[test]
fn a_child_moved_to_a_runtime_without_io_fails_without_a_panic() {
    within(ms(20_000), || {
        let home = Builder::new_current_thread().enable_all().build().unwrap();
        let mut child = home.block_on(async {
            fastwake::process::Command::new("sleep")
                .arg("1")
                .spawn()
                .unwrap()
        });
        drop(home);
        let other = Builder::new_current_thread().enable_time().build().unwrap();
        let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            other.block_on(child.wait())
        }));
        drop(child);
        assert!(r.is_ok(), "panicked");
    });
}

fn multi(workers: usize) -> fastwake::runtime::Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn the_first_deadline_of_all_may_be_waited_for_in_place() {
    within(ms(10_000), || {
        let runtime = multi(1);
        let task = runtime.spawn(async {
            block_in_place(|| Handle::current().block_on(sleep(ms(50))));
        });
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn the_first_deadline_of_a_pool_of_one_cpu_may_be_waited_for_in_place() {
    within(ms(10_000), || {
        let runtime = multi(2);
        let cpu = fastwake::topology::allowed_cpus()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        let task = runtime
            .handle()
            .spawn_on(cpu, async {
                block_in_place(|| Handle::current().block_on(sleep(ms(50))));
            })
            .unwrap();
        runtime.block_on(task).unwrap();
    });
}

#[test]
fn the_first_deadline_of_all_is_kept_while_the_workers_block() {
    let late = within(ms(20_000), || {
        let runtime = multi(2);
        let (begun, has_begun) = mpsc::channel();
        for _ in 0..2 {
            let begun = begun.clone();
            runtime.spawn(async move {
                block_in_place(|| {
                    begun.send(()).unwrap();
                    thread::sleep(ms(3_000));
                });
            });
        }
        has_begun.recv().unwrap();
        has_begun.recv().unwrap();
        let start = Instant::now();
        runtime.block_on(async { sleep(ms(50)).await });
        let late = start.elapsed();
        runtime.shutdown_background();
        late
    });
    assert!(late < ms(1_000), "took {late:?}");
}

#[test]
fn a_long_poll_beside_one_that_blocks_keeps_no_deadline_waiting() {
    let late = within(ms(20_000), || {
        let runtime = multi(2);
        let late = runtime.spawn(async {
            let deadline = Instant::now() + ms(500);
            time::sleep_until(deadline.into()).await;
            deadline.elapsed()
        });
        thread::sleep(ms(50));
        // Both are taken out of the driver or their sleep, and nothing is spawned any more.
        runtime.spawn(async {
            sleep(ms(50)).await;
            block_in_place(|| thread::sleep(ms(5_000)));
        });
        runtime.spawn(async {
            sleep(ms(100)).await;
            thread::sleep(ms(4_000));
        });
        let late = runtime.block_on(late).unwrap();
        runtime.shutdown_background();
        late
    });
    assert!(late < ms(1_000), "late by {late:?}");
}

#[test]
fn cpu_intensive_work_that_waits_for_a_deadline_does_not_hold_up_the_shutdown() {
    within(ms(10_000), || {
        let runtime = multi(2);
        let (begun, has_begun) = mpsc::channel();
        runtime.spawn_cpu_intensive(move || {
            begun.send(()).unwrap();
            Handle::current().block_on(sleep(ms(300)));
        });
        has_begun.recv().unwrap();
        thread::sleep(ms(50));
        drop(runtime);
    });
}
