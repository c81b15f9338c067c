//! Threads that are made by threads of lower priority.

mod support;

use support::{multi_thread, must_end};

#[test]
fn a_cpu_intensive_closure_can_use_another_runtime() {
    must_end(|| {
        let runtime = multi_thread(1);
        let other = multi_thread(1);
        let handle = other.handle().clone();
        let work = runtime.spawn_cpu_intensive(move || {
            let made = handle.block_on(handle.spawn_blocking(|| 1)).unwrap();
            let own = multi_thread(1);
            made + own.block_on(own.spawn(async { 2 })).unwrap()
                + own.block_on(own.spawn_cpu_intensive(|| 4)).unwrap()
        });
        assert_eq!(runtime.block_on(work).unwrap(), 7);
    });
}

#[test]
fn a_cpu_intensive_closure_that_blocks_in_place_is_replaced() {
    must_end(|| {
        let runtime = multi_thread(1);
        // One more than run at once.
        let n = fastwake::topology::allowed_cpus().unwrap().len();
        let barrier = std::sync::Arc::new(std::sync::Barrier::new(n + 1));
        let work: Vec<_> = (0..=n)
            .map(|_| {
                let barrier = barrier.clone();
                runtime.spawn_cpu_intensive(move || {
                    fastwake::task::block_in_place(|| barrier.wait());
                })
            })
            .collect();
        for work in work {
            runtime.block_on(work).unwrap();
        }
    });
}
