//! Runtimes in thread-locals.

mod support;

use std::cell::RefCell;

use fastwake::runtime::Runtime;
use support::{current_thread, is_rerun, multi_thread, rerun_passes};

thread_local! {
    static KEPT: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

#[test]
fn a_runtime_in_a_thread_local_ends_with_its_thread() {
    const NAME: &str = "a_runtime_in_a_thread_local_ends_with_its_thread";
    if !is_rerun(NAME) {
        return rerun_passes(NAME, |_| {});
    }
    for make in [|| multi_thread(2), current_thread] {
        let thread = std::thread::spawn(move || {
            KEPT.with(|kept| *kept.borrow_mut() = Some(make()));
            KEPT.with_borrow(|kept| kept.as_ref().unwrap().block_on(async {}));
        });
        thread.join().unwrap();
    }
}
