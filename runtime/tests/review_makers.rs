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
