//! Settings of worker threads are of no use to a runtime that has none.

#[fastwake::main(flavor = "current_thread", worker_threads = 4)]
async fn workers() {}

#[fastwake::main(flavor = "current_thread", affinity_scope = "cache", affinity_strict = true)]
async fn affinity() {}

#[fastwake::test(worker_threads = 4)]
async fn workers_by_default() {}

#[fastwake::main(flavor = "local", worker_threads = 4)]
async fn workers_of_a_local_runtime() {}

fn main() {}
