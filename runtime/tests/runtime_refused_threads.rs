//! A system that gives no more threads: each refusal is an error for whoever needed the thread, and
//! nothing hangs.
//!
//! A stack as large as the address space is refused on every system, which is how these tests have
//! threads refused without using up the machine's.

mod support;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Builder, Runtime};
use fastwake::task::JoinError;
use support::{Count, must_end};

/// No system maps so much.
const IMPOSSIBLE_STACK: usize = 1 << 46;

fn without_threads() -> Runtime {
    Builder::new_current_thread()
        .thread_stack_size(IMPOSSIBLE_STACK)
        .build()
        .unwrap()
}

fn first_cpu() -> usize {
    fastwake::topology::allowed_cpus().unwrap().first().unwrap()
}

#[track_caller]
fn assert_not_started<T: std::fmt::Debug>(result: Result<T, JoinError>) {
    let error = result.unwrap_err();
    assert!(error.is_cancelled() && !error.is_panic());
    let reason = error.not_started_because().expect("the system's reason");
    assert!(reason.raw_os_error().is_some(), "{reason:?}");
    assert!(
        error
            .to_string()
            .contains("was not started: the system gave no thread"),
        "{error}"
    );
}

#[test]
fn a_build_that_gets_no_worker_is_an_error() {
    must_end(|| {
        for workers in [1, 2, 7] {
            let error = Builder::new_multi_thread()
                .worker_threads(workers)
                .thread_stack_size(IMPOSSIBLE_STACK)
                .build()
                .unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("the system gave no thread for a worker: "),
                "{text}"
            );
        }
    });
}

#[test]
fn a_build_with_a_stack_that_no_thread_can_have_is_an_error() {
    must_end(|| {
        for bytes in [usize::MAX, usize::MAX / 2, isize::MAX as usize - 1] {
            let mut builder = Builder::new_multi_thread();
            let error = builder
                .worker_threads(1)
                .thread_stack_size(bytes)
                .build()
                .unwrap_err();
            assert!(
                error.to_string().starts_with("the system gave no thread"),
                "{error}"
            );
            let runtime = Builder::new_current_thread()
                .thread_stack_size(bytes)
                .build()
                .unwrap();
            runtime.block_on(async {
                assert!(fastwake::task::spawn_blocking(|| ()).await.is_err());
                assert!(fastwake::task::spawn_cpu_intensive(|| ()).await.is_err());
            });
        }
    });
}

#[test]
fn what_needs_a_thread_that_is_refused_says_so() {
    must_end(|| {
        let runtime = without_threads();
        let handle = runtime.handle().clone();
        let dropped = Count::default();
        runtime.block_on(async {
            for _ in 0..20 {
                let kept = dropped.on_drop();
                assert_not_started(fastwake::task::spawn_blocking(move || drop(kept)).await);
                let kept = dropped.on_drop();
                assert_not_started(fastwake::task::spawn_cpu_intensive(move || drop(kept)).await);
                let kept = dropped.on_drop();
                let task = handle
                    .spawn_on(first_cpu(), async move { drop(kept) })
                    .unwrap();
                assert_not_started(task.await);
            }
            // Those that need none go on.
            assert_eq!(fastwake::spawn(async { 5 }).await.unwrap(), 5);
        });
        assert_eq!(dropped.get(), 60);
        let metrics = runtime.metrics();
        assert_eq!(metrics.blocking().refused_threads, 20);
        assert_eq!(
            metrics
                .pools()
                .into_iter()
                .map(|pool| pool.refused_threads)
                .sum::<u64>(),
            40
        );
    });
}

#[test]
fn a_refusal_during_the_shutdown_holds_nobody_up() {
    must_end(|| {
        for _ in 0..300 {
            let runtime = without_threads();
            let handle = runtime.handle().clone();
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = Arc::clone(&stop);
            let (begun, has_begun) = mpsc::channel();
            let spawner = thread::spawn(move || {
                while !stopped.load(SeqCst) {
                    drop(handle.spawn_cpu_intensive(|| ()));
                    let _ = begun.send(());
                }
            });
            has_begun.recv().unwrap();
            drop(runtime);
            stop.store(true, SeqCst);
            spawner.join().unwrap();
        }
    });
}

#[test]
fn a_system_error_becomes_an_io_error_of_its_kind() {
    let runtime = without_threads();
    let error = runtime.block_on(runtime.spawn_blocking(|| ())).unwrap_err();
    let kind = error.not_started_because().unwrap().kind();
    assert_eq!(std::io::Error::from(error).kind(), kind);
}

/// Under a limit of the system's on the number of threads: those that exist do all the work.
#[cfg(target_os = "linux")]
#[test]
fn existing_threads_go_on_when_no_more_are_to_be_had() {
    use std::os::unix::process::CommandExt;

    const TEST: &str = "existing_threads_go_on_when_no_more_are_to_be_had";
    if support::is_rerun(TEST) {
        return must_end(with_few_threads);
    }
    support::rerun_passes(TEST, |command| {
        // SAFETY: only calls that are allowed between fork and exec; nothing is allocated.
        unsafe {
            command.pre_exec(|| {
                let limit = libc::rlimit {
                    rlim_cur: 12,
                    rlim_max: 12,
                };
                if libc::getuid() == 0 {
                    // Root is exempt from the limit. A number that hardly anybody uses, since the
                    // limit counts all threads of the user.
                    if libc::setgid(64_123) != 0 || libc::setuid(64_123) != 0 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                match libc::setrlimit(libc::RLIMIT_NPROC, &limit) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            })
        };
    });
}

fn with_few_threads() {
    let Ok(runtime) = Builder::new_multi_thread().worker_threads(2).build() else {
        // The user of this test has more threads than the limit already.
        return;
    };
    runtime.block_on(async {
        // More closures at a time than threads: some threads are refused, the others do it all.
        let closures: Vec<_> = (0..200)
            .map(|i| {
                fastwake::task::spawn_blocking(move || {
                    thread::sleep(Duration::from_millis(2));
                    i
                })
            })
            .collect();
        let mut done = 0;
        for (i, closure) in closures.into_iter().enumerate() {
            match closure.await {
                Ok(output) => {
                    assert_eq!(output, i);
                    done += 1;
                }
                Err(error) => assert!(error.not_started_because().is_some(), "{error}"),
            }
        }
        let blocking = fastwake::runtime::Handle::current().metrics().blocking();
        assert!(
            blocking.threads_made == 0 || done == 200,
            "{done} done with {blocking:?}"
        );
        // A worker that blocks, and for which there is no spare, is missed and nothing more.
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                fastwake::spawn(async {
                    fastwake::task::block_in_place(|| thread::sleep(Duration::from_millis(1)));
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    let refused: u64 = runtime
        .metrics()
        .pools()
        .iter()
        .map(|pool| pool.refused_threads)
        .sum();
    let blocking = runtime.metrics().blocking();
    println!(
        "refused: {refused} workers, {} of {blocking:?}",
        blocking.refused_threads
    );
}
