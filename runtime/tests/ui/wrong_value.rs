//! Arguments whose values are of the wrong kind, out of bounds or unknown.

#[fastwake::main(worker_threads = 0)]
async fn no_workers() {}

#[fastwake::main(worker_threads = -1)]
async fn negative_workers() {}

#[fastwake::main(worker_threads = 99999999999999999999)]
async fn too_many_workers() {}

#[fastwake::main(worker_threads = "4")]
async fn workers_in_words() {}

#[fastwake::main(worker_threads = WORKERS * 2)]
async fn computed_workers() {}

#[fastwake::main(worker_threads)]
async fn workers_without_number() {}

#[fastwake::main(flavor = multi_thread)]
async fn flavor_without_quotes() {}

#[fastwake::main(flavor = "basic_scheduler")]
async fn old_flavor() {}

#[fastwake::main(flavor = "multithread")]
async fn misspelt_flavor() {}

#[fastwake::main(flavor = "green")]
async fn unknown_flavor() {}

#[fastwake::main(flavor = "locl")]
async fn misspelt_local() {}

#[fastwake::test(start_paused = 1)]
async fn paused_by_number() {}

#[fastwake::main(affinity_scope = "socket")]
async fn unknown_scope() {}

#[fastwake::main(affinity_scope = "cache-shard")]
async fn misspelt_scope() {}

#[fastwake::main(affinity_scope = Cache)]
async fn scope_without_quotes() {}

#[fastwake::main(affinity_strict = "yes")]
async fn strict_in_words() {}

#[fastwake::main(name = 7)]
async fn numbered() {}

#[fastwake::main(name = "in\0gest")]
async fn name_with_nul() {}

#[fastwake::main(crate = 456)]
async fn crate_number() {}

#[fastwake::main(crate = "not a path")]
async fn crate_words() {}

#[fastwake::main(worker_threads = 0, affinity_scope = "socket")]
async fn two_mistakes() {}

fn main() {}
