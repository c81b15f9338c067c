#![forbid(unsafe_code)]
//! Code of the user's that must not unwind through the runtime.

use std::panic::{self, AssertUnwindSafe};

/// Runs something of the user's whose panic has nobody to go to. The panic hook reports it, as in a
/// thread that ends; that of a payload's destructor, too.
pub(crate) fn quietly(f: impl FnOnce()) {
    let mut result = panic::catch_unwind(AssertUnwindSafe(f));
    while let Err(payload) = result {
        result = panic::catch_unwind(AssertUnwindSafe(move || drop(payload)));
    }
}
