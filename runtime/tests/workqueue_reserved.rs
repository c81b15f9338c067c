//! A work queue that is `mem_reclaim` gets on where the system gives no more threads.

#![cfg(all(target_os = "linux", not(fastwake_portable)))]

mod support;

use std::thread;
use std::time::Duration;

use fastwake::WorkQueue;
use fastwake::runtime::{Builder, Runtime};
use fastwake::task::yield_now;
use fastwake::topology::AffinityScope;
use fastwake::workqueue::WorkQueueBuilder;
use support::{Count, is_rerun, multi_thread, must_end, rerun_passes, until};

/// Each thread takes so much of the address space.
const STACK: usize = 256 << 20;

fn limit_address_space(bytes: u64) {
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the limit is read by the call, and outlives it.
    let status = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(status, 0, "{}", std::io::Error::last_os_error());
}

/// From now on there is room for all that is small, and not for a thread.
fn refuse_threads() {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').next().unwrap().parse().unwrap();
    // SAFETY: the call takes its argument by value.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
    limit_address_space(pages * page + STACK as u64 / 2);
    let builder = thread::Builder::new().stack_size(STACK);
    assert!(builder.spawn(|| ()).is_err(), "there is still a thread");
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).thread_stack_size(STACK);
    builder.build().unwrap()
}

fn reserved(name: &str) -> WorkQueueBuilder {
    WorkQueue::builder(name).mem_reclaim(true)
}

fn threads(runtime: &Runtime) -> usize {
    until(|| {
        runtime
            .metrics()
            .pools()
            .iter()
            .all(|pool| pool.threads.is_some())
    });
    let pools = runtime.metrics().pools();
    pools.iter().filter_map(|pool| pool.threads).sum()
}

/// Runs tasks and closures, and counts those that have run.
fn run_200(runtime: &Runtime, queue: &WorkQueue) -> usize {
    let ran = Count::default();
    for i in 0..200 {
        let ran = ran.clone();
        match i % 3 {
            0 => drop(queue.spawn_blocking(move || {
                thread::sleep(Duration::from_micros(50));
                ran.add()
            })),
            _ => drop(queue.spawn(async move {
                yield_now().await;
                ran.add()
            })),
        }
    }
    runtime.block_on(queue.flush());
    ran.get()
}

#[test]
fn it_gets_on_where_others_fail() {
    let name = "it_gets_on_where_others_fail";
    if !is_rerun(name) {
        return rerun_passes(name, |_| {});
    }
    let runtime = runtime();
    let build = |builder: WorkQueueBuilder| builder.build_on(runtime.handle());
    let plain = build(WorkQueue::builder("plain").nice(1)).unwrap();
    let queues = [
        build(reserved("a")).unwrap(),
        build(reserved("b").ordered(true).nice(2)).unwrap(),
        build(reserved("c").cpu_intensive(true)).unwrap(),
        build(
            reserved("d")
                .affinity_scope(AffinityScope::Cpu)
                .affinity_strict(true),
        )
        .unwrap(),
    ];
    refuse_threads();
    for refused in [plain.spawn(async {}), runtime.spawn_blocking(|| ())] {
        let error = runtime.block_on(refused).unwrap_err();
        let reason = error.not_started_because().expect("the system's reason");
        assert!(reason.raw_os_error().is_some(), "{reason}");
    }
    let error = build(reserved("late").nice(3)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("\"late\"") || text.contains("no thread"),
        "{text}"
    );
    let error = build(reserved("late")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("\"late\": the system gave no thread to reserve"),
        "{text}"
    );
    for queue in &queues {
        assert_eq!(run_200(&runtime, queue), 200, "{}", queue.name());
        assert_eq!(queue.metrics().completed, 200);
    }
    // Its pool has room for a second worker, which it asks for.
    let shared = &queues[0];
    let rescued = shared.metrics().rescued;
    assert!((1..=200).contains(&rescued), "{rescued}");
    // What was refused is no worse off once there are threads again.
    limit_address_space(libc::RLIM_INFINITY);
    until(|| {
        let before = shared.metrics().rescued;
        assert_eq!(run_200(&runtime, shared), 200);
        shared.metrics().rescued == before
    });
    runtime.block_on(plain.spawn(async {})).unwrap();
    build(reserved("late")).unwrap();
}

#[test]
fn those_that_wait_for_a_thread_that_is_refused_fail_one_after_the_other() {
    const MANY: usize = 50_000;
    let name = "those_that_wait_for_a_thread_that_is_refused_fail_one_after_the_other";
    if !is_rerun(name) {
        return rerun_passes(name, |_| {});
    }
    let runtime = runtime();
    let queue = WorkQueue::builder("plain").nice(1).max_active(1);
    let queue = queue.build_on(runtime.handle()).unwrap();
    queue.pause();
    let dropped = Count::default();
    let mut tasks = queue.spawn_batch((0..MANY).map(|_| support::keep(dropped.on_drop())));
    for _ in 0..MANY {
        let guard = dropped.on_drop();
        tasks.push(queue.spawn_blocking(move || drop(guard)));
    }
    refuse_threads();
    queue.resume();
    for task in tasks {
        let error = runtime.block_on(task).unwrap_err();
        assert!(error.not_started_because().is_some(), "{error}");
    }
    assert_eq!(dropped.get(), 2 * MANY);
    let now = queue.metrics();
    assert_eq!((now.active, now.inactive), (0, 0));
}

#[test]
fn its_pools_are_its_own_and_are_used_again_when_it_is_gone() {
    must_end(|| {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(2)
            .thread_keep_alive(Duration::from_millis(2))
            .build()
            .unwrap();
        until(|| threads(&runtime) == 2);
        let own = runtime.metrics().pools().len();
        let build = |name| {
            let queue = reserved(name).affinity_scope(AffinityScope::System);
            queue.build_on(runtime.handle()).unwrap()
        };
        let (a, b) = (build("a"), build("b"));
        assert_eq!(runtime.metrics().pools().len(), own + 2);
        for queue in [&a, &b] {
            for task in queue.spawn_batch((0..50).map(|_| yield_now())) {
                runtime.block_on(task).unwrap();
            }
        }
        // One each stays.
        until(|| threads(&runtime) == 4);
        thread::sleep(Duration::from_millis(20));
        assert_eq!(threads(&runtime), 4);
        drop(a);
        until(|| threads(&runtime) == 3);
        for _ in 0..10 {
            let again = build("again");
            until(|| threads(&runtime) >= 4);
            runtime.block_on(again.spawn(async {})).unwrap();
        }
        assert_eq!(runtime.metrics().pools().len(), own + 2);
        drop(b);
        until(|| threads(&runtime) == 2);
    });
}

#[test]
fn its_pools_cannot_be_changed() {
    let runtime = multi_thread(2);
    let queue = reserved("fixed").build_on(runtime.handle()).unwrap();
    let error = queue.set_affinity_scope(AffinityScope::Cpu).unwrap_err();
    assert!(
        error.to_string().contains("\"fixed\" is mem_reclaim"),
        "{error}"
    );
    assert!(queue.set_cpus(queue.metrics().cpus).is_err());
    queue.set_max_active(3).unwrap();
    let error = reserved("bound")
        .percpu(true)
        .build_on(runtime.handle())
        .unwrap_err();
    assert!(error.to_string().contains("mem_reclaim"), "{error}");
}
