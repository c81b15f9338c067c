//! fastwake
