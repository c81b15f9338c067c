//! Arguments that do not exist: the error names the one that was meant.

#[fastwake::main(threaded_scheduler)]
async fn old_threaded() {}

#[fastwake::main(basic_scheduler)]
async fn old_basic() {}

#[fastwake::main(current_thread)]
async fn flavor_as_a_name() {}

#[fastwake::main(core_threads = 4)]
async fn old_core_threads() {}

#[fastwake::main(max_threads = 4)]
async fn old_max_threads() {}

#[fastwake::main(threads = 4)]
async fn short_threads() {}

#[fastwake::main(flavour = "multi_thread")]
async fn british() {}

#[fastwake::main(worker_thread = 4)]
async fn singular() {}

#[fastwake::main(scope = "cache")]
async fn short_scope() {}

#[fastwake::main(thread_name = "ingest")]
async fn name_of_threads() {}

#[fastwake::main(stack_size = 65536)]
async fn like_none() {}

#[fastwake::main(start_pause = true)]
async fn paused() {}

#[fastwake::main(unhandled_panic = "shutdown_runtime")]
async fn panicking() {}

fn main() {}
