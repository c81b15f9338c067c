//! Where tasks run, for every affinity scope. On a machine with one pod per scope most of this holds
//! trivially; it is meant to be run on larger ones, too.

#![cfg(all(target_os = "linux", not(fastwake_portable)))]
// A handle that a task gives as its output is awaited by somebody else, on purpose.
#![allow(clippy::async_yields_async)]

mod support;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fastwake::runtime::{Builder, Runtime};
use fastwake::task::yield_now;
use fastwake::topology::{AffinityScope, CpuSet, Topology, allowed_cpus};
use support::{Count, EachPoll, PATIENCE, must_end};

fn current_cpu() -> usize {
    // SAFETY: the call has no preconditions.
    let cpu = unsafe { libc::sched_getcpu() };
    usize::try_from(cpu).expect("the kernel says where we are")
}

fn runtime(scope: AffinityScope, strict: bool, workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .affinity_scope(scope)
        .affinity_strict(strict)
        .worker_threads(workers);
    builder.build().unwrap()
}

/// The CPUs that a future was polled on.
type Seen = Arc<Mutex<CpuSet>>;

fn sampled<F: Future>(future: F, seen: &Seen) -> EachPoll<F, impl FnMut() + Unpin + use<F>> {
    let seen = Arc::clone(seen);
    EachPoll(Box::pin(future), move || {
        seen.lock().unwrap().insert(current_cpu());
    })
}

/// The pools' CPUs as the runtime has made them.
fn pools(runtime: &Runtime) -> Vec<CpuSet> {
    let metrics = runtime.metrics();
    let unbound = metrics
        .pools()
        .into_iter()
        .filter(|pool| pool.kind == fastwake::runtime::PoolKind::Unbound);
    unbound.map(|pool| pool.cpus.clone()).collect()
}

async fn work(rounds: usize) {
    for i in 0..rounds {
        // Sometimes through the worklist, sometimes through another task's waker.
        if i % 5 == 0 {
            fastwake::spawn(yield_now()).await.unwrap();
        } else {
            yield_now().await;
        }
    }
}

#[test]
fn the_pools_are_the_pods_of_the_scope() {
    let machine = Topology::current();
    for scope in AffinityScope::ALL {
        for strict in [false, true] {
            let runtime = runtime(scope, strict, machine.cpus().len());
            assert_eq!(pools(&runtime), machine.pods(scope), "{scope}");
            let metrics = runtime.metrics();
            assert_eq!(metrics.num_workers(), machine.cpus().len());
            let unbound = metrics
                .pools()
                .into_iter()
                .filter(|pool| pool.workers == pool.cpus.len());
            assert!(unbound.count() >= machine.pods(scope).len(), "{scope}");
        }
    }
}

#[test]
fn strict_tasks_are_never_seen_outside_their_pod() {
    must_end(|| {
        let cpus = allowed_cpus().unwrap();
        for scope in AffinityScope::ALL {
            let runtime = runtime(scope, true, cpus.len());
            let pods = pools(&runtime);
            let samples: Vec<Seen> = (0..8 * cpus.len()).map(|_| Seen::default()).collect();
            let tasks: Vec<_> = samples
                .iter()
                .map(|seen| runtime.spawn(sampled(work(50), seen)))
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
            for seen in samples {
                let seen = seen.lock().unwrap();
                let pod = pods
                    .iter()
                    .find(|pod| pod.contains(seen.first().unwrap()))
                    .unwrap();
                assert!(
                    seen.is_subset(pod),
                    "{scope}: {seen} is not within the pod {pod}"
                );
            }
        }
    });
}

/// Tasks that hold their threads until as many run at once as the machine has CPUs; all are spawned
/// into one pod.
#[test]
fn tasks_that_are_not_strict_use_the_whole_machine_when_their_pod_is_full() {
    must_end(|| {
        let cpus = allowed_cpus().unwrap();
        for scope in AffinityScope::ALL {
            let runtime = runtime(scope, false, cpus.len());
            let running = Count::default();
            let all = cpus.len();
            // Spawned by one task, so that all of them begin in its pod.
            let spawner = runtime.spawn(async move {
                let tasks: Vec<_> = (0..all)
                    .map(|_| {
                        let running = running.clone();
                        fastwake::spawn(async move {
                            running.add();
                            let start = Instant::now();
                            while running.get() < all && start.elapsed() < PATIENCE {
                                std::thread::yield_now();
                            }
                            running.get() >= all
                        })
                    })
                    .collect();
                // Its own thread is wanted, too.
                let mut full = true;
                for task in tasks {
                    full &= task.await.unwrap();
                }
                full
            });
            assert!(
                runtime.block_on(spawner).unwrap(),
                "{scope}: workers stayed idle"
            );
        }
    });
}

#[test]
fn spawn_on_runs_where_it_says() {
    must_end(|| {
        let cpus = allowed_cpus().unwrap();
        for scope in [AffinityScope::Cpu, AffinityScope::System] {
            for strict in [false, true] {
                let runtime = runtime(scope, strict, cpus.len());
                let tasks: Vec<_> = cpus
                    .iter()
                    .flat_map(|cpu| [cpu, cpu])
                    .map(|cpu| {
                        let seen = Seen::default();
                        let task = sampled(work(20), &seen);
                        (cpu, seen, runtime.handle().spawn_on(cpu, task).unwrap())
                    })
                    .collect();
                runtime.block_on(async {
                    for (cpu, seen, task) in tasks {
                        task.await.unwrap();
                        assert_eq!(*seen.lock().unwrap(), CpuSet::from_iter([cpu]));
                    }
                });
            }
        }
    });
}

#[test]
fn spawn_on_runs_where_it_says_in_a_current_thread_runtime() {
    must_end(|| {
        let runtime = support::current_thread();
        for cpu in &allowed_cpus().unwrap() {
            let seen = Seen::default();
            let task = runtime
                .handle()
                .spawn_on(cpu, sampled(yield_now(), &seen))
                .unwrap();
            runtime.block_on(task).unwrap();
            assert_eq!(*seen.lock().unwrap(), CpuSet::from_iter([cpu]));
        }
    });
}

#[test]
fn fewer_workers_than_pods_starve_nobody() {
    must_end(|| {
        let machine = Topology::current();
        for scope in AffinityScope::ALL {
            let pods = machine.pods(scope).len();
            for workers in [1, 2, pods.saturating_sub(1)] {
                for strict in [false, true] {
                    if workers == 0 {
                        continue;
                    }
                    let runtime = runtime(scope, strict, workers);
                    assert_eq!(runtime.metrics().num_workers(), workers);
                    let pools = pools(&runtime);
                    assert!(pools.len() <= workers.min(pods), "{scope}: {pools:?}");
                    let mut all = CpuSet::new();
                    pools.iter().for_each(|pool| all.extend(pool));
                    assert_eq!(&all, machine.cpus(), "{scope}: a CPU belongs to no pool");
                    // From every CPU, so that every pool gets some.
                    spawn_from_every_cpu(&runtime);
                }
            }
        }
    });
}

fn spawn_from_every_cpu(runtime: &Runtime) {
    let handle = runtime.handle();
    let spawners: Vec<_> = allowed_cpus()
        .unwrap()
        .iter()
        .map(|cpu| {
            let spawn = async { fastwake::spawn(work(3)) };
            handle.spawn_on(cpu, spawn).unwrap()
        })
        .collect();
    runtime.block_on(async {
        for spawner in spawners {
            spawner.await.unwrap().await.unwrap();
        }
    });
}

/// Work begins where its spawner is.
#[test]
fn a_task_begins_in_the_pod_of_the_cpu_that_spawned_it() {
    must_end(|| {
        let cpus = allowed_cpus().unwrap();
        for scope in AffinityScope::ALL {
            let runtime = runtime(scope, true, cpus.len());
            let pods = pools(&runtime);
            for cpu in &cpus {
                let pod = pods.iter().find(|pod| pod.contains(cpu)).unwrap().clone();
                let seen = Seen::default();
                let own = Arc::clone(&seen);
                let spawner = async move { fastwake::spawn(sampled(work(5), &own)) };
                let task = runtime.handle().spawn_on(cpu, spawner).unwrap();
                runtime.block_on(async { task.await.unwrap().await.unwrap() });
                let seen = seen.lock().unwrap();
                assert!(seen.is_subset(&pod), "{scope}: {seen} is not within {pod}");
            }
        }
    });
}

#[test]
fn a_runtime_keeps_to_its_cpu_set() {
    must_end(|| {
        let cpus = allowed_cpus().unwrap();
        let last = CpuSet::from_iter(cpus.last());
        let half: CpuSet = cpus.iter().take(cpus.len().div_ceil(2)).collect();
        for set in [last, half] {
            let mut builder = Builder::new_multi_thread();
            let runtime = builder.cpus(set.clone()).build().unwrap();
            assert!(runtime.metrics().num_workers() <= set.len());
            let seen = Seen::default();
            let tasks: Vec<_> = (0..20)
                .map(|_| runtime.spawn(sampled(work(20), &seen)))
                .collect();
            let place = || CpuSet::from_iter([current_cpu()]);
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
                let blocking = fastwake::task::spawn_blocking(place).await.unwrap();
                seen.lock().unwrap().extend(&blocking);
                let computing = fastwake::task::spawn_cpu_intensive(place).await.unwrap();
                seen.lock().unwrap().extend(&computing);
            });
            assert!(seen.lock().unwrap().is_subset(&set));
            for cpu in &cpus.difference(&set) {
                let error = runtime.handle().spawn_on(cpu, async {}).unwrap_err();
                let text = error.to_string();
                let start = format!("CPU {cpu} is not among those that this runtime may use: ");
                assert!(
                    text.starts_with(&start) && text.ends_with(&set.to_string()),
                    "{text}"
                );
            }
        }
    });
}

/// The pool of a CPU has a spare for when its worker blocks.
#[test]
fn a_task_that_blocks_in_place_on_its_cpu_lets_the_others_there_go_on() {
    must_end(|| {
        let runtime = support::multi_thread(1);
        for cpu in &allowed_cpus().unwrap() {
            let (sender, receiver) = std::sync::mpsc::channel();
            let handle = runtime.handle();
            let blocked = handle.spawn_on(cpu, async move {
                fastwake::task::block_in_place(|| receiver.recv().unwrap())
            });
            let other = handle.spawn_on(cpu, async move { sender.send(current_cpu()).unwrap() });
            assert_eq!(runtime.block_on(blocked.unwrap()).unwrap(), cpu);
            runtime.block_on(other.unwrap()).unwrap();
        }
    });
}

/// Tasks that keep every worker of a pod busy hold nobody else's up.
#[test]
fn a_task_from_outside_gets_its_turn_beside_busy_ones_in_every_scope() {
    must_end(|| {
        let cpus = allowed_cpus().unwrap();
        for scope in AffinityScope::ALL {
            for strict in [false, true] {
                let runtime = runtime(scope, strict, cpus.len());
                let stop = Arc::new(AtomicBool::new(false));
                let busy: Vec<_> = (0..3 * cpus.len())
                    .map(|_| {
                        let stop = Arc::clone(&stop);
                        runtime.spawn(async move {
                            while !stop.load(SeqCst) {
                                yield_now().await;
                            }
                        })
                    })
                    .collect();
                for _ in 0..20 {
                    runtime.block_on(runtime.spawn(yield_now())).unwrap();
                }
                stop.store(true, SeqCst);
                runtime.block_on(async {
                    for task in busy {
                        task.await.unwrap();
                    }
                });
            }
        }
    });
}
