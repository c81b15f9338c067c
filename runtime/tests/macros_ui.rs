//! What the attributes say to those who misuse them, word for word.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test --test macros_ui` rewrites the `.stderr` files.

// Miri starts no compiler.
#![cfg(all(feature = "macros", not(miri)))]

#[test]
fn each_mistake_is_named_where_it_is_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
