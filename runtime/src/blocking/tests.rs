//! Blocking pool tests.
