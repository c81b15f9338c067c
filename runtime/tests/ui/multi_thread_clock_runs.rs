//! The clock of a runtime with workers cannot be stopped.

#[fastwake::main(start_paused = true)]
async fn by_default() {}

#[fastwake::test(flavor = "multi_thread", start_paused = true)]
async fn by_choice() {}

fn main() {}
