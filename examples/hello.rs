//! The smallest program on the runtime: spawn a task, await it, print what it gave.
//!
//! ```text
//! cargo run --example hello
//! ```
#![forbid(unsafe_code)]

#[fastwake::main]
async fn main() {
    let greeting = fastwake::spawn(async { "hello from a task" });
    match greeting.await {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("the task did not finish: {error}"),
    }
}
