//! Who is woken, and who is not.

// Tasks that return the handle of another are what is tested.
#![allow(clippy::async_yields_async)]

mod support;

use std::sync::mpsc;
use std::thread;

use fastwake::runtime::Builder;
use fastwake::topology::AffinityScope;
use support::must_end;

#[test]
fn an_empty_batch_wakes_nobody() {
    must_end(|| {
        let runtime = support::current_thread();
        let handle = runtime.handle().clone();
        let (end, ended) = mpsc::channel::<std::task::Waker>();
        let outside = thread::spawn(move || {
            let waker = ended.recv().unwrap();
            support::until(|| handle.metrics().pools()[0].parks > 0);
            let picks = || handle.metrics().pools()[0].picks;
            let before = picks();
            for _ in 0..100 {
                drop(handle.spawn_batch(Vec::<std::future::Ready<()>>::new()));
            }
            let picked = picks() - before;
            waker.wake();
            picked
        });
        let mut polled = false;
        runtime.block_on(std::future::poll_fn(|context| {
            if std::mem::replace(&mut polled, true) {
                return std::task::Poll::Ready(());
            }
            end.send(context.waker().clone()).unwrap();
            std::task::Poll::Pending
        }));
        assert_eq!(outside.join().unwrap(), 0);
    });
}

/// A worker that has been blocked, whose place is taken, lies down and leaves a task. The others of
/// its pool are busy; those of the next are not.
#[test]
fn what_a_surplus_worker_leaves_is_offered_to_the_neighbours() {
    let cpus = fastwake::topology::allowed_cpus().unwrap();
    if cpus.len() < 2 {
        return; // There are no neighbours.
    }
    must_end(move || {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .cpus(cpus.iter().take(2).collect())
            .affinity_scope(AffinityScope::Cpu)
            .build()
            .unwrap();
        let idle = || {
            let pools = runtime.metrics();
            pools.pools()[..2]
                .iter()
                .all(|pool| pool.idle_workers == Some(1))
        };
        support::until(idle);
        let (left_is_run, is_run) = mpsc::channel();
        let (long_begun, has_begun) = mpsc::channel();
        let blocked = runtime.spawn(async move {
            let long = fastwake::task::block_in_place(|| {
                let long = fastwake::spawn(async move {
                    long_begun.send(()).unwrap();
                    is_run
                        .recv_timeout(std::time::Duration::from_secs(5))
                        .is_ok()
                });
                has_begun.recv().unwrap();
                long
            });
            fastwake::spawn(async move { left_is_run.send(()) });
            long
        });
        let long = runtime.block_on(blocked).unwrap();
        assert!(runtime.block_on(long).unwrap(), "nobody came for it");
    });
}
