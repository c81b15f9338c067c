//! Arguments that are not written `name = value`.

#[fastwake::main("multi_thread")]
async fn literal() {}

#[fastwake::main(flavor("multi_thread"))]
async fn list() {}

#[fastwake::main(runtime::flavor = "multi_thread")]
async fn path() {}

#[fastwake::main(flavor = )]
async fn no_value() {}

#[fastwake::main(flavor = "multi_thread" worker_threads = 2)]
async fn no_comma() {}

#[fastwake::main(, flavor = "multi_thread")]
async fn no_argument() {}

fn main() {}
