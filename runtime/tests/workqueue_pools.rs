//! Which pools the tasks of a work queue run on.

mod support;

use std::time::Duration;

use fastwake::WorkQueue;
use fastwake::runtime::{Builder, PoolKind, PoolMetrics, Runtime, worker_index};
use fastwake::task::yield_now;
use fastwake::topology::{AffinityScope, CpuSet, allowed_cpus};
use fastwake::workqueue::WorkQueueBuilder;
use support::{multi_thread, must_end, until};

fn build(runtime: &Runtime, builder: WorkQueueBuilder) -> WorkQueue {
    builder.build_on(runtime.handle()).unwrap()
}

fn first_cpu() -> CpuSet {
    allowed_cpus().unwrap().iter().take(1).collect()
}

fn pools(runtime: &Runtime) -> Vec<PoolMetrics> {
    runtime.metrics().pools()
}

fn threads(runtime: &Runtime) -> usize {
    until(|| pools(runtime).iter().all(|pool| pool.threads.is_some()));
    pools(runtime).iter().filter_map(|pool| pool.threads).sum()
}

/// Runs some tasks, and says on which pools that was, by their places.
fn used(runtime: &Runtime, queue: &WorkQueue) -> Vec<usize> {
    let polls = || -> Vec<u64> { pools(runtime).iter().map(|pool| pool.polls).collect() };
    let mut before = polls();
    for task in queue.spawn_batch((0..20).map(|_| yield_now())) {
        runtime.block_on(task).unwrap();
    }
    for _ in 0..20 {
        runtime.block_on(queue.spawn(yield_now())).unwrap();
    }
    before.resize(before.len().max(polls().len()), 0);
    let after = polls().into_iter().zip(before).enumerate();
    after
        .filter(|(_, (after, before))| after > before)
        .map(|(place, _)| place)
        .collect()
}

fn pods(runtime: &Runtime) -> usize {
    let resident = |pool: &&PoolMetrics| pool.kind == PoolKind::Unbound;
    pools(runtime).iter().filter(resident).count()
}

#[test]
fn a_hundred_queues_without_attributes_make_no_thread_more() {
    must_end(|| {
        let runtime = multi_thread(2);
        // They take a moment to come.
        until(|| threads(&runtime) == 2);
        let pools_before = pools(&runtime).len();
        let build = |i| build(&runtime, WorkQueue::builder(format!("queue {i}")));
        let queues: Vec<WorkQueue> = (0..100).map(build).collect();
        for queue in &queues {
            for task in queue.spawn_batch((0..10).map(|_| yield_now())) {
                runtime.block_on(task).unwrap();
            }
        }
        // A poll that loses its CPU for long may look like a long one, for which a spare comes.
        let long: u64 = pools(&runtime).iter().map(|pool| pool.long_polls).sum();
        let threads = threads(&runtime) as u64;
        assert!(threads <= 2 + long, "{threads} threads, {long} long polls");
        assert_eq!(pools(&runtime).len(), pools_before);
        let metrics = runtime.metrics().queues();
        assert_eq!(metrics.len(), 100);
        assert!(metrics.iter().all(|queue| queue.completed == 10));
    });
}

#[test]
fn queues_with_equal_attributes_share_pools_and_others_do_not() {
    must_end(|| {
        let runtime = multi_thread(2);
        let own = pools(&runtime).len();
        let nice = |i: i32, nice| {
            let name = format!("queue {i}");
            build(
                &runtime,
                WorkQueue::builder(name).nice(nice).cpus(first_cpu()),
            )
        };
        let a = nice(0, 3);
        assert_eq!(pools(&runtime).len(), own + 1);
        let b = nice(1, 3);
        assert_eq!(pools(&runtime).len(), own + 1);
        let c = nice(2, 4);
        assert_eq!(pools(&runtime).len(), own + 2);
        // None has a thread before it has work.
        assert!(
            pools(&runtime)[own..]
                .iter()
                .all(|pool| pool.threads == Some(0))
        );
        assert_eq!(used(&runtime, &a), [own]);
        assert_eq!(used(&runtime, &b), [own]);
        assert_eq!(used(&runtime, &c), [own + 1]);
        // The limit and the order are the queue's, not the pools'.
        let d = WorkQueue::builder("d")
            .nice(4)
            .cpus(first_cpu())
            .ordered(true);
        assert_eq!(used(&runtime, &build(&runtime, d)), [own + 1]);
        assert_eq!(pools(&runtime).len(), own + 2);
        let set = &pools(&runtime)[own];
        assert_eq!((set.kind, set.workers), (PoolKind::Unbound, 1));
        assert_eq!(set.cpus, first_cpu());
    });
}

#[test]
fn high_priority_has_pools_of_its_own() {
    must_end(|| {
        let runtime = multi_thread(2);
        let own = pools(&runtime).len();
        let high = build(&runtime, WorkQueue::builder("high").high_priority(true));
        let plain = build(&runtime, WorkQueue::builder("plain"));
        assert!(used(&runtime, &high).iter().all(|&place| place >= own));
        assert!(used(&runtime, &plain).iter().all(|&place| place < own));
        // What its tasks spawn outside of the queue is the runtime's.
        let outside =
            high.spawn(async { fastwake::spawn(async { worker_index() }).await.unwrap() });
        assert!(runtime.block_on(outside).unwrap().is_some());
        assert_eq!(
            runtime
                .block_on(high.spawn(async { worker_index() }))
                .unwrap(),
            None
        );
    });
}

#[test]
fn explicit_defaults_are_the_runtimes_own_pools() {
    must_end(|| {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(2)
            .affinity_scope(AffinityScope::System)
            .build()
            .unwrap();
        let own = pools(&runtime).len();
        let queue = WorkQueue::builder("default")
            .affinity_scope(AffinityScope::System)
            .affinity_strict(false)
            .cpus(allowed_cpus().unwrap())
            .nice(0);
        let queue = build(&runtime, queue);
        assert_eq!(pools(&runtime).len(), own);
        assert!(
            used(&runtime, &queue)
                .iter()
                .all(|&place| place < pods(&runtime))
        );
    });
}

#[test]
fn cpu_intensive_queues_use_the_pool_for_that() {
    must_end(|| {
        let runtime = multi_thread(2);
        let pods = pods(&runtime);
        let queue = build(&runtime, WorkQueue::builder("resize").cpu_intensive(true));
        assert_eq!(used(&runtime, &queue), [pods]);
        assert_eq!(pools(&runtime)[pods].kind, PoolKind::CpuIntensive);
        let closure = queue.spawn_blocking(worker_index);
        assert_eq!(runtime.block_on(closure).unwrap(), None);
        assert_eq!(runtime.metrics().blocking().tasks_queued, 0);
        // With a niceness or CPUs of its own, another of that kind.
        let other = WorkQueue::builder("other")
            .cpu_intensive(true)
            .cpus(first_cpu())
            .nice(12);
        let other = build(&runtime, other);
        let place = pools(&runtime).len() - 1;
        assert_eq!(used(&runtime, &other), [place]);
        let pool = &pools(&runtime)[place];
        assert_eq!((pool.kind, pool.workers), (PoolKind::CpuIntensive, 1));
        assert_eq!(pool.cpus, first_cpu());
    });
}

#[test]
fn what_is_queued_after_a_change_goes_to_the_new_pools() {
    must_end(|| {
        let runtime = multi_thread(2);
        let queue = build(&runtime, WorkQueue::builder("moves").max_active(1).nice(2));
        let old = used(&runtime, &queue);
        queue.pause();
        let waits = queue.spawn(yield_now());
        queue.set_affinity_scope(AffinityScope::Cpu).unwrap();
        let place = pools(&runtime).len();
        queue.set_cpus(first_cpu()).unwrap();
        assert_eq!(pools(&runtime).len(), place + 1);
        let polls = |place: usize| pools(&runtime)[place].polls;
        let before = polls(old[0]);
        queue.resume();
        runtime.block_on(waits).unwrap();
        assert!(old.iter().map(|&place| polls(place)).max() > Some(0) && polls(old[0]) >= before);
        assert_eq!(polls(place), 0, "it ends where it was queued");
        assert_eq!(used(&runtime, &queue), [place]);
        // And back: nothing is made twice.
        let pools_before = pools(&runtime).len();
        queue.set_cpus(allowed_cpus().unwrap()).unwrap();
        queue.set_cpus(first_cpu()).unwrap();
        assert_eq!(used(&runtime, &queue), [place]);
        assert_eq!(pools(&runtime).len(), pools_before);
    });
}

#[test]
fn threads_that_are_made_on_demand_end_after_their_keep_alive() {
    must_end(|| {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(2)
            .thread_keep_alive(Duration::from_millis(5))
            .build()
            .unwrap();
        let queue = build(&runtime, WorkQueue::builder("rare").nice(1));
        for _ in 0..3 {
            used(&runtime, &queue);
            until(|| threads(&runtime) == 2);
        }
    });
}

#[cfg(all(target_os = "linux", not(fastwake_portable)))]
mod on_linux {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;
    use fastwake::runtime::Handle;
    use support::{is_rerun, rerun_passes};

    fn nice() -> i32 {
        // SAFETY: the call takes its arguments by value; process 0 is the calling thread.
        20 - unsafe { libc::syscall(libc::SYS_getpriority, libc::PRIO_PROCESS, 0) } as i32
    }

    fn cpu() -> usize {
        // SAFETY: the call has no preconditions.
        let cpu = unsafe { libc::sched_getcpu() };
        usize::try_from(cpu).expect("the kernel says where we are")
    }

    #[test]
    fn threads_are_as_nice_as_the_queue_says_and_make_others_that_are_not() {
        must_end(|| {
            let runtime = multi_thread(2);
            let normal = nice();
            let queue = build(&runtime, WorkQueue::builder("nice").nice(7));
            let seen = queue.spawn(async {
                // Its thread makes the one for this.
                let blocking = Handle::current().spawn_blocking(nice).await.unwrap();
                (nice(), blocking)
            });
            let expected = ((normal + 7).min(19), normal);
            assert_eq!(runtime.block_on(seen).unwrap(), expected);
            // On that of another niceness, the other way about.
            let other = build(&runtime, WorkQueue::builder("nicer").nice(9));
            let seen = queue.spawn(async move { other.spawn(async { nice() }).await.unwrap() });
            assert_eq!(runtime.block_on(seen).unwrap(), (normal + 9).min(19));
        });
    }

    #[test]
    fn threads_for_what_computes_are_as_nice_as_the_queue_says_if_it_says_so() {
        must_end(|| {
            let runtime = multi_thread(2);
            let normal = nice();
            for (asked, expected) in [(None, 10), (Some(0), 0), (Some(10), 10), (Some(3), 3)] {
                let queue = WorkQueue::builder("computes").cpu_intensive(true);
                let queue = match asked {
                    Some(nice) => queue.nice(nice),
                    None => queue,
                };
                let queue = build(&runtime, queue);
                let seen = runtime.block_on(queue.spawn(async { nice() })).unwrap();
                assert_eq!(seen, (normal + expected).min(19), "{asked:?}");
                runtime.block_on(queue.flush());
            }
        });
    }

    /// What the process has of the address space.
    fn mapped() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = statm.split(' ').next().unwrap().parse().unwrap();
        pages * 4_096
    }

    #[test]
    fn a_queue_that_is_refused_again_and_again_leaves_no_thread_behind() {
        let name = "on_linux::a_queue_that_is_refused_again_and_again_leaves_no_thread_behind";
        if !is_rerun(name) {
            return rerun_passes(name, give_up_favours);
        }
        must_end(|| {
            let runtime = multi_thread(2);
            let before = mapped();
            for _ in 0..1_000 {
                let favoured = WorkQueue::builder("favoured").nice(-1);
                assert!(favoured.build_on(runtime.handle()).is_err());
            }
            // A thread's stack is 2 MiB, and stays until somebody has seen the thread's end.
            assert!(
                mapped() < before + (1 << 30),
                "{} MiB",
                (mapped() - before) >> 20
            );
        });
    }

    /// Takes the privilege from a process that is about to begin, if it had it.
    fn give_up_favours(command: &mut Command) {
        /// The number of CAP_SYS_NICE.
        const CAP_SYS_NICE: libc::c_ulong = 23;
        let give_up = || {
            // SAFETY: the call takes its arguments by value. Who may not give it up does not have it.
            unsafe { libc::prctl(libc::PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0) };
            Ok(())
        };
        // SAFETY: between fork and exec it makes one system call.
        unsafe { command.pre_exec(give_up) };
    }

    fn may_be_favoured() -> bool {
        let thread = std::thread::spawn(|| {
            // SAFETY: the call takes its arguments by value. Thread 0 is the calling thread.
            unsafe { libc::setpriority(libc::PRIO_PROCESS as _, 0, -1) == 0 }
        });
        thread.join().unwrap()
    }

    fn a_favoured_queue_is_as_the_system_permits() {
        let runtime = multi_thread(2);
        let (normal, permitted) = (nice(), may_be_favoured());
        let favoured = WorkQueue::builder("favoured").nice(-1);
        let high = build(&runtime, WorkQueue::builder("high").high_priority(true));
        let seen = runtime.block_on(high.spawn(async { nice() })).unwrap();
        match favoured.build_on(runtime.handle()) {
            Ok(queue) => {
                assert!(permitted && seen < normal);
                let seen = queue.spawn(async { nice() });
                assert_eq!(runtime.block_on(seen).unwrap(), normal - 1);
            }
            Err(error) => {
                assert!(!permitted && seen == normal);
                assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
                let text = error.to_string();
                for part in ["\"favoured\"", "nice is -1", "RLIMIT_NICE"] {
                    assert!(text.contains(part), "{text}");
                }
            }
        }
        // This thread is as it was.
        assert_eq!(nice(), normal);
    }

    #[test]
    fn a_queue_is_favoured_if_that_is_permitted() {
        must_end(a_favoured_queue_is_as_the_system_permits);
    }

    #[test]
    fn a_queue_that_may_not_be_favoured_is_refused_unless_it_is_content() {
        let name = "on_linux::a_queue_that_may_not_be_favoured_is_refused_unless_it_is_content";
        if !is_rerun(name) {
            return rerun_passes(name, give_up_favours);
        }
        assert!(!may_be_favoured());
        must_end(a_favoured_queue_is_as_the_system_permits);
    }

    #[test]
    fn tasks_of_a_percpu_queue_stay_on_the_cpu_that_is_named() {
        must_end(|| {
            let runtime = multi_thread(2);
            let queue = build(&runtime, WorkQueue::builder("percpu").percpu(true));
            for named in &allowed_cpus().unwrap() {
                let seen = queue.spawn_on(named, async {
                    let mut seen = CpuSet::new();
                    for _ in 0..50 {
                        seen.insert(cpu());
                        yield_now().await;
                    }
                    seen
                });
                let seen = runtime.block_on(seen.unwrap()).unwrap();
                assert_eq!(seen, CpuSet::from_iter([named]));
            }
            // On that of a task that is bound itself.
            for named in &allowed_cpus().unwrap() {
                let own = queue.clone();
                let seen = queue.spawn_on(named, async move { own.spawn(async { cpu() }).await });
                assert_eq!(runtime.block_on(seen.unwrap()).unwrap().unwrap(), named);
            }
        });
    }

    #[test]
    fn tasks_stay_on_the_cpus_of_their_queue() {
        must_end(|| {
            let runtime = multi_thread(2);
            for strict in [false, true] {
                for only in &allowed_cpus().unwrap() {
                    let queue = WorkQueue::builder("bound")
                        .cpus(CpuSet::from_iter([only]))
                        .affinity_strict(strict);
                    let queue = build(&runtime, queue);
                    let seen = queue.spawn_batch((0..50).map(|_| async {
                        yield_now().await;
                        cpu()
                    }));
                    for seen in seen {
                        assert_eq!(runtime.block_on(seen).unwrap(), only);
                    }
                }
            }
        });
    }
}

#[cfg(feature = "time")]
#[test]
fn timers_work_in_the_pools_of_every_kind_of_queue() {
    must_end(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let queues = [
            WorkQueue::builder("a").affinity_scope(AffinityScope::Cpu),
            WorkQueue::builder("b")
                .affinity_scope(AffinityScope::System)
                .affinity_strict(true),
            WorkQueue::builder("c").nice(1),
            WorkQueue::builder("d").high_priority(true),
            WorkQueue::builder("e").percpu(true),
            WorkQueue::builder("f").cpu_intensive(true),
            WorkQueue::builder("g").cpu_intensive(true).nice(15),
            WorkQueue::builder("h").ordered(true),
        ];
        for queue in queues {
            let queue = build(&runtime, queue);
            let tasks = (0..20).map(|i| fastwake::time::sleep(Duration::from_millis(i % 5)));
            let _inside = runtime.enter();
            let tasks: Vec<_> = tasks.collect();
            let here = queue.spawn(async {
                for _ in 0..5 {
                    fastwake::time::sleep(Duration::from_millis(1)).await;
                }
            });
            for task in queue.spawn_batch(tasks) {
                runtime.block_on(task).unwrap();
            }
            runtime.block_on(here).unwrap();
        }
    });
}

/// A long poll in a queue's pool, whose driver a sibling is called to.
#[cfg(feature = "time")]
#[test]
fn a_driver_of_a_queues_pool_is_looked_after() {
    must_end(|| {
        // One worker in each pod's own pool, at most.
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .affinity_scope(AffinityScope::Cpu)
            .enable_all()
            .build()
            .unwrap();
        let queue = WorkQueue::builder("whole").affinity_scope(AffinityScope::System);
        let queue = build(&runtime, queue);
        if queue.metrics().cpus.len() < 2 {
            return;
        }
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let sleeper = queue.spawn(async {
            for _ in 0..20 {
                fastwake::time::sleep(Duration::from_millis(2)).await;
            }
        });
        let hog = queue.spawn(async move { stopped.recv().is_ok() });
        runtime.block_on(sleeper).unwrap();
        stop.send(()).unwrap();
        assert!(runtime.block_on(hog).unwrap());
    });
}
