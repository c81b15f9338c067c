//! Ends of a runtime while others use it in every way.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use fastwake::runtime::{Builder, Handle};
use fastwake::task::yield_now;
use support::must_end;

/// Uses the runtime in every way when it is dropped.
struct Busy(Handle, u32, Arc<AtomicUsize>);

impl Busy {
    fn new(handle: &Handle, depth: u32, live: &Arc<AtomicUsize>) -> Self {
        live.fetch_add(1, SeqCst);
        Self(handle.clone(), depth, Arc::clone(live))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let Self(handle, depth, live) = self;
        live.fetch_sub(1, SeqCst);
        if *depth == 0 {
            return;
        }
        let cpu = fastwake::topology::allowed_cpus().unwrap().first().unwrap();
        let next = || Busy::new(handle, *depth - 1, live);
        let kept = next();
        drop(handle.spawn(async move { drop(kept) }));
        drop(handle.spawn_batch((0..3).map(|_| support::keep(next())).collect::<Vec<_>>()));
        drop(handle.spawn_on(cpu, support::keep(next())));
        let kept = next();
        drop(handle.spawn_blocking(move || drop(kept)));
        let kept = next();
        handle.spawn_cpu_intensive(move || drop(kept)).abort();
        let kept = next();
        handle
            .spawn(async move {
                yield_now().await;
                fastwake::task::block_in_place(|| drop(kept));
            })
            .abort();
    }
}

fn round(n: usize) {
    let live = Arc::new(AtomicUsize::new(0));
    let mut builder = match n % 3 {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder
        .worker_threads(1 + n % 2)
        .affinity_strict(n.is_multiple_of(5));
    builder.affinity_scope(fastwake::topology::AffinityScope::Cpu);
    builder.thread_keep_alive(Duration::from_micros(n as u64 % 7 * 50));
    let runtime = builder.build().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let outside: Vec<_> = (0..2)
        .map(|_| {
            let (handle, live) = (runtime.handle().clone(), Arc::clone(&live));
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                let mut i = 0;
                while !stop.load(SeqCst) && i < 30 {
                    drop(Busy::new(&handle, 2, &live));
                    i += 1;
                }
            })
        })
        .collect();
    let ready = runtime.block_on(async {
        let live = &live;
        let busy = Busy::new(&Handle::current(), 1, live);
        fastwake::spawn(async move {
            for _ in 0..n % 13 {
                yield_now().await;
            }
            drop(busy);
        })
        .await
    });
    ready.unwrap();
    match n % 4 {
        0 => runtime.shutdown_background(),
        1 => runtime.shutdown_timeout(Duration::from_micros(100)),
        _ => drop(runtime),
    }
    stop.store(true, SeqCst);
    for thread in outside {
        thread.join().unwrap();
    }
    support::until(|| live.load(SeqCst) == 0);
}

#[test]
fn a_shutdown_amid_all_kinds_of_use_drops_everything_and_ends() {
    must_end(|| (0..150).for_each(round));
}
