//! Pipes.
#![cfg(all(unix, feature = "net"))]

mod support;

use std::ffi::CString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::pin::pin;

use fastwake::net::unix::pipe::{OpenOptions, Receiver, Sender, pipe};
use support::net::{Noise, on_each_flavor, poll_once, read, read_exact, write_all};
use support::unix::TempPath;

fn fifo() -> TempPath {
    let path = TempPath::new();
    let name: &Path = path.as_ref();
    let name = CString::new(name.as_os_str().as_bytes()).unwrap();
    // SAFETY: the name ends with a NUL byte.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    path
}

#[test]
fn nothing_is_lost_in_a_full_pipe() {
    on_each_flavor(|| async {
        let (mut sender, mut receiver) = pipe().unwrap();
        let sent = fastwake::spawn(async move {
            let mut noise = Noise::new(3, 2 << 20);
            let mut buf = vec![0; 70_001];
            loop {
                match noise.fill(&mut buf) {
                    0 => break noise.digest,
                    n => write_all(&mut sender, &buf[..n]).await.unwrap(),
                }
            }
        });
        let mut digest = support::net::Digest::default();
        let mut buf = vec![0; 50_021];
        loop {
            match read(&mut receiver, &mut buf).await.unwrap() {
                0 => break,
                n => digest.add(&buf[..n]),
            }
        }
        assert_eq!(sent.await.unwrap(), digest);
    });
}

#[test]
fn a_pipe_with_a_name_connects_its_ends() {
    on_each_flavor(|| async {
        let path = fifo();
        let error = OpenOptions::new().open_sender(&path).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENXIO), "nobody reads");
        let mut receiver = OpenOptions::new().open_receiver(&path).unwrap();
        let mut sender = OpenOptions::new().open_sender(&path).unwrap();
        write_all(&mut sender, b"x").await.unwrap();
        let mut byte = [0];
        read_exact(&mut receiver, &mut byte).await.unwrap();
        let mut second = OpenOptions::new().open_sender(&path).unwrap();
        drop(sender);
        write_all(&mut second, b"y").await.unwrap();
        read_exact(&mut receiver, &mut byte).await.unwrap();
        assert_eq!(&byte, b"y");
        drop(second);
        assert_eq!(read(&mut receiver, &mut byte).await.unwrap(), 0);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_receiver_that_may_write_does_not_come_to_its_end() {
    on_each_flavor(|| async {
        let path = fifo();
        let mut options = OpenOptions::new();
        let mut receiver = options.read_write(true).open_receiver(&path).unwrap();
        drop(OpenOptions::new().open_sender(&path).unwrap());
        let mut byte = [0];
        let mut reading = pin!(read(&mut receiver, &mut byte));
        assert!(poll_once(reading.as_mut()).await.is_pending());
    });
}

#[test]
fn what_is_no_pipe_or_open_the_other_way_is_refused() {
    on_each_flavor(|| async {
        let path = fifo();
        let file = || File::open(std::env::current_exe().unwrap()).unwrap();
        let error = Receiver::from_file(file()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = Sender::from_owned_fd(file().into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = OpenOptions::new()
            .open_receiver(std::env::current_exe().unwrap())
            .unwrap_err();
        assert!(error.to_string().contains("not a pipe"), "{error}");

        let receiver = OpenOptions::new().open_receiver(&path).unwrap();
        let error = Sender::from_owned_fd(receiver.into_nonblocking_fd().unwrap()).unwrap_err();
        assert!(error.to_string().contains("O_WRONLY"), "{error}");
        let (sender, _receiver) = pipe().unwrap();
        let error = Receiver::from_owned_fd(sender.into_blocking_fd().unwrap()).unwrap_err();
        assert!(error.to_string().contains("O_RDONLY"), "{error}");
    });
}

#[test]
fn writing_to_nobody_is_a_broken_pipe() {
    on_each_flavor(|| async {
        let (mut sender, receiver) = pipe().unwrap();
        drop(receiver);
        let error = write_all(&mut sender, b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        sender.writable().await.unwrap();
        let error = sender.try_write(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn descriptors_come_and_go_in_the_mode_that_is_asked_for() {
    on_each_flavor(|| async {
        let (sender, receiver) = pipe().unwrap();
        let fd = sender.into_blocking_fd().unwrap();
        let mut sender = Sender::from_owned_fd(fd).unwrap();
        let mut receiver = File::from(receiver.into_nonblocking_fd().unwrap());
        let error = receiver.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        sender.writable().await.unwrap();
        while sender.try_write(&[0; 4096]).is_ok() {}
        let mut writing = pin!(write_all(&mut sender, b"x"));
        assert!(poll_once(writing.as_mut()).await.is_pending());
        receiver.read_exact(&mut [0; 4096]).unwrap();
        writing.await.unwrap();
    });
}
