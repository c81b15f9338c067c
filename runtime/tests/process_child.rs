//! Processes: what they are told, what they say, how they end.
#![cfg(all(unix, feature = "process"))]

mod support;

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::Stdio;

use fastwake::process::{Child, Command};
use support::net::{
    current_thread_io, multi_thread_io, on_each_flavor, poll_once, read, read_exact, write_all,
};
use support::{must_end, until};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

/// A process that ends when its input does.
fn cat() -> Command {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Is there a process of this number, a zombie included?
fn exists(pid: u32) -> bool {
    // SAFETY: signal 0 is only a question.
    unsafe { libc::kill(pid as i32, 0) == 0 }
}

fn is_zombie(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| rest.starts_with('Z'))
}

#[test]
fn statuses_are_told_as_often_as_one_asks() {
    on_each_flavor(|| async {
        let mut child = shell("exit 7").spawn().unwrap();
        let pid = child.id().unwrap();
        assert_eq!(child.wait().await.unwrap().code(), Some(7));
        assert_eq!(child.wait().await.unwrap().code(), Some(7));
        assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(7));
        assert_eq!(child.id(), None);
        assert!(!exists(pid));
        child.start_kill().unwrap();
        child.kill().await.unwrap();
        assert_eq!(shell("exit 9").status().await.unwrap().code(), Some(9));
    });
}

#[test]
fn output_is_all_that_was_written() {
    on_each_flavor(|| async {
        let script =
            "i=0; while [ $i -lt 5000 ]; do echo $i; echo e$i >&2; i=$((i+1)); done; exit 3";
        let output = shell(script).output().await.unwrap();
        assert_eq!(output.status.code(), Some(3));
        let numbers =
            |prefix: &str| -> String { (0..5000).map(|n| format!("{prefix}{n}\n")).collect() };
        assert!(output.stdout == numbers("").as_bytes());
        assert!(output.stderr == numbers("e").as_bytes());
    });
}

#[test]
fn a_conversation() {
    on_each_flavor(|| async {
        let mut child = cat().spawn().unwrap();
        let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        for n in 0..100 {
            let text = format!("line {n}\n");
            write_all(&mut stdin, text.as_bytes()).await.unwrap();
            let mut answer = vec![0; text.len()];
            read_exact(&mut stdout, &mut answer).await.unwrap();
            assert_eq!(answer, text.as_bytes());
        }
        assert!(child.try_wait().unwrap().is_none());
        drop(stdin);
        assert_eq!(read(&mut stdout, &mut [0]).await.unwrap(), 0);
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn waiting_closes_the_input_first() {
    on_each_flavor(|| async {
        let mut child = cat().stdout(Stdio::null()).spawn().unwrap();
        assert!(child.stdin.is_some());
        assert!(child.wait().await.unwrap().success());
        assert!(child.stdin.is_none());
        // Also with output.
        let mut child = cat().spawn().unwrap();
        write_all(child.stdin.as_mut().unwrap(), b"x")
            .await
            .unwrap();
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(output.stdout, b"x");
    });
}

#[test]
fn a_wait_that_is_dropped_can_be_repeated() {
    on_each_flavor(|| async {
        let mut child = cat().spawn().unwrap();
        let stdin = child.stdin.take();
        for _ in 0..3 {
            assert!(poll_once(pin!(child.wait()).as_mut()).await.is_pending());
        }
        assert!(child.try_wait().unwrap().is_none());
        drop(stdin);
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn a_process_that_is_killed_says_so() {
    on_each_flavor(|| async {
        let mut child = cat().spawn().unwrap();
        child.kill().await.unwrap();
        assert_eq!(child.wait().await.unwrap().signal(), Some(libc::SIGKILL));
        let mut child = cat().spawn().unwrap();
        child.start_kill().unwrap();
        let status = child.wait().await.unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL));
    });
}

/// Says its number and sleeps; told apart by its pipe, which ends when it does.
async fn sleeper(kill_on_drop: bool) -> (Child, fastwake::process::ChildStdout) {
    let mut command = cat();
    let mut child = command.kill_on_drop(kill_on_drop).spawn().unwrap();
    assert_eq!(command.get_kill_on_drop(), kill_on_drop);
    let stdout = child.stdout.take().unwrap();
    (child, stdout)
}

#[test]
fn a_dropped_child_is_killed_if_that_was_said_and_goes_on_if_not() {
    on_each_flavor(|| async {
        let (mut child, mut stdout) = sleeper(true).await;
        let stdin = child.stdin.take().unwrap();
        drop(child);
        assert_eq!(read(&mut stdout, &mut [0]).await.unwrap(), 0);
        drop(stdin);

        let (mut child, mut stdout) = sleeper(false).await;
        let mut stdin = child.stdin.take().unwrap();
        drop(child);
        write_all(&mut stdin, b"still here").await.unwrap();
        let mut text = [0; 10];
        read_exact(&mut stdout, &mut text).await.unwrap();
        assert_eq!(&text, b"still here");
    });
}

#[test]
fn futures_of_status_and_output_that_are_dropped_count_as_the_child() {
    on_each_flavor(|| async {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut reader = fastwake::net::unix::pipe::Receiver::from_owned_fd(reader.into()).unwrap();
        let mut command = Command::new("sleep");
        command.arg("600").stdout(writer).kill_on_drop(true);
        {
            let mut status = pin!(command.status());
            assert!(poll_once(status.as_mut()).await.is_pending());
        }
        drop(command);
        assert_eq!(read(&mut reader, &mut [0]).await.unwrap(), 0);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_zombie_is_left_of_dropped_children() {
    must_end(|| {
        for runtime in [multi_thread_io(2), current_thread_io()] {
            let pids: Vec<u32> = runtime.block_on(async {
                let children = (0..20).map(|n| {
                    let mut child = cat().kill_on_drop(n % 2 == 0).spawn().unwrap();
                    let pid = child.id().unwrap();
                    let stdin = child.stdin.take();
                    // Dropped before it ends, and soon after.
                    drop(child);
                    drop(stdin);
                    pid
                });
                let pids: Vec<u32> = children.collect();
                while pids.iter().any(|pid| exists(*pid)) {
                    fastwake::task::yield_now().await;
                }
                pids
            });
            assert!(!pids.iter().any(|pid| is_zombie(*pid)));
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn orphans_of_a_runtime_that_has_ended_are_collected_by_the_next() {
    must_end(|| {
        let (pid, stdin) = current_thread_io().block_on(async {
            let mut child = cat().spawn().unwrap();
            (child.id().unwrap(), child.stdin.take())
        });
        drop(stdin);
        // Collected here, if no other test's runtime has done it.
        until(|| !exists(pid) || is_zombie(pid));
        current_thread_io().block_on(async {
            assert!(shell("exit 0").status().await.unwrap().success());
            while exists(pid) {
                fastwake::task::yield_now().await;
            }
        });
    });
}

#[test]
fn a_child_can_be_waited_for_in_another_runtime() {
    must_end(|| {
        let first = multi_thread_io(1);
        let mut child = first.block_on(async { cat().spawn().unwrap() });
        let stdin = child.stdin.take();
        let second = current_thread_io();
        second.block_on(async {
            assert!(poll_once(pin!(child.wait()).as_mut()).await.is_pending());
        });
        // The one that watches it ends while the other waits.
        let waiting = second.spawn(async move { child.wait().await });
        second.block_on(fastwake::task::yield_now());
        drop(first);
        second.block_on(async {
            fastwake::task::yield_now().await;
            drop(stdin);
            assert!(waiting.await.unwrap().unwrap().success());
        });
    });
}

#[test]
fn many_children_end_in_any_order() {
    on_each_flavor(|| async {
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                fastwake::spawn(async move {
                    let status = shell(&format!("exit {n}")).status().await.unwrap();
                    assert_eq!(status.code(), Some(n));
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

#[test]
fn a_pipe_of_one_process_is_anothers_stream() {
    on_each_flavor(|| async {
        let mut first = shell("echo hello").stdout(Stdio::piped()).spawn().unwrap();
        let stdout: Stdio = first.stdout.take().unwrap().try_into().unwrap();
        let output = Command::new("cat").stdin(stdout).output().await.unwrap();
        assert_eq!(output.stdout, b"hello\n");
        assert!(first.wait().await.unwrap().success());

        let mut child = cat().spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let fd = stdin.into_owned_fd().unwrap();
        // SAFETY: the descriptor is open, and the call touches no memory.
        let flags = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) };
        assert_eq!(flags & libc::O_NONBLOCK, 0);
        drop(fd);
        assert!(child.wait().await.unwrap().success());
    });
}

#[test]
fn what_a_command_is_told_arrives() {
    on_each_flavor(|| async {
        let mut command = shell("echo $0-$A-$B-$C; pwd");
        command
            .env_clear()
            .env("A", "1")
            .envs([("B", "2"), ("C", "3")]);
        command
            .env_remove("C")
            .current_dir("/")
            .arg0("sh")
            .args(["x"]);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env("PATH", path);
        let output = command.output().await.unwrap();
        assert_eq!(output.stdout, b"x-1-2-\n/\n");

        let mut command = shell("exit 0");
        // SAFETY: it allocates nothing.
        unsafe {
            command.pre_exec(|| Err(std::io::Error::from_raw_os_error(libc::EDOM)));
        }
        let error = command.spawn().unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EDOM));

        let mut child = cat().process_group(0).spawn().unwrap();
        let pid = child.id().unwrap() as i32;
        // SAFETY: it has no preconditions.
        assert_eq!(unsafe { libc::getpgid(pid) }, pid);
        child.kill().await.unwrap();
    });
}

#[test]
fn what_cannot_be_started_says_why() {
    on_each_flavor(|| async {
        let error = Command::new("no-such-program").spawn().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let error = Command::new("no-such-program").status().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
    let runtime = support::current_thread();
    let message = support::panic_message(|| runtime.block_on(async { cat().spawn().map(drop) }));
    assert!(message.contains("enable_io"), "{message}");
    let message = support::panic_message(|| cat().spawn().map(drop));
    assert!(message.contains("a fastwake runtime"), "{message}");
}

#[test]
fn everything_can_be_sent_and_shared() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<Command>();
    check::<Child>();
    check::<fastwake::process::ChildStdin>();
    check::<fastwake::process::ChildStdout>();
    check::<fastwake::process::ChildStderr>();
    check::<fastwake::signal::unix::Signal>();
    check::<fastwake::net::UnixStream>();
    check::<fastwake::net::UnixListener>();
    check::<fastwake::net::UnixDatagram>();
    check::<fastwake::net::unix::pipe::Sender>();
    check::<fastwake::net::unix::pipe::Receiver>();
    check::<fastwake::io::unix::AsyncFd<std::fs::File>>();
    check::<fastwake::io::unix::AsyncFdReadyGuard<'_, std::fs::File>>();
    fn sendable<T: Send>(_: T) {}
    sendable(Command::new("x").as_std());
    sendable(async {
        let mut child = cat().spawn()?;
        child.wait().await?;
        cat().output().await?;
        fastwake::signal::ctrl_c().await
    });
}
