#![forbid(unsafe_code)]
//! Running the user's code where a panic of it has nobody to go to.

use std::panic::{self, AssertUnwindSafe};

/// Runs something of the user's. The panic hook reports a panic in it, as in a thread that ends; it
/// must not unwind through the scheduler, nor must that of a payload's destructor.
pub(crate) fn quietly(f: impl FnOnce()) {
    let mut result = panic::catch_unwind(AssertUnwindSafe(f));
    while let Err(payload) = result {
        result = panic::catch_unwind(AssertUnwindSafe(move || drop(payload)));
    }
}
