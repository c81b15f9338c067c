//! Many runtimes, and what they leave behind; systems that give no more descriptors.
#![cfg(all(
    feature = "net",
    feature = "io-util",
    feature = "time",
    feature = "test-util"
))]

mod support;

use std::pin::Pin;
use std::thread;
use std::time::Duration;

use fastwake::io::{AsyncReadExt, AsyncWriteExt};
use fastwake::net::{TcpListener, TcpStream, UdpSocket};
use fastwake::runtime::{Builder, Runtime};
use fastwake::time::{Sleep, sleep};
use support::driven::{NEVER, current, multi};
use support::{must_end, until};

/// Tasks that wait for events and deadlines of all kinds.
fn busy(runtime: &Runtime) {
    for n in 0..4_u64 {
        runtime.spawn(async move {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let mut byte = [0];
            fastwake::select! {
                _ = socket.recv(&mut byte) => {}
                () = sleep(NEVER) => {}
            }
        });
        runtime.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (near, far) = fastwake::join!(TcpStream::connect(address), listener.accept());
            let (mut near, (mut far, _)) = (near.unwrap(), far.unwrap());
            loop {
                near.write_u8(1).await.unwrap();
                far.read_u8().await.unwrap();
                sleep(Duration::from_millis(1 + n)).await;
            }
        });
    }
}

fn each(n: usize) -> Runtime {
    match n % 3 {
        0 => multi(2),
        1 => multi(1),
        _ => current(),
    }
}

fn end(runtime: Runtime, n: usize) {
    match n / 3 % 3 {
        0 => drop(runtime),
        1 => runtime.shutdown_timeout(Duration::from_secs(60)),
        _ => runtime.shutdown_background(),
    }
}

#[cfg(target_os = "linux")]
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// In a process of its own, for the other tests here open files, too.
#[cfg(target_os = "linux")]
#[test]
fn runtimes_leave_no_descriptor_behind() {
    const TEST: &str = "runtimes_leave_no_descriptor_behind";
    if !support::is_rerun(TEST) {
        return support::rerun_passes(TEST, |_| ());
    }
    must_end(|| {
        // What the process opens once and for all, the first runtime does.
        end(each(0), 0);
        let before = open_files();
        for n in 0..60 {
            let runtime = each(n);
            busy(&runtime);
            let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
            let there = runtime.handle().spawn_on(cpu, async { sleep(NEVER).await });
            drop(there.unwrap());
            runtime.block_on(async { sleep(Duration::from_millis(3)).await });
            end(runtime, n);
        }
        // Some end in the background.
        until(|| open_files() == before);
        // Nor do those that could not be built.
        for _ in 0..20 {
            let mut builder = Builder::new_multi_thread();
            let builder = builder.worker_threads(2).enable_all();
            assert!(builder.thread_stack_size(1 << 46).build().is_err());
        }
        until(|| open_files() == before);
    });
}

#[test]
fn many_runtimes_at_once_do_not_disturb_each_other() {
    must_end(|| {
        let runtimes: Vec<_> = (0..24).map(each).collect();
        runtimes.iter().for_each(busy);
        for runtime in &runtimes {
            runtime.block_on(async {
                let (near, far) = (
                    UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                    UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                );
                let mut byte = [0];
                let send = far.send_to(&[3], near.local_addr().unwrap());
                let (received, sent) = fastwake::join!(near.recv(&mut byte), send);
                assert_eq!((received.unwrap(), sent.unwrap()), (1, 1));
                sleep(Duration::from_millis(1)).await;
            });
        }
        for (n, runtime) in runtimes.into_iter().enumerate() {
            end(runtime, n);
        }
    });
}

#[test]
fn runtimes_come_and_go_on_several_threads_at_once() {
    must_end(|| {
        thread::scope(|scope| {
            for t in 0..4 {
                scope.spawn(move || {
                    for n in 0..25 {
                        let runtime = each(n + t);
                        busy(&runtime);
                        if n % 2 == 0 {
                            runtime.block_on(async { sleep(Duration::from_micros(300)).await });
                        }
                        end(runtime, n);
                    }
                });
            }
        });
    });
}

#[test]
fn a_runtime_ends_on_a_blocking_thread_of_another() {
    must_end(|| {
        for n in 0..9 {
            let outer = each(n);
            outer.block_on(async {
                let closure = fastwake::task::spawn_blocking(move || {
                    let inner = each(n + 1);
                    busy(&inner);
                    inner.block_on(async { sleep(Duration::from_millis(1)).await });
                    end(inner, n);
                });
                // Goes on beside it.
                sleep(Duration::from_millis(1)).await;
                closure.await.unwrap();
            });
        }
    });
}

#[test]
fn a_socket_outlives_its_runtime_and_says_so() {
    must_end(|| {
        for n in 0..3 {
            let a = each(n);
            let (socket, reader) = a.block_on(async {
                let new = || async { UdpSocket::bind("127.0.0.1:0").await.unwrap() };
                (new().await, new().await)
            });
            let waits = thread::spawn(move || {
                let mut byte = [0];
                support::driven::block_on_plain_thread(reader.recv(&mut byte))
            });
            thread::sleep(Duration::from_millis(5));
            drop(a);
            let error = waits.join().unwrap().unwrap_err();
            assert!(error.to_string().contains("shut down"), "{error}");
            let mut byte = [0];
            let error = current().block_on(socket.recv(&mut byte)).unwrap_err();
            assert!(error.to_string().contains("shut down"), "{error}");
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_build_without_descriptors_left_is_an_error_and_leaves_none_open() {
    use std::os::unix::process::CommandExt;

    const TEST: &str = "a_build_without_descriptors_left_is_an_error_and_leaves_none_open";
    if support::is_rerun(TEST) {
        return must_end(with_few_descriptors);
    }
    support::rerun_passes(TEST, |command| {
        // SAFETY: one call that is allowed between fork and exec; nothing is allocated.
        unsafe {
            command.pre_exec(|| {
                let limit = libc::rlimit {
                    rlim_cur: 40,
                    rlim_max: 40,
                };
                match libc::setrlimit(libc::RLIMIT_NOFILE, &limit) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            })
        };
    });
}

#[cfg(target_os = "linux")]
fn with_few_descriptors() {
    let runtime = multi(2);
    let mut files = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        files.push(file);
    }
    // As many descriptors as a runtime needs, less and less missing.
    let mut built = 0;
    for freed in 0..12 {
        for mut builder in [Builder::new_multi_thread(), Builder::new_current_thread()] {
            match builder.worker_threads(2).enable_all().build() {
                Ok(new) => {
                    new.block_on(async { sleep(Duration::from_millis(1)).await });
                    built += 1;
                }
                Err(error) => {
                    assert_eq!(
                        error.raw_os_error(),
                        Some(libc::EMFILE),
                        "{error:?} with {freed}"
                    );
                }
            }
        }
        drop(files.pop());
    }
    assert!(built > 0, "nor with what an error must have given back");
    // A pool that is made on demand is refused just so, and later given.
    while let Ok(file) = std::fs::File::open("/dev/null") {
        files.push(file);
    }
    let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
    let nap = || async { sleep(Duration::from_millis(1)).await };
    let error = runtime.handle().spawn_on(cpu, nap()).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error:?}");
    drop(files);
    runtime
        .block_on(runtime.handle().spawn_on(cpu, nap()).unwrap())
        .unwrap();
}

/// Sends through the one what the other receives, and sleeps meanwhile.
async fn exchange(near: UdpSocket, far: UdpSocket, nap: Pin<Box<Sleep>>) {
    let to = near.local_addr().unwrap();
    let receive = async {
        for n in 0..50 {
            let mut byte = [0];
            near.recv(&mut byte).await.unwrap();
            assert_eq!(byte[0], n);
        }
    };
    let send = async {
        for n in 0..50 {
            far.send_to(&[n], to).await.unwrap();
            fastwake::task::yield_now().await;
        }
    };
    fastwake::join!(receive, send, nap);
}

/// On a machine of several pods, most of them go from one pool to another.
#[test]
fn what_one_pool_has_made_can_be_used_in_all_others() {
    must_end(|| {
        let runtime = multi(8);
        let cpus: Vec<_> = fastwake::topology::allowed_cpus().unwrap().iter().collect();
        let (made, mut all) = fastwake::sync::mpsc::unbounded_channel();
        for n in 0..120 {
            let made = made.clone();
            let maker = async move {
                let (near, far) = (
                    UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                    UdpSocket::bind("127.0.0.1:0").await.unwrap(),
                );
                let mut nap = Box::pin(sleep(Duration::from_millis(5)));
                // Armed where it was made.
                fastwake::select! {
                    () = &mut nap => {}
                    () = fastwake::task::yield_now() => {}
                }
                assert!(made.send((near, far, nap)).is_ok());
            };
            match n % 2 {
                0 => drop(runtime.spawn(maker)),
                _ => drop(
                    runtime
                        .handle()
                        .spawn_on(cpus[n % cpus.len()], maker)
                        .unwrap(),
                ),
            }
        }
        drop(made);
        runtime.block_on(async {
            let mut users = Vec::new();
            while let Some((near, far, nap)) = all.recv().await {
                let user = exchange(near, far, nap);
                let n = users.len();
                let handle = runtime.handle();
                users.push(match n % 3 {
                    0 => handle.spawn_on(cpus[n * 7 % cpus.len()], user).unwrap(),
                    _ => handle.spawn(user),
                });
            }
            assert_eq!(users.len(), 120);
            for user in users {
                user.await.unwrap();
            }
        });
    });
}
