//! Ends of a runtime.

mod support;

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
