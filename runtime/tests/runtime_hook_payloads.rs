//! Hooks that panic in the worst way.

mod support;

use std::sync::mpsc;

use fastwake::runtime::Builder;
use support::must_end;

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("a payload's destructor");
        }
    }
}

#[test]
fn a_hook_whose_panic_panics_again_does_not_take_its_worker_with_it() {
    must_end(|| {
        let (told, parks) = mpsc::channel();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_park(move || {
                let _ = told.send(());
                std::panic::panic_any(PanicsWhenDropped)
            })
            .build()
            .unwrap();
        parks.recv().unwrap();
        assert_eq!(runtime.block_on(runtime.spawn(async { 3 })).unwrap(), 3);
    });
}
