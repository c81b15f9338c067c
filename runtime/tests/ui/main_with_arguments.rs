//! The function that the program starts with takes no arguments.

#[fastwake::main]
async fn main(_arguments: Vec<String>) {}
