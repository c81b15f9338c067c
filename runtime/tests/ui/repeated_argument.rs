//! Each argument may be given once, even with one value.

#[fastwake::main(flavor = "multi_thread", flavor = "multi_thread")]
async fn flavor() {}

#[fastwake::main(worker_threads = 2, name = "ingest", worker_threads = 3)]
async fn worker_threads() {}

fn main() {}
