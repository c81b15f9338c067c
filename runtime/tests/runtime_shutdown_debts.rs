//! Ends of a runtime.

mod support;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use fastwake::runtime::{Builder, Runtime};
use fastwake::topology::AffinityScope;
use support::{multi_thread, must_end};

#[test]
fn a_destructor_that_spawns_a_batch_does_not_hold_the_shutdown_up() {
    must_end(|| {
        for _ in 0..200 {
            let runtime = multi_thread(2);
            for _ in 0..8 {
                let handle = runtime.handle().clone();
                let kept = support::OnDrop(move || {
                    drop(handle.spawn_batch((0..3).map(|_| async {})));
                });
                runtime.spawn(support::keep(kept));
            }
        }
    });
}

/// A thread that is no worker asks a neighbouring pool for help, which takes a new thread there. The
/// runtime ends meanwhile, and the thread is refused: the asker is the last user of the pools, and
/// must not wait for what it owes itself.
#[cfg(target_os = "linux")]
#[test]
fn a_refused_thread_of_a_neighbour_does_not_hold_the_shutdown_up() {
    const NAME: &str = "a_refused_thread_of_a_neighbour_does_not_hold_the_shutdown_up";
    if !support::is_rerun(NAME) {
        return support::rerun_passes(NAME, |_| {});
    }
    let cpus = fastwake::topology::allowed_cpus().unwrap();
    if cpus.len() < 2 {
        return; // There are no neighbours.
    }
    let (paused, is_paused) = mpsc::channel();
    let (resume, is_resumed) = mpsc::channel::<()>();
    let is_resumed = Mutex::new(is_resumed);
    let hold = Arc::new(AtomicBool::new(false));
    let holds = Arc::clone(&hold);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .cpus(cpus.iter().take(2).collect())
        .affinity_scope(AffinityScope::Cpu)
        .thread_stack_size(1 << 30)
        .thread_name_fn(move || {
            if holds.swap(false, SeqCst) {
                paused.send(()).unwrap();
                is_resumed.lock().unwrap().recv().unwrap();
            }
            "worker".to_owned()
        })
        .build()
        .unwrap();
    support::until(|| {
        let metrics = runtime.metrics();
        let mut pods = metrics.pools().into_iter().take(2);
        pods.all(|pool| pool.idle_workers == Some(1))
    });
    run_on(cpus.first().unwrap());

    let (begun, has_begun) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let also_begun = begun.clone();
    let (end_block, block_ends) = mpsc::channel::<()>();
    runtime.spawn(async move {
        begun.send(()).unwrap();
        let _ = ends.recv();
    });
    has_begun.recv().unwrap();
    runtime.spawn(async move {
        fastwake::task::block_in_place(|| {
            also_begun.send(()).unwrap();
            let _ = block_ends.recv();
        });
    });
    has_begun.recv().unwrap();
    hold.store(true, SeqCst);
    let handle = runtime.handle().clone();
    let asker = thread::spawn(move || handle.spawn(async {}));
    is_paused.recv_timeout(support::PATIENCE).unwrap();
    assert!(appeals(&runtime) > 0, "the neighbour was not asked");
    drop((end, end_block));
    drop(runtime);
    refuse_more_memory();
    resume.send(()).unwrap();
    support::until(|| asker.is_finished());
    asker.join().unwrap();
}

#[cfg(target_os = "linux")]
fn appeals(runtime: &Runtime) -> u64 {
    let metrics = runtime.metrics();
    metrics.pools().into_iter().map(|pool| pool.appeals).sum()
}

#[cfg(target_os = "linux")]
fn run_on(cpu: usize) {
    // SAFETY: all-zero bytes are a valid `cpu_set_t`, and the calls take it by its size.
    let status = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &raw const set)
    };
    assert_eq!(status, 0);
}

/// From here on this process gets no stack of a gibibyte any more.
#[cfg(target_os = "linux")]
fn refuse_more_memory() {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    let most = pages * 4096 + (256 << 20);
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: most,
    };
    // SAFETY: the limit outlives the call, which only reads it.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &limit) }, 0);
}
