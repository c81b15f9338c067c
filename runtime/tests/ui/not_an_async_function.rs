//! Things that there is nothing to run of.

#[fastwake::main]
fn synchronous() {}

#[fastwake::test]
fn synchronous_test() {}

#[fastwake::main(worker_threads = 0)]
pub const unsafe fn wrong_twice() {}

#[fastwake::main]
struct Structure;

trait Trait {
    #[fastwake::main]
    async fn without_body();
}

fn main() {}
