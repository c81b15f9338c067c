//! Attribute macros of the fastwake runtime.
