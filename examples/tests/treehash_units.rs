//! The unit tests of `treehash`. Cargo builds an example as a program or as a test, not as both,
//! and the tests beside this one need the program.

#[expect(dead_code, reason = "nobody calls main")]
#[path = "../treehash/main.rs"]
mod treehash;
